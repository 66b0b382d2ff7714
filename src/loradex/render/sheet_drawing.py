"""Paint one table of a grid: its head, its labels, its tiles."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from loradex.domain.grid import Cell, FailedCell, Place, RenderedCell
from loradex.domain.text import display_text
from loradex.render.captions import base_keys, base_values
from loradex.render.sheet_frame import HEAD_GAP, LINE, MARGIN, SMALL, Frame, run_width, runs
from loradex.render.sheet_table import GROUP_GAP, Table, gaps
from loradex.render.sheet_text import face, plain, wrap

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

Cells = Mapping[str, RenderedCell | FailedCell]

_WAITING = 32
"""Pictures that are read ahead of being painted."""

_PAPER = (250, 249, 246)
_INKS = {"ink": (32, 33, 36), "soft": (108, 110, 116), "note": (146, 84, 10)}
_LINE = (221, 218, 210)
_FAILED = (242, 232, 226)
_FAILED_INK = (140, 62, 40)
_EMPTY = (243, 241, 236)
_EMPTY_INK = (168, 166, 160)
_BADGE = (32, 33, 36)


def drawn(frame: Frame, table: Table, size: tuple[int, int], cells: Cells) -> Image:
    """Return the picture of `table`, `size` pixels large."""
    return _Sheet(frame, table, size, cells).drawn()


@dataclass(frozen=True)
class _Sheet:
    frame: Frame
    table: Table
    size: tuple[int, int]
    cells: Cells

    def drawn(self) -> Image:
        from PIL import Image, ImageDraw  # noqa: PLC0415 - only when a sheet is drawn

        sheet = Image.new("RGB", self.size, _PAPER)
        draw = ImageDraw.Draw(sheet)
        top = self._head(draw)
        top = self._across(draw, top)
        self._down(draw, top)
        self._tiles(sheet, draw, top)
        return sheet

    @property
    def tile(self) -> tuple[int, int]:
        """Width and height of a tile."""
        return self.frame.tile

    @property
    def _left(self) -> int:
        return MARGIN + self.frame.gutter

    def _head(self, draw: ImageDraw) -> int:
        top = MARGIN
        width = self.size[0] - 2 * MARGIN
        for line in self.frame.head(self.table, width):
            draw.text((MARGIN, top), line.text, _INKS[line.ink], line.font)
            top += line.step
        return top + HEAD_GAP

    def _across(self, draw: ImageDraw, top: int) -> int:
        """Draw the labels above the tiles, a bracket under each group; return where tiles begin."""
        layout, columns, px = self.frame.layout, self.table.columns, self.frame.px
        lefts = dict(zip(columns, _starts(columns, self.tile[0]), strict=True))
        heights = self.frame.column_heights(columns)
        for level, (axis, height) in enumerate(zip(layout.x, heights, strict=True)):
            name = self.frame.names[axis]
            font = face(name, px(SMALL))
            at = (self._left - px(10), top + px(3))
            draw.text(at, plain(name, font), _INKS["soft"], font, anchor="ra")
            is_group = level < len(layout.x) - 1
            for run in runs(columns, level):
                left, width = self._left + lefts[run[0]], run_width(run, self.tile[0])
                label = self.frame.label(axis, run[0][level], width, self.frame.most_lines(level))
                for number, line in enumerate(label.lines):
                    middle = (left + width // 2, top + number * px(LINE))
                    draw.text(middle, line, _INKS["ink"], label.font, anchor="ma")
                if is_group:
                    draw.line((left, top + height - 5, left + width, top + height - 5), _LINE, 2)
            top += height
        return top

    def _down(self, draw: ImageDraw, top: int) -> None:
        """Draw the labels at the left; a label of a group stands at its first row."""
        rows = self.table.rows
        tops = dict(zip(rows, _starts(rows, self.tile[1]), strict=True))
        left = MARGIN
        for level, axis in enumerate(self.frame.layout.y):
            width = self.frame.gutters[level]
            for run in runs(rows, level):
                start, height = top + tops[run[0]], run_width(run, self.tile[1])
                if tops[run[0]] and level < len(self.frame.layout.y) - 1:
                    edge = start - GROUP_GAP // 2
                    draw.line((left, edge, self.size[0] - MARGIN, edge), _LINE, 1)
                self._row_label(
                    draw, (left, start), axis, run[0][level], (width - self.frame.px(18), height)
                )
            left += width

    def _row_label(
        self,
        draw: ImageDraw,
        at: tuple[int, int],
        axis: int,
        number: int,
        room: tuple[int, int],
    ) -> None:
        name, px = self.frame.names[axis], self.frame.px
        font = face(name, px(SMALL))
        [shown, *_] = wrap(plain(name, font), font, room[0], 1)
        draw.text((at[0], at[1] + 1), shown, _INKS["soft"], font)
        most = max((room[1] - px(18)) // px(LINE), 1)
        label = self.frame.label(axis, number, room[0], most)
        for place, line in enumerate(label.lines):
            corner = (at[0], at[1] + px(18) + place * px(LINE))
            draw.text(corner, line, _INKS["ink"], label.font)

    def _tiles(self, sheet: Image, draw: ImageDraw, top: int) -> None:
        for at, cell, picture in self._pictures():
            corner = (self._left + at[0], top + at[1])
            outcome = self.cells.get(cell.key) if cell else None
            if picture is not None and cell is not None:
                spare = (self.tile[0] - picture.width, self.tile[1] - picture.height)
                sheet.paste(picture, (corner[0] + spare[0] // 2, corner[1] + spare[1] // 2))
                if cell.key in self._badged:
                    self._badge(draw, corner)
            elif cell is None:
                self._empty(draw, corner, "")
            elif outcome is None:
                self._empty(draw, corner, "not drawn")
            else:
                message = "Its file cannot be read."
                self._failed(
                    draw, corner, outcome.message if isinstance(outcome, FailedCell) else message
                )

    def _pictures(self) -> Iterator[tuple[tuple[int, int], Cell | None, Image | None]]:
        """Yield each tile's corner, its cell (None: left out), its picture (None: it has none).

        Files are read by several threads, and no more than a few pictures wait in memory.
        """
        lefts = _starts(self.table.columns, self.tile[0])
        tops = _starts(self.table.rows, self.tile[1])
        places = [
            ((left, top), self._placed.get((row, column)))
            for row, top in zip(self.table.rows, tops, strict=True)
            for column, left in zip(self.table.columns, lefts, strict=True)
        ]
        with ThreadPoolExecutor(min(os.cpu_count() or 1, 8)) as pool:
            for start in range(0, len(places), _WAITING):
                some = places[start : start + _WAITING]
                pictures = pool.map(self._opened, [cell for _, cell in some])
                for (corner, cell), picture in zip(some, pictures, strict=True):
                    yield corner, cell, picture

    def _opened(self, cell: Cell | None) -> Image | None:
        outcome = self.cells.get(cell.key) if cell else None
        return opened(outcome.path, self.tile) if isinstance(outcome, RenderedCell) else None

    @cached_property
    def _placed(self) -> dict[tuple[Place, Place], Cell]:
        layout = self.frame.layout
        return {
            (
                tuple(placement.at[axis] for axis in layout.y),
                tuple(placement.at[axis] for axis in layout.x),
            ): placement.cell
            for placement in self.frame.plan.placements
            if tuple(placement.at[axis] for axis in layout.pages) == self.table.page
        }

    @cached_property
    def _badged(self) -> frozenset[str]:
        """The bases that no label of a row, a column or the page tells of."""
        told = base_values(self.frame.plan)
        bases = base_keys(self.frame.plan)
        return frozenset(
            placement.cell.key
            for placement in self.frame.plan.placements
            if placement.cell.key in bases and told.isdisjoint(enumerate(placement.at))
        )

    def _badge(self, draw: ImageDraw, corner: tuple[int, int]) -> None:
        px = self.frame.px
        left, top = corner[0] + px(8), corner[1] + px(8)
        draw.rounded_rectangle((left, top, left + px(42), top + px(20)), px(10), _BADGE)
        middle = (left + px(21), top + px(10))
        draw.text(middle, "base", _PAPER, face("base", px(SMALL)), anchor="mm")

    def _empty(self, draw: ImageDraw, corner: tuple[int, int], text: str) -> None:
        draw.rectangle((*corner, *self._end(corner)), _EMPTY)
        middle = (corner[0] + self.tile[0] // 2, corner[1] + self.tile[1] // 2)
        if text:
            draw.text(middle, text, _EMPTY_INK, face(text, self.frame.px(13)), anchor="mm")
        else:
            half = self.frame.px(6)
            draw.line((middle[0] - half, middle[1], middle[0] + half, middle[1]), _EMPTY_INK, 2)

    def _failed(self, draw: ImageDraw, corner: tuple[int, int], message: str) -> None:
        px = self.frame.px
        draw.rectangle((*corner, *self._end(corner)), _FAILED)
        text = display_text(message, 600)
        font = face(text, px(13))
        most = max((self.tile[1] - 2 * px(10)) // px(18), 1)
        for number, line in enumerate(wrap(plain(text, font), font, self.tile[0] - px(20), most)):
            place = (corner[0] + px(10), corner[1] + px(10) + number * px(18))
            draw.text(place, line, _FAILED_INK, font)

    def _end(self, corner: tuple[int, int]) -> tuple[int, int]:
        return corner[0] + self.tile[0] - 1, corner[1] + self.tile[1] - 1


def _starts(places: tuple[Place, ...], tile: int) -> list[int]:
    """Return where each row or column begins, counted from the first."""
    ends = accumulate(gap + tile for gap in gaps(places))
    return [end - tile for end in ends]


def opened(path: str, tile: tuple[int, int]) -> Image | None:
    """Return a cell's picture fitted into a tile, None when its file is no PNG that can be read."""
    from PIL import Image  # noqa: PLC0415 - only when a sheet is drawn

    try:
        with Image.open(path, formats=["PNG"]) as picture:
            factor = min(tile[0] / picture.width, tile[1] / picture.height)
            size = (
                max(min(round(picture.width * factor), tile[0]), 1),
                max(min(round(picture.height * factor), tile[1]), 1),
            )
            return picture.convert("RGB").resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
