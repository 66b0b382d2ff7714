"""A grid cut into tables: its pages, and pages too large for one picture in parts of whole rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from loradex.domain.grid import GridPlan, Layout, Place
from loradex.render.captions import varied_axes

LARGEST_SIDE = 16_000
"""Pixels on a side that viewers, browsers and graphics cards still take as one picture."""
LARGEST_AREA = 76_000_000
"""Pixels of a sheet. Pillow warns of larger ones as bombs, and many viewers give up."""
TILE_SIDES = (512, 448, 384, 320, 256)
"""Longest sides of a tile: the first with which a page is one file, else the smallest."""
_SHORTEST = 96
GAP = 6
GROUP_GAP = 18


@dataclass(frozen=True, slots=True)
class Table:
    """Rows and columns of one page, by the value numbers of the axes that go down and across.

    `page` names its place among the pages, and `first_row`, `first_column` where this part of it
    begins; a part that is all of a page begins at 0 and has `parts` 1.
    """

    page: Place
    rows: tuple[Place, ...]
    columns: tuple[Place, ...]
    first_row: int = 0
    first_column: int = 0
    all_rows: int = 0
    all_columns: int = 0
    parts: int = 1
    part: int = 1


def shown_layout(plan: GridPlan) -> Layout:
    """Return the layout of the axes that vary; the others are facts of the sheet."""
    varied = varied_axes(plan.spec)
    layout = plan.spec.layout
    return Layout(
        *(tuple(axis for axis in axes if axis in varied) for axes in _sides(layout)),
    )


def _sides(layout: Layout) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    return layout.x, layout.y, layout.pages


def tables(plan: GridPlan, layout: Layout) -> tuple[Table, ...]:
    """Return the pages in order, each with the rows and columns that have a picture on it."""
    found: dict[Place, tuple[set[Place], set[Place]]] = {}
    for placement in plan.placements:
        page = taken(placement.at, layout.pages)
        rows, columns = found.setdefault(page, (set(), set()))
        rows.add(taken(placement.at, layout.y))
        columns.add(taken(placement.at, layout.x))
    return tuple(
        Table(
            page,
            tuple(sorted(rows)),
            tuple(sorted(columns)),
            all_rows=len(rows),
            all_columns=len(columns),
        )
        for page, (rows, columns) in sorted(found.items())
    )


def taken(at: Place, axes: Sequence[int]) -> Place:
    """Return the value numbers of some axes of a place."""
    return tuple(at[axis] for axis in axes)


def fitting_tile(plan: GridPlan, side: int) -> tuple[int, int]:
    """Return a tile's width and height: the pictures' shape, its longest side about `side`.

    Small pictures are not made larger than they are, but for what a label needs.
    """
    sizes = {(cell.recipe.settings.width, cell.recipe.settings.height) for cell in plan.cells}
    width = max((width for width, _ in sizes), default=plan.spec.settings.width)
    height = max((height for _, height in sizes), default=plan.spec.settings.height)
    longest = max(width, height)
    factor = min(side, max(longest, 160)) / longest
    factor = max(factor, min(_SHORTEST / min(width, height), 1024 / longest))
    return max(round(width * factor), 8), max(round(height * factor), 8)


def length(places: Sequence[Place], tile: int) -> int:
    """Return the pixels that rows or columns take, with the gaps between them."""
    return sum(tile + gap for gap in gaps(places)) if places else 0


def gaps(places: Sequence[Place]) -> Iterator[int]:
    """Yield the gap before each row or column: none, a small one, or one between groups."""
    before: Place | None = None
    for place in places:
        yield 0 if before is None else GROUP_GAP if place[:-1] != before[:-1] else GAP
        before = place


def parts(
    table: Table, tile: tuple[int, int], frame: tuple[int, int], *, side: int, area: int
) -> tuple[Table, ...]:
    """Cut a page into parts that fit a picture of `side` and `area` with a `frame` around each.

    `frame` is the width and height of all that is not tiles. Columns are cut only where a row is
    wider than a picture can be. A group of rows or columns stays together where it can.
    """
    cut_columns = _runs(table.columns, tile[0], side - frame[0])
    widest = max(length(columns, tile[0]) for columns in cut_columns) + frame[0]
    cut_rows = _runs(table.rows, tile[1], min(side, area // widest) - frame[1])
    made: list[Table] = []
    first_row = 0
    for rows in cut_rows:
        first_column = 0
        for columns in cut_columns:
            made.append(
                Table(
                    table.page,
                    rows,
                    columns,
                    first_row,
                    first_column,
                    len(table.rows),
                    len(table.columns),
                    len(cut_rows) * len(cut_columns),
                    len(made) + 1,
                )
            )
            first_column += len(columns)
        first_row += len(rows)
    return tuple(made)


def _runs(places: tuple[Place, ...], tile: int, room: int) -> list[tuple[Place, ...]]:
    """Cut into runs no longer than `room` pixels; a single tile may be longer."""
    if length(places, tile) <= room:
        return [places]
    most = max((room + GAP) // (tile + GAP), 1)
    runs: list[tuple[Place, ...]] = []
    open_run: tuple[Place, ...] = ()
    for _, group in groupby(places, key=lambda place: place[:-1]):
        together = tuple(group)
        if length(open_run + together, tile) <= room:
            open_run += together
            continue
        if open_run:
            runs.append(open_run)
        *whole, open_run = _even(together, most)
        runs.extend(whole)
    return [*runs, open_run]


def _even(places: tuple[Place, ...], most: int) -> list[tuple[Place, ...]]:
    """Cut into as few runs of at most `most` as can be, of nearly the same length."""
    size = math.ceil(len(places) / math.ceil(len(places) / most))
    return [places[start : start + size] for start in range(0, len(places), size)]
