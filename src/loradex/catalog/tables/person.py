"""What a person wrote. No scan, match or import ever writes to these rows."""

from sqlmodel import Field, Index, UniqueConstraint

from loradex.catalog.tables.naming import Table


class Annotation(Table, table=True):
    """Note, rating and favourite of one content. `version` grows with each edit."""

    __tablename__ = "annotation"

    content_id: int = Field(primary_key=True, foreign_key="content.id", ondelete="RESTRICT")
    note: str = ""
    rating: int | None = None
    """1 to 5."""
    favourite: bool = False
    changed_at: float
    version: int = 1


class TagName(Table, table=True):
    """A tag. `folded` keeps `Style` and `style` one tag, in the spelling first used."""

    __tablename__ = "tag"

    id: int | None = Field(default=None, primary_key=True)
    name: str
    folded: str = Field(unique=True)


class ContentTag(Table, table=True):
    """A tag on a content, by source. A person's `removed` row hides the tag whoever adds it."""

    __tablename__ = "content_tag"
    __table_args__ = (Index(None, "tag_id", "content_id"),)

    content_id: int = Field(primary_key=True, foreign_key="content.id", ondelete="RESTRICT")
    tag_id: int = Field(primary_key=True, foreign_key="tag.id", ondelete="CASCADE")
    source: str = Field(primary_key=True)
    removed: bool = False
    confidence: float = 1.0
    detail: str = ""
    """Why, in a sentence."""
    rule: str = ""
    """The rule or plugin behind a tag of the source `auto`, the surest where there are several."""
    added_at: float


class Collection(Table, table=True):
    """A named set: picked by hand, or whatever its query finds."""

    __tablename__ = "collection"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    query: str | None = None
    created_at: float


class CollectionMember(Table, table=True):
    """A content picked into a collection."""

    __tablename__ = "collection_member"

    collection_id: int = Field(primary_key=True, foreign_key="collection.id", ondelete="CASCADE")
    content_id: int = Field(primary_key=True, foreign_key="content.id", ondelete="RESTRICT")
    position: int = 0


class CustomField(Table, table=True):
    """A field that a person added. `type` is `text`, `number`, `date` or `flag`."""

    __tablename__ = "custom_field"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    type: str


class CustomValue(Table, table=True):
    """A custom field's value on a content; the column of its type is set."""

    __tablename__ = "custom_value"
    __table_args__ = (
        UniqueConstraint("content_id", "field_id"),
        Index(None, "field_id", "text_value"),
        Index(None, "field_id", "number_value"),
    )

    id: int | None = Field(default=None, primary_key=True)
    content_id: int = Field(foreign_key="content.id", ondelete="RESTRICT")
    field_id: int = Field(foreign_key="custom_field.id", ondelete="CASCADE")
    text_value: str | None = None
    number_value: float | None = None
