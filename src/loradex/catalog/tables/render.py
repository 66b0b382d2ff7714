"""Grids, the pictures behind them, and what was measured."""

from sqlalchemy import text
from sqlmodel import Field, Index, UniqueConstraint

from loradex.catalog.tables.naming import Table


class Grid(Table, table=True):
    """A grid that was asked for. `spec` is its JSON, enough to ask for it again."""

    __tablename__ = "grid"

    id: int | None = Field(default=None, primary_key=True)
    title: str
    spec: str
    created_at: float
    folder: str
    sheet_path: str | None = None
    page_path: str | None = None


class GridModelRow(Table, table=True):
    """A content that takes part in a grid, and as what.

    `role` is `checkpoint`, `lora`, `vae`, `control`, `companion` or `embedding`.
    """

    __tablename__ = "grid_model"
    __table_args__ = (Index(None, "content_id"),)

    grid_id: int = Field(primary_key=True, foreign_key="grid.id", ondelete="CASCADE")
    content_id: int = Field(primary_key=True, foreign_key="content.id", ondelete="RESTRICT")
    role: str = Field(primary_key=True)


class GridCell(Table, table=True):
    """A place in a grid, and the key of the picture that belongs there.

    `place` counts the combinations of the axes of the grid's spec, the last axis fastest.
    `base_key` is that of the same picture without any LoRA, where the grid has it.
    """

    __tablename__ = "cell"
    __table_args__ = (UniqueConstraint("grid_id", "place"), Index(None, "key"))

    id: int | None = Field(default=None, primary_key=True)
    grid_id: int = Field(foreign_key="grid.id", ondelete="CASCADE")
    place: int
    key: str
    base_key: str | None = None


class Render(Table, table=True):
    """A finished picture, or why it could not be drawn. Its key says all that determined it."""

    __tablename__ = "render"

    key: str = Field(primary_key=True)
    path: str | None = None
    width: int = 0
    height: int = 0
    seconds: float = 0.0
    infotext: str = ""
    error: str | None = None
    created_at: float


class Verdict(Table, table=True):
    """What one source says of a content on one checkpoint. What it says is in `verdict_finding`.

    A probe has one per checkpoint, by its row there or, where the catalog does not know the
    checkpoint, by its name. `checkpoint_id` is null where a person speaks of any.
    """

    __tablename__ = "verdict"
    __table_args__ = (
        UniqueConstraint("content_id", "source", "checkpoint_id"),
        Index("ix_verdict_alone", "content_id", "source", "checkpoint", unique=True,
              sqlite_where=text("checkpoint_id IS NULL")),
        Index(None, "checkpoint_id"),
        Index(None, "grid_id"),
        Index(None, "source", "created_at", "content_id"),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True)
    content_id: int = Field(foreign_key="content.id", ondelete="RESTRICT")
    source: str
    """`person` or `probe`."""
    checkpoint_id: int | None = Field(default=None, foreign_key="content.id", ondelete="SET NULL")
    checkpoint: str = ""
    """What that is called."""
    checkpoint_sha256: str | None = None
    grid_id: int | None = Field(default=None, foreign_key="grid.id", ondelete="SET NULL")
    note: str = ""
    origin: str = ""
    """The manifest it came in with; empty for what was said here."""
    evidence: bytes | None = None
    """JSON under zlib: all numbers of the probe."""
    engine: str = ""
    version: int = 1
    """Of measuring and judging."""
    created_at: float


class VerdictFinding(Table, table=True):
    """One thing that a verdict says, or that a person says is not so (`dismissed`).

    `counts` tells whether it is found by queries: what a person says stands for all that probes
    say, and hides of those what it dismisses. `loradex.catalog.verdict_effect` keeps it true.
    """

    __tablename__ = "verdict_finding"
    __table_args__ = (
        Index("ix_verdict_finding_counting", "kind", "low", "high", "content_id", "counts",
              sqlite_where=text("counts")),
        Index(None, "content_id", "kind"),
    )  # fmt: skip

    verdict_id: int = Field(primary_key=True, foreign_key="verdict.id", ondelete="CASCADE")
    position: int = Field(primary_key=True)
    content_id: int = Field(foreign_key="content.id", ondelete="RESTRICT")
    """The verdict's."""
    kind: str
    word: str = ""
    low: float | None = None
    high: float | None = None
    sentence: str = ""
    numbers: str = "{}"
    """JSON object of numbers by name."""
    dismissed: bool = False
    counts: bool = False
