"""A grid as a person walks through it: pages of rows and columns, as its layout says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from loradex.domain.axes import AxisKind
from loradex.domain.grid import GridRecord, Layout, Place, RecordCell


@dataclass(frozen=True, slots=True)
class SheetCell:
    """One cell: a picture, a reason why there is none, or neither while it is not drawn yet.

    `base` is the picture without the LoRA. A cell that is `left_out` is none of the grid's.
    """

    path: Path | None = None
    error: str | None = None
    base: Path | None = None
    left_out: bool = False
    key: str = ""
    seconds: float = 0.0


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
        self.transposed = False
        self.picked: Place | None = None
        """The cell that others are held against, in place of the one without the LoRA."""
        self.best: float | None = None
        """The strength that was stored as the best one of the grid's only LoRA."""
        self._cells: dict[Place, SheetCell] = {}
        self._tables: tuple[_Table, ...] = ()
        self.update(record, cells)

    def update(self, record: GridRecord, cells: Iterable[RecordCell]) -> bool:
        """Take over what the catalog knows now; True when a cell changed."""
        fresh = {cell.at: _sheet_cell(cell) for cell in cells}
        changed = fresh != self._cells
        if fresh.keys() != self._cells.keys():
            self._tables = tuple(_tables(self._layout_of(record), fresh))
        self.record = record
        self._cells = fresh
        return changed

    @property
    def layout(self) -> Layout:
        """Which axes go across, down and on pages, as a person has turned them."""
        return self._layout_of(self.record)

    def _layout_of(self, record: GridRecord) -> Layout:
        layout = record.layout
        return replace(layout, x=layout.y, y=layout.x) if self.transposed else layout

    def transpose(self) -> None:
        """Let what goes across go down, and the other way round; the cell stays the same."""
        at = self.at
        self.transposed = not self.transposed
        self._tables = tuple(_tables(self.layout, self._cells))
        self.row = self.column = 0
        if at is not None:
            self.go(at)

    def go(self, at: Place) -> None:
        """Look at the cell of a place; nothing happens when the grid has none there."""
        for number, table in enumerate(self._tables):
            rows, columns = _taken(at, self.layout.y), _taken(at, self.layout.x)
            if (
                table.page == _taken(at, self.layout.pages)
                and rows in table.rows
                and columns in table.columns
            ):
                self.page, self.flipped = number, False
                self.row, self.column = table.rows.index(rows), table.columns.index(columns)
                return

    def pick(self) -> None:
        """Hold others against the cell that is looked at, or no longer."""
        self.picked = None if self.picked == self.at else self.at

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
        return dict(zip(self.layout.y, self._table.rows[row], strict=True))

    @property
    def page_place(self) -> dict[int, int]:
        """The number of the value of each axis that turns pages."""
        return dict(zip(self.layout.pages, self._table.page, strict=True))

    def heads(self) -> list[list[Head]]:
        """Return lines of labels for the columns, the innermost axis first.

        An axis with a single value has none, unless it is all there is. Equal neighbours of an
        outer axis share a label.
        """
        axes, columns = self.layout.x, self._table.columns
        shown = [n for n, axis in enumerate(axes) if len(self.record.axes[axis].labels) > 1]
        lines = []
        for depth in reversed(shown or range(len(axes))[-1:]):
            labels = self.labels(axes[depth])
            line: list[Head] = []
            begun = 0
            for place, group in groupby(place[: depth + 1] for place in columns):
                span = len(list(group))
                line.append(Head(labels[place[depth]], begun, span))
                begun += span
            lines.append(line)
        return lines or [[Head("", column, 1) for column in range(len(columns))]]

    def labels(self, axis: int) -> tuple[str, ...]:
        """Return the values of an axis in short, the best strength with a star."""
        record = self.record.axes[axis]
        if self.best is None or record.kind is not AxisKind.STRENGTH:
            return record.labels
        best = f"{self.best:g}"
        return tuple(f"★ {label}" if label == best else label for label in record.labels)

    def cell(self, row: int, column: int) -> SheetCell:
        """Return a cell of the page."""
        return self._cells.get(self._place(row, column), _LEFT_OUT)

    @property
    def base_cell(self) -> SheetCell | None:
        """The current cell without the LoRA; None when the grid has no such picture yet."""
        base = self._cells.get(self.at, _LEFT_OUT).base if self.at is not None else None
        return None if base is None else SheetCell(base)

    @property
    def other(self) -> tuple[str, SheetCell] | None:
        """What the current cell is held against, with its name: what was picked, else the base."""
        if self.picked is not None and self.picked != self.at:
            return "picked", self._cells.get(self.picked, _LEFT_OUT)
        base = self.base_cell
        return None if base is None else ("base", base)

    @property
    def current(self) -> SheetCell:
        """The cell that is looked at, flipped or not."""
        return _LEFT_OUT if self.at is None else self._cells.get(self.at, _LEFT_OUT)

    @property
    def shown_cell(self) -> SheetCell:
        """The current cell, or what it is held against while flipped."""
        other = self.other
        return other[1] if self.flipped and other is not None else self.current

    @property
    def shown_at(self) -> Place | None:
        """The place whose values hold for what is shown."""
        other = self.other
        flipped = self.flipped and other is not None and other[0] == "picked"
        return self.picked if flipped else self.at

    def is_picked(self, row: int, column: int) -> bool:
        """Tell whether others are held against this cell of the page."""
        return self.picked is not None and self._place(row, column) == self.picked

    @property
    def waiting(self) -> int:
        """How many places have neither a picture nor a reason why there is none."""
        return sum(cell.path is None and cell.error is None for cell in self._cells.values())

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
        return self.layout.place(table.page, table.rows[row], table.columns[column])


def _sheet_cell(cell: RecordCell) -> SheetCell:
    path, base = cell.path, cell.base_path
    return SheetCell(
        Path(path) if path else None,
        None if path else cell.error,
        Path(base) if base else None,
        key=cell.key,
        seconds=cell.seconds,
    )


def _tables(layout: Layout, places: Iterable[Place]) -> Iterator[_Table]:
    """Yield the pages with their rows and columns, all in the order of their axes' values."""
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
