"""The pictures of a grid's page as tiles; cells appear as they are finished."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from loradex.errors import FormatError
from loradex_tui.actions import bindings
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text, fit
from loradex_tui.grid_sheet import GridSheet, Head, SheetCell
from loradex_tui.grid_words import place_words
from loradex_tui.pictures.choice import PictureMode
from loradex_tui.pictures.decode import load_picture
from loradex_tui.pictures.halfblock import fit_cells, half_blocks
from loradex_tui.widgets.sheet_walker import SheetWalker

_LEAST_TILE = 14
_MOST_TILE = 44
_LEAST_ROWS = 9
"""Below this a second row of pictures is not worth what it takes from the first."""
_KEPT_TILES = 600
_BATCH = 12

Tile = tuple[Path, int, int]
"""A picture at a size in cells."""


class CellView(ScrollView, SheetWalker, can_focus=True):
    """A page of the grid: labels of the row above its pictures, those of the columns below."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("sheet")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "cell--head",
        "cell--here",
        "cell--label",
        "cell--wait",
        "cell--failed",
    }
    DEFAULT_CSS = """
    CellView { background: $surface; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 1;
               scrollbar-gutter: stable; }
    CellView > .cell--head { color: $quiet; }
    CellView > .cell--here { color: $accent; text-style: bold; }
    CellView > .cell--label { color: $secondary; }
    CellView > .cell--wait { color: $quiet; background: $panel; }
    CellView > .cell--failed { color: $error; background: $panel; }
    """

    class Moved(Message):
        """Another cell is looked at."""

    class Zoomed(Message):
        """The person wants to see the cell large."""

    class CopyWanted(Message):
        """The person wants the path of the cell's picture."""

    class Left(Message):
        """The person wants to leave the grid."""

    def __init__(self, sheet: GridSheet, mode: PictureMode) -> None:
        super().__init__()
        self.sheet = sheet
        self._page = sheet.page
        self._heads = sheet.heads()
        self._mode = mode
        self._aspect = 1.0
        self._tiles: OrderedDict[Tile, list[Strip] | None] = OrderedDict()
        self._asked: OrderedDict[Tile, None] = OrderedDict()
        self._drawing = False

    @property
    def _inner(self) -> Size:
        """The size within the scrollbars."""
        return self.scrollable_content_region.size

    @property
    def _tile_size(self) -> tuple[int, int]:
        """Columns and rows of a tile; pictures of a grid all have one shape."""
        width = self._inner.width // max(self.sheet.columns, 1) - 2
        width = min(max(width, _LEAST_TILE), _MOST_TILE)
        rows = max(round(width / 2 * self._aspect), 3)
        labels = 1 + len(self._heads)
        most = max(self._inner.height - labels, 3)
        if self.sheet.rows > 1 and most > 2 * _LEAST_ROWS:
            most = self._inner.height // 2 - labels
        if rows > most:
            rows = most
            width = max(round(rows * 2 / self._aspect), _LEAST_TILE)
        return width, rows

    @property
    def _block_height(self) -> int:
        """A line for the row's labels, the pictures, and lines for the columns' labels."""
        return self._tile_size[1] + 1 + len(self._heads)

    def redraw(self) -> None:
        """Draw again: another page, or cells were finished."""
        self._heads = self.sheet.heads()
        columns, _ = self._tile_size
        self.virtual_size = Size(
            self.sheet.columns * (columns + 2), self.sheet.rows * self._block_height
        )
        self.refresh()

    def on_resize(self) -> None:
        """Tiles get another size."""
        self.redraw()
        self._reveal()

    def render_line(self, y: int) -> Strip:
        """Draw one line of the tiles in view."""
        line = self.scroll_offset.y + y
        row, part = divmod(line, self._block_height)
        base = self.rich_style
        if row >= self.sheet.rows:
            return Strip.blank(self._inner.width, base)
        _, rows = self._tile_size
        if part == 0:
            strip = self._label_line(row, base)
        elif part <= rows:
            strip = self._picture_line(row, part - 1, base)
        else:
            strip = self._head_line(row, self._heads[part - rows - 1], base)
        left = self.scroll_offset.x
        return strip.crop_extend(left, left + self._inner.width, base)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"cell--{name}", partial=True)

    def _label_line(self, row: int, base: Style) -> Strip:
        width = max(self._inner.width, self.virtual_size.width)
        record = self.sheet.record
        text = place_words(record, self.sheet.row_place(row)) or cell_text(record.prompt)
        here = row == self.sheet.row
        return Strip(
            [Segment(fit(f" {text}", width), base + self._style("here" if here else "label"))]
        )

    def _head_line(self, row: int, heads: Sequence[Head], base: Style) -> Strip:
        """Return a line of labels, each in the middle of what is in view of its columns."""
        width = self._tile_size[0] + 2
        view_left = self.scroll_offset.x
        view_right = view_left + self._inner.width
        segments = []
        for head in heads:
            here = row == self.sheet.row and 0 <= self.sheet.column - head.column < head.span
            flipped = here and self.sheet.flipped and heads is self._heads[0]
            text = "base" if flipped else cell_text(head.text, 200)
            begin, room = head.column * width, head.span * width
            left, right = max(begin, view_left), min(begin + room, view_right)
            if head.span == 1 or right - left < width:
                left, right = begin, begin + room
            text = _within(text, right - left - 2)
            text = f"❯{text}❮" if here else text
            indent = left - begin + (right - left - cell_len(text)) // 2
            style = base + self._style("here" if here else "head")
            segments.append(Segment(fit(" " * indent + text, room), style))
        return Strip(segments)

    def _picture_line(self, row: int, line: int, base: Style) -> Strip:
        parts: list[Strip] = []
        edge = base + self._style("here")
        for column in range(self.sheet.columns):
            here = self._is_here(row, column)
            cell = self.sheet.shown_cell if here else self.sheet.cell(row, column)
            parts.append(Strip([Segment("▐" if here else " ", edge)], 1))
            parts.append(self._tile_line(cell, line, base))
            parts.append(Strip([Segment("▌" if here else " ", edge)], 1))
        return Strip.join(parts)

    def _is_here(self, row: int, column: int) -> bool:
        return (row, column) == (self.sheet.row, self.sheet.column)

    def _tile_line(self, cell: SheetCell, line: int, base: Style) -> Strip:
        columns, rows = self._tile_size
        if cell.path is not None and self._mode is not PictureMode.OFF:
            strips = self._tile((cell.path, columns, rows))
            if strips is not None:
                return strips[line] if line < len(strips) else Strip.blank(columns, base)
            text, name = "", "wait"
        elif cell.path is not None:
            text, name = cell.path.name, "wait"
        elif cell.error is not None:
            text, name = f"✗ {cell.error}", "failed"
        elif cell.left_out:
            return Strip.blank(columns, base)
        else:
            text, name = "· · ·", "wait"
        return Strip([Segment(_wrapped(text, columns, rows, line), base + self._style(name))])

    def _tile(self, tile: Tile) -> list[Strip] | None:
        if tile in self._tiles:
            self._tiles.move_to_end(tile)
            return self._tiles[tile]
        self._asked[tile] = None
        if not self._drawing:
            self._drawing = True
            self.call_later(self._draw_asked)
        return None

    def _draw_asked(self) -> None:
        """Decode the tiles that were missing, a few at a time, what was asked for last first."""
        batch = [self._asked.popitem()[0] for _ in range(min(_BATCH, len(self._asked)))]
        self._asked.clear()
        self._drawing = bool(batch)
        if not batch:
            return

        def draw() -> list[tuple[Tile, list[Strip] | None, float]]:
            return [(tile, *_draw_tile(tile)) for tile in batch]

        in_background(self, "tiles", draw, self._keep, exclusive=False)

    def _keep(self, drawn: list[tuple[Tile, list[Strip] | None, float]]) -> None:
        aspect = self._aspect
        for tile, strips, tile_aspect in drawn:
            self._tiles[tile] = strips
            aspect = tile_aspect or aspect
        while len(self._tiles) > _KEPT_TILES:
            self._tiles.popitem(last=False)
        self._drawing = False
        if abs(aspect - self._aspect) > 0.01:
            self._aspect = aspect
            self.redraw()
        self.refresh()

    def _reveal(self) -> None:
        columns, _ = self._tile_size
        block = self._block_height
        place = Region(
            self.sheet.column * (columns + 2), self.sheet.row * block, columns + 2, block
        )
        self.scroll_to_region(place, animate=False, force=True)

    def sheet_moved(self) -> None:
        """Show the other cell, and tell."""
        if self.sheet.page != self._page:
            self._page = self.sheet.page
            self.redraw()
        self._reveal()
        self.refresh()
        self.post_message(self.Moved())

    def do_zoom(self) -> None:
        """Show the cell large."""
        self.post_message(self.Zoomed())

    def do_copy_cell(self) -> None:
        """Copy the path of the picture."""
        self.post_message(self.CopyWanted())

    def do_back(self) -> None:
        """Leave the grid."""
        self.post_message(self.Left())


def _within(text: str, room: int) -> str:
    """Return a text in at most `room` cells, with `…` where it was cut."""
    return text if cell_len(text) <= room else set_cell_size(text, max(room - 1, 0)) + "…"


def _draw_tile(tile: Tile) -> tuple[list[Strip] | None, float]:
    path, columns, rows = tile
    try:
        image = load_picture(path, max(columns, rows * 2) * 2)
    except FormatError:
        return [Strip([Segment(fit("✗ no picture", columns))], columns)], 0.0
    cells = fit_cells(image.width, image.height, columns, rows)
    return _centred(half_blocks(image, *cells), columns, rows), image.height / image.width


def _centred(strips: list[Strip], columns: int, rows: int) -> list[Strip]:
    left = (columns - strips[0].cell_length) // 2
    top = (rows - len(strips)) // 2
    blank = Strip.blank(columns)
    padded = [
        Strip.join([Strip.blank(left), strip, Strip.blank(columns - left - strip.cell_length)])
        for strip in strips
    ]
    return [blank] * top + padded + [blank] * (rows - top - len(strips))


def _wrapped(text: str, columns: int, rows: int, line: int) -> str:
    """Return line `line` of a text that stands in the middle of a tile."""
    lines = _lines(text, max(columns - 2, 1))[:rows]
    index = line - (rows - len(lines)) // 2
    if not 0 <= index < len(lines):
        return " " * columns
    return fit(f" {lines[index]}", columns)


@lru_cache(256)
def _lines(text: str, room: int) -> tuple[str, ...]:
    """Return a text in lines of `room` cells; a short one stands in the middle."""
    lines = tuple(part.plain.rstrip() for part in Content(cell_text(text)).wrap(room))
    return (f"{lines[0]:^{room}}",) if len(lines) == 1 else lines
