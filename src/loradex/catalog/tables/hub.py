"""What hubs said, as fetched, and which content is which version."""

from sqlmodel import Field, Index

from loradex.catalog.tables.naming import Table


class HubModelRow(Table, table=True):
    """A hub's model. `raw` is the JSON document under zlib; `gone_at` is set by a later 404."""

    __tablename__ = "hub_model"
    __table_args__ = (
        Index(
            "ix_hub_model_filters",
            *("hub", "id", "name", "type", "creator", "downloads", "likes", "licence", "gone_at"),
        ),
    )

    hub: str = Field(primary_key=True)
    id: int = Field(primary_key=True)
    name: str
    type: str
    creator: str | None = None
    description: str | None = None
    tags: str = "[]"
    content_level: int = 0
    mode: str | None = None
    licence: str = "{}"
    slug: str | None = None
    """Its name on hubs whose ids are text; `id` is then a number made of it."""
    downloads: int | None = None
    likes: int | None = None
    fetched_at: float
    gone_at: float | None = None
    raw: bytes


class HubVersionRow(Table, table=True):
    """A version of a model."""

    __tablename__ = "hub_version"
    __table_args__ = (
        Index(None, "hub", "model_id"),
        Index(
            "ix_hub_version_filters",
            *("hub", "id", "name", "base_model", "published_at", "gone_at", "early_access_until"),
        ),
    )

    hub: str = Field(primary_key=True)
    id: int = Field(primary_key=True)
    model_id: int
    name: str
    base_model: str
    trained_words: str = "[]"
    description: str | None = None
    content_level: int = 0
    published_at: str | None = None
    air: str | None = None
    usage_control: str | None = None
    slug: str | None = None
    position: int | None = None
    """Place in the creator's order, which is not that of time."""
    early_access_until: str | None = None
    paid: bool = False
    fetched_at: float
    gone_at: float | None = None
    raw: bytes


class HubFileRow(Table, table=True):
    """A file of a version, in the hub's order."""

    __tablename__ = "hub_file"
    __table_args__ = (Index(None, "sha256"),)

    hub: str = Field(primary_key=True)
    version_id: int = Field(primary_key=True)
    position: int = Field(primary_key=True)
    file_id: int | None = None
    name: str
    type: str
    size_bytes: int | None = None
    sha256: str | None = None
    autov3: str | None = None
    is_primary: bool = False
    format: str | None = None
    precision: str | None = None
    download_url: str | None = None
    size_type: str | None = None
    quantisation: str | None = None
    pickle_scan: str | None = None
    virus_scan: str | None = None
    hashes: str = "{}"
    """JSON: the hub's name of a digest to hex."""


class HubImageRow(Table, table=True):
    """A picture or video of a version, in the hub's order."""

    __tablename__ = "hub_image"

    hub: str = Field(primary_key=True)
    version_id: int = Field(primary_key=True)
    position: int = Field(primary_key=True)
    image_id: int | None = None
    url: str
    type: str
    content_level: int = 0
    width: int | None = None
    height: int | None = None
    blurhash: str | None = None


class Match(Table, table=True):
    """A content is that version, known by `matched_by` (`sha256`, `autov3`, `person`)."""

    __tablename__ = "match"
    __table_args__ = (
        Index(None, "hub", "version_id"),
        Index("ix_match_models", "hub", "model_id", "version_id", "content_id"),
    )

    content_id: int = Field(primary_key=True, foreign_key="content.id", ondelete="CASCADE")
    hub: str = Field(primary_key=True)
    version_id: int
    model_id: int
    matched_by: str
    confidence: float = 1.0
    matched_at: float


class Miss(Table, table=True):
    """A digest the hub did not know, and when asking again makes sense."""

    __tablename__ = "miss"

    hub: str = Field(primary_key=True)
    digest: str = Field(primary_key=True)
    asked_at: float
    retry_at: float
    times: int = 1


class HubIgnored(Table, table=True):
    """A model, or one version of it, whose updates a person does not want; version 0 is all."""

    __tablename__ = "hub_ignored"

    hub: str = Field(primary_key=True)
    model_id: int = Field(primary_key=True)
    version_id: int = Field(primary_key=True, default=0)
    ignored_at: float
