"""What tags mean to each other, what shows on which content, and how a person uses a model."""

from sqlmodel import Field, Index

from loradex.catalog.tables.naming import Table


class TagAlias(Table, table=True):
    """Another name of a tag: whoever says `bg` means `background`.

    With no `tag_id` it is a name that a person deleted: no source brings it back. A folded name
    is never in this table and in `tag` both.
    """

    __tablename__ = "tag_alias"

    folded: str = Field(primary_key=True)
    name: str
    tag_id: int | None = Field(default=None, foreign_key="tag.id", ondelete="CASCADE", index=True)


class TagParent(Table, table=True):
    """One tag is a kind of another: `anime style` of `style`. There are no cycles.

    A `removed` row is a person's: no rule brings the relation back.
    """

    __tablename__ = "tag_parent"
    __table_args__ = (Index(None, "parent_id"),)

    tag_id: int = Field(primary_key=True, foreign_key="tag.id", ondelete="CASCADE")
    parent_id: int = Field(primary_key=True, foreign_key="tag.id", ondelete="CASCADE")
    removed: bool = False


class TagEffective(Table, table=True):
    """Which contents a tag finds: those that show it (`direct`), and those that show a child of it.

    Removals and parents are worked in, so that `tag:style` is one look into the primary key:

        SELECT content_id FROM tag_effective WHERE tag_id IN
          (SELECT id FROM tag WHERE folded = :name
           UNION ALL SELECT tag_id FROM tag_alias WHERE folded = :name)

    with `loradex.domain.tags.fold_tag` of what the person wrote as `:name`. Derived from
    `content_tag` and `tag_parent` by `loradex.catalog.derive`; nothing else writes it.
    """

    __tablename__ = "tag_effective"
    __table_args__ = (Index(None, "content_id"), {"sqlite_with_rowid": False})

    tag_id: int = Field(primary_key=True, foreign_key="tag.id", ondelete="CASCADE")
    content_id: int = Field(primary_key=True, foreign_key="content.id", ondelete="CASCADE")
    direct: bool = True


class WordGroup(Table, table=True):
    """What a person says of a group of trigger words; without a row it is as its source has it.

    `key` is the folded text of the hub's, header's or sidecar's entry, or the folded name of a
    group that the person made; the group of single words has the empty key.
    """

    __tablename__ = "word_group"

    content_id: int = Field(primary_key=True, foreign_key="content.id", ondelete="RESTRICT")
    key: str = Field(primary_key=True)
    name: str = ""
    note: str = ""
    place: int | None = None
    state: str | None = None
    """`on` or `off`; None leaves it to the group's place."""


class WordChoice(Table, table=True):
    """What a person says of one trigger word in one group.

    `state` is `on`, `off` or `gone`; `own` words are the person's, others some source's, which
    may come and go.
    """

    __tablename__ = "word_choice"

    content_id: int = Field(primary_key=True, foreign_key="content.id", ondelete="RESTRICT")
    group_key: str = Field(primary_key=True)
    folded: str = Field(primary_key=True)
    text: str
    state: str = "on"
    own: bool = False
    place: int | None = None


class Preference(Table, table=True):
    """How a person uses a model, as `loradex.domain.preferences.Preferences` describes it."""

    __tablename__ = "preference"

    content_id: int = Field(primary_key=True, foreign_key="content.id", ondelete="RESTRICT")
    strength: float | None = None
    strength_min: float | None = None
    strength_max: float | None = None
    clip_strength: float | None = None
    clip_skip: int | None = None
    sampler: str | None = None
    schedule: str | None = None
    steps: int | None = None
    guidance_scale: float | None = None
    width: int | None = None
    height: int | None = None
    negative_prompt: str | None = None
    changed_at: float


class ContentStrength(Table, table=True):
    """At which strengths a content is used, as the most trusted of those that tell of any says.

    A person, then verdicts, hubs, sidecars and the header. A single strength is its own range.
    Derived by `loradex.catalog.strength_effect`; nothing else writes it.
    """

    __tablename__ = "content_strength"
    __table_args__ = (Index("ix_content_strength_low_high", "low", "high", "content_id"),)

    content_id: int = Field(primary_key=True, foreign_key="content.id", ondelete="CASCADE")
    best: float | None = None
    low: float
    high: float
