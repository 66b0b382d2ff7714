"""Grids, the pictures behind them, and what was measured."""

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
    """What a probe found of a content on one checkpoint, with its numbers as JSON."""

    __tablename__ = "verdict"
    __table_args__ = (Index(None, "content_id"),)

    id: int | None = Field(default=None, primary_key=True)
    content_id: int = Field(foreign_key="content.id", ondelete="RESTRICT")
    checkpoint_id: int | None = Field(default=None, foreign_key="content.id", ondelete="RESTRICT")
    grid_id: int | None = Field(default=None, foreign_key="grid.id", ondelete="SET NULL")
    verdict: str
    numbers: str = "{}"
    created_at: float
