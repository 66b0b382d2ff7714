"""Contents: the bytes themselves, what they are, and the facts told about them."""

from sqlalchemy import Column, String, text
from sqlmodel import Field, Index, UniqueConstraint

from loradex.catalog.tables.naming import NEVER_REUSED, Table

FILTERS = (
    "sort_name", "kind", "base", "derivative", "state", "format", "safety", "size", "rank",
    "rating", "favourite", "matched", "copies", "content_level", "added_at", "algorithm", "dtype",
    "variant", "quantisation", "prediction", "dora", "broken", "partial",
)  # fmt: skip
"""Columns that one index holds, in the order of lists: any filter on them reads that index alone,
a page in the usual order stops when it is full, and nothing of the wide rows is touched."""


class Content(Table, table=True):
    """One distinct file content.

    The columns under "effective" are derived from evidence, tags, words and files by
    `loradex.catalog.derive`, so that lists need no joins; nothing else writes them.
    """

    __tablename__ = "content"
    __table_args__ = (
        Index("ix_content_filters", *FILTERS),
        Index(None, "name"),
        Index(None, "size"),
        Index("ix_content_untagged", "id", sqlite_where=text("tags = '[]'")),
        Index("ix_content_wordless", "id", sqlite_where=text("words = '[]'")),
        *(
            Index(f"ix_content_{digest}", digest, sqlite_where=text(f"{digest} IS NOT NULL"))
            for digest in ("blake3", "crc32", "autov1")
        ),
        NEVER_REUSED,
    )

    id: int | None = Field(default=None, primary_key=True)
    fingerprint: str = Field(index=True)
    size: int
    sha256: str | None = Field(default=None, unique=True)
    blake3: str | None = None
    crc32: str | None = None
    autov1: str | None = None
    autov2: str | None = Field(default=None, index=True)
    autov3: str | None = Field(default=None, index=True)
    claimed_hash: str | None = None
    """What the header says its tensors hash to: a claim, never a key."""
    format: str
    added_at: float = Field(index=True)
    identified_by: str = Field(index=True)
    """Version of the identification rules, so that better rules can look again."""

    # what the header says
    variant: str | None = None
    algorithm: str | None = None
    dora: bool = False
    rank: int | None = None
    dtype: str | None = None
    quantisation: str | None = None
    prediction: str | None = None
    parts: str = "[]"
    candidates: str = "[]"
    partial: bool = False
    broken: bool = False
    confidence: float = 0.0
    safety: str | None = None
    """`safe`, `suspicious`, `dangerous`, `broken` or `unscanned`; None before the first look."""

    # effective
    name: str = Field(sa_column=Column(String(collation="NOCASE"), nullable=False))
    sort_name: str = ""
    """The name without case and accents: the order of lists."""
    file_name: str
    kind: str
    base: str | None = None
    derivative: str | None = None
    state: str
    path: str
    copies: int = 0
    tags: str = "[]"
    words: str = "[]"
    rating: int | None = None
    favourite: bool = False
    matched: bool = False
    content_level: int | None = None


class ContentHeader(Table, table=True):
    """The header's own words, bounded: read only when one model is looked at."""

    __tablename__ = "content_header"

    content_id: int = Field(primary_key=True, foreign_key="content.id", ondelete="CASCADE")
    metadata_json: str = "{}"
    tag_counts: str = "[]"
    """JSON list of [tag, count], most frequent first."""
    tensor_count: int = 0
    header_bytes: int = 0
    findings: str = "[]"
    """JSON list of texts: what the look for code found."""


class EvidenceFact(Table, table=True):
    """One fact: what one source says of one field. A refresh replaces only its own source's."""

    __tablename__ = "evidence"
    __table_args__ = (UniqueConstraint("content_id", "field", "source"),)

    id: int | None = Field(default=None, primary_key=True)
    content_id: int = Field(foreign_key="content.id", ondelete="CASCADE")
    field: str
    value: str
    source: str
    confidence: float = 1.0
    detail: str = ""
    seen_at: float


class TriggerWordFact(Table, table=True):
    """A trigger word with its source, and what a probe measured of it."""

    __tablename__ = "trigger_word"
    __table_args__ = (UniqueConstraint("content_id", "folded", "source"),)

    id: int | None = Field(default=None, primary_key=True)
    content_id: int = Field(foreign_key="content.id", ondelete="CASCADE")
    text: str
    folded: str
    """Case-folded, so that one word is one word."""
    source: str
    position: int = 0
    effect: float | None = None
    verdict: str | None = None
