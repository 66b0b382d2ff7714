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
    folded: str = Field(index=True, unique=True)
    """The name without case and accents: what a person may type for it."""
    query: str | None = None
    """None for one picked by hand."""
    created_at: float


class CollectionMember(Table, table=True):
    """A content picked into a collection; `position` is the order they were picked in."""

    __tablename__ = "collection_member"
    __table_args__ = (Index(None, "content_id"),)

    collection_id: int = Field(primary_key=True, foreign_key="collection.id", ondelete="CASCADE")
    content_id: int = Field(primary_key=True, foreign_key="content.id", ondelete="RESTRICT")
    position: int = 0


class CustomField(Table, table=True):
    """A field that a person added. `type` is `text`, `number`, `date`, `flag` or `choice`."""

    __tablename__ = "custom_field"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    """In lower case: what is typed before the colon."""
    type: str
    choices: str = "[]"
    """JSON list of the texts that a `choice` may be."""
    created_at: float = 0.0


class CustomValue(Table, table=True):
    """A custom field's value on a content; the column of its type is set.

    A date is the Unix time at which the day begins (UTC), a flag 1 or 0; text is kept as written,
    and folded for comparisons.
    """

    __tablename__ = "custom_value"
    __table_args__ = (
        UniqueConstraint("content_id", "field_id"),
        Index(None, "field_id", "folded_value", "content_id"),
        Index(None, "field_id", "number_value", "content_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    content_id: int = Field(foreign_key="content.id", ondelete="RESTRICT")
    field_id: int = Field(foreign_key="custom_field.id", ondelete="CASCADE")
    text_value: str | None = None
    folded_value: str | None = None
    number_value: float | None = None
