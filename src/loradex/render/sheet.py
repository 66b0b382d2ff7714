"""A grid as labelled pictures: a file for each page, in parts where one would be too large."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from loradex.domain.grid import FailedCell, GridPlan, Layout, RenderedCell
from loradex.render.sheet_drawing import drawn
from loradex.render.sheet_frame import HEAD_GAP, MARGIN, Frame
from loradex.render.sheet_table import (
    LARGEST_AREA,
    LARGEST_SIDE,
    TILE_SIDES,
    Table,
    fitting_tile,
    length,
    parts,
    shown_layout,
    tables,
)
from loradex.render.whole_file import whole_file

_NARROWEST = 640


def write_sheet(
    plan: GridPlan,
    finished: Mapping[str, RenderedCell],
    failed: Mapping[str, FailedCell],
    path: Path,
    *,
    notes: Sequence[str] = (),
) -> list[Path]:
    """Write the sheets of `plan` as PNGs; return their paths, the first of which is `path`.

    Each page of the layout is a file; the further ones are `sheet-2.png` and so on beside
    `sheet.png`. A page too large for viewers is cut into several, each with its labels, rather
    than shrunk until nothing can be seen. `finished` and `failed` are by key; a key in neither is
    shown as not drawn. `notes` are printed above the tiles, one a line.
    """
    layout = shown_layout(plan)
    cut = [
        (frame, table)
        for page in tables(plan, layout)
        for frame, table in _cut(plan, layout, page, notes)
    ]
    paths = _paths(path, len(cut))
    for target, (frame, table) in zip(paths, cut, strict=True):
        sheet = drawn(frame, table, _size(frame, table), {**failed, **finished})
        with whole_file(target) as file:
            sheet.save(file, format="PNG", compress_level=4)
    return paths


def _cut(
    plan: GridPlan, layout: Layout, page: Table, notes: Sequence[str]
) -> Iterator[tuple[Frame, Table]]:
    """Yield a page's parts with their frames: one with the largest tiles that fit, else several."""
    for side in TILE_SIDES:
        frame = Frame(plan, layout, fitting_tile(plan, side), notes)
        width, height = _size(frame, page)
        if max(width, height) <= LARGEST_SIDE and width * height <= LARGEST_AREA:
            yield frame, page
            return
    # A part's head has a line more than the page's, and may be narrower and so higher.
    above = _above(frame, replace(page, parts=2), _NARROWEST)
    around = (2 * MARGIN + frame.gutter, above + MARGIN)
    for part in parts(page, frame.tile, around, side=LARGEST_SIDE, area=LARGEST_AREA):
        yield frame, part


def _size(frame: Frame, table: Table) -> tuple[int, int]:
    """Return the width and height of a table's picture."""
    width = max(frame.gutter + length(table.columns, frame.tile[0]), _NARROWEST - 2 * MARGIN)
    above = _above(frame, table, width)
    return 2 * MARGIN + width, above + length(table.rows, frame.tile[1]) + MARGIN


def _above(frame: Frame, table: Table, width: int) -> int:
    head = sum(line.step for line in frame.head(table, width))
    return MARGIN + head + HEAD_GAP + sum(frame.column_heights(table.columns))


def _paths(path: Path, count: int) -> list[Path]:
    """Return the files' paths; their numbers have as many digits as the last one's."""
    digits = len(str(count))
    further = [path.with_stem(f"{path.stem}-{number:0{digits}}") for number in range(2, count + 1)]
    return [path, *further]
