"""A grid as a person walks through it: a page per LoRA, a row per prompt and seed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from loradex.domain.grid import GridRecord

Place = tuple[int, int, int, int]
"""LoRA, prompt, seed and strength: indices into the grid's tuples."""


@dataclass(frozen=True, slots=True)
class SheetCell:
    """One cell: a picture, a reason why there is none, or neither while it is not drawn yet."""

    path: Path | None = None
    error: str | None = None


_PENDING = SheetCell()


class GridSheet:
    """The cells of a grid, and the one a person looks at."""

    def __init__(self, record: GridRecord) -> None:
        self.record = record
        self.lora = 0
        self.row = 0
        self.column = 0
        self.flipped = False
        self._cells: dict[Place, SheetCell] = {}

    @property
    def columns(self) -> int:
        """How many strengths there are."""
        return len(self.record.strengths)

    @property
    def rows(self) -> int:
        """How many prompts times seeds."""
        return len(self.record.prompts) * len(self.record.seeds)

    def update(
        self, record: GridRecord, cells: Iterable[tuple[Place, str | None, str | None]]
    ) -> bool:
        """Take over what the catalog knows now; True when a cell changed."""
        fresh = {
            place: SheetCell(Path(path) if path else None, None if path else error)
            for place, path, error in cells
        }
        changed = fresh != self._cells
        self.record = record
        self._cells = fresh
        return changed

    def prompt_and_seed(self, row: int) -> tuple[int, int]:
        """Return the indices of a row's prompt and seed."""
        return divmod(row, max(len(self.record.seeds), 1))

    def cell(self, row: int, column: int) -> SheetCell:
        """Return a cell of the page."""
        return self._cells.get(self._place(row, column), _PENDING)

    @property
    def base_cell(self) -> SheetCell | None:
        """The picture without the LoRA for the current row; None when the grid has none."""
        for column, strength in enumerate(self.record.strengths):
            if strength == 0:
                return self.cell(self.row, column)
        return None

    @property
    def shown_cell(self) -> SheetCell:
        """The current cell, or the one without the LoRA while flipped."""
        base = self.base_cell
        return base if self.flipped and base is not None else self.cell(self.row, self.column)

    def move(self, rows: int, columns: int) -> None:
        """Go to another cell; at an edge one stays."""
        self.flipped = False
        self.row = min(max(self.row + rows, 0), max(self.rows - 1, 0))
        self.column = min(max(self.column + columns, 0), max(self.columns - 1, 0))

    def turn(self, step: int) -> None:
        """Go to another LoRA's page."""
        self.flipped = False
        self.lora = (self.lora + step) % max(len(self.record.loras), 1)

    def pictures(self) -> list[Path]:
        """Return the pictures of this page."""
        return [
            cell.path
            for place, cell in self._cells.items()
            if place[0] == self.lora and cell.path is not None
        ]

    def _place(self, row: int, column: int) -> Place:
        prompt, seed = self.prompt_and_seed(row)
        return (self.lora, prompt, seed, column)
