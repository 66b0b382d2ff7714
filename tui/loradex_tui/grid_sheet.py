"""A grid as a person walks through it: pages of rows and columns, as its layout says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from loradex.domain.grid import GridRecord, Place, RecordCell


@dataclass(frozen=True, slots=True)
class SheetCell:
    """One cell: a picture, a reason why there is none, or neither while it is not drawn yet.

    `base` is the picture without the LoRA. A cell that is `left_out` is none of the grid's.
    """

    path: Path | None = None
    error: str | None = None
    base: Path | None = None
    left_out: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """A label over or under the columns that it holds for."""

    text: str
    column: int
    span: int


@dataclass(frozen=True, slots=True)
class _Table:
    """A page's rows and columns: the numbers of the values on the axes that go down and across."""

    page: Place
    rows: tuple[Place, ...]
    columns: tuple[Place, ...]


_LEFT_OUT = SheetCell(left_out=True)
_NOTHING = _Table((), (), ())


class GridSheet:
    """The cells of a grid, and the one a person looks at.

    Rows and columns that a page has no cell in are not on it.
    """

    def __init__(self, record: GridRecord, cells: Iterable[RecordCell]) -> None:
        self.record = record
        self.page = 0
        self.row = 0
        self.column = 0
        self.flipped = False
        self._cells: dict[Place, SheetCell] = {}
        self._tables: tuple[_Table, ...] = ()
        self.update(record, cells)

    def update(self, record: GridRecord, cells: Iterable[RecordCell]) -> bool:
        """Take over what the catalog knows now; True when a cell changed."""
        fresh = {cell.at: _sheet_cell(cell) for cell in cells}
        changed = fresh != self._cells
        if fresh.keys() != self._cells.keys():
            self._tables = tuple(_tables(record, fresh))
        self.record = record
        self._cells = fresh
        return changed

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return len(self._tables)

    @property
    def columns(self) -> int:
        """How many columns this page has."""
        return len(self._table.columns)

    @property
    def rows(self) -> int:
        """How many rows this page has."""
        return len(self._table.rows)

    @property
    def at(self) -> Place | None:
        """The place of the cell that is looked at; None where the grid has no cell at all."""
        return self._place(self.row, self.column) if self._table.rows else None

    def row_place(self, row: int) -> dict[int, int]:
        """Return the number of the value of each axis that goes down."""
        return dict(zip(self.record.layout.y, self._table.rows[row], strict=True))

    @property
    def page_place(self) -> dict[int, int]:
        """The number of the value of each axis that turns pages."""
        return dict(zip(self.record.layout.pages, self._table.page, strict=True))

    def heads(self) -> list[list[Head]]:
        """Return lines of labels for the columns, the innermost axis first.

        An axis with a single value has none, unless it is all there is. Equal neighbours of an
        outer axis share a label.
        """
        axes, columns = self.record.layout.x, self._table.columns
        shown = [n for n, axis in enumerate(axes) if len(self.record.axes[axis].labels) > 1]
        lines = []
        for depth in reversed(shown or range(len(axes))[-1:]):
            labels = self.record.axes[axes[depth]].labels
            line: list[Head] = []
            begun = 0
            for place, group in groupby(place[: depth + 1] for place in columns):
                span = len(list(group))
                line.append(Head(labels[place[depth]], begun, span))
                begun += span
            lines.append(line)
        return lines or [[Head("", column, 1) for column in range(len(columns))]]

    def cell(self, row: int, column: int) -> SheetCell:
        """Return a cell of the page."""
        return self._cells.get(self._place(row, column), _LEFT_OUT)

    @property
    def base_cell(self) -> SheetCell | None:
        """The current cell without the LoRA; None when the grid has no such picture yet."""
        base = self._cells.get(self.at, _LEFT_OUT).base if self.at is not None else None
        return None if base is None else SheetCell(base)

    @property
    def shown_cell(self) -> SheetCell:
        """The current cell, or the one without the LoRA while flipped."""
        base = self.base_cell
        if self.flipped and base is not None:
            return base
        return _LEFT_OUT if self.at is None else self._cells.get(self.at, _LEFT_OUT)

    def move(self, rows: int, columns: int) -> None:
        """Go to another cell; at an edge one stays."""
        self.flipped = False
        self.row = min(max(self.row + rows, 0), max(self.rows - 1, 0))
        self.column = min(max(self.column + columns, 0), max(self.columns - 1, 0))

    def turn(self, step: int) -> None:
        """Go to another page, and stay in the row and column where it has them."""
        self.page = (self.page + step) % max(self.pages, 1)
        self.move(0, 0)

    @property
    def _table(self) -> _Table:
        return self._tables[self.page] if self._tables else _NOTHING

    def _place(self, row: int, column: int) -> Place:
        table = self._table
        return self.record.layout.place(table.page, table.rows[row], table.columns[column])


def _sheet_cell(cell: RecordCell) -> SheetCell:
    path, base = cell.path, cell.base_path
    return SheetCell(
        Path(path) if path else None, None if path else cell.error, Path(base) if base else None
    )


def _tables(record: GridRecord, places: Iterable[Place]) -> Iterator[_Table]:
    """Yield the pages with their rows and columns, all in the order of their axes' values."""
    layout = record.layout
    found: dict[Place, tuple[set[Place], set[Place]]] = {}
    for at in places:
        rows, columns = found.setdefault(_taken(at, layout.pages), (set(), set()))
        rows.add(_taken(at, layout.y))
        columns.add(_taken(at, layout.x))
    for page in sorted(found):
        rows, columns = found[page]
        yield _Table(page, tuple(sorted(rows)), tuple(sorted(columns)))


def _taken(at: Place, axes: Sequence[int]) -> Place:
    return tuple(at[axis] for axis in axes)
