"""The pictures of a grid's page as tiles, between labels that stay; cells appear as they come."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Offset, Region, Size, Spacing
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from loradex_tui.actions import bindings
from loradex_tui.cells import cell_text, fit
from loradex_tui.grids.sheet import GridSheet, Head, SheetCell
from loradex_tui.grids.words import place_words, state_words
from loradex_tui.pictures.choice import PictureMode
from loradex_tui.widgets.cell_tiles import CellTiles
from loradex_tui.widgets.sheet_walker import SheetWalker

_LEAST_TILE = 14
_MOST_TILE = 44
_LEAST_ROWS = 9
"""Below this a second row of pictures is not worth what it takes from the first."""
_FEWEST_ROWS = 4
"""Below this a picture shows nothing, and words stand in its place."""
_WORD_TILE = 14
_WIDEST_LABEL = 26
_LEAST_LABEL = 8


class CellView(ScrollView, SheetWalker, can_focus=True):
    """A page of the grid: labels of columns above, of rows at the left, both always in view."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("sheet")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "cell--head",
        "cell--here",
        "cell--label",
        "cell--wait",
        "cell--done",
        "cell--failed",
        "cell--picked",
    }
    DEFAULT_CSS = """
    CellView { background: $surface; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 1;
               scrollbar-gutter: stable; }
    CellView > .cell--head { color: $quiet; }
    CellView > .cell--here { color: $accent; text-style: bold; }
    CellView > .cell--label { color: $secondary; }
    CellView > .cell--wait { color: $quiet; background: $panel; }
    CellView > .cell--done { color: $foreground; background: $panel; }
    CellView > .cell--failed { color: $error; background: $panel; }
    CellView > .cell--picked { color: $warning; text-style: bold; }
    """

    class Moved(Message):
        """Another cell is looked at."""

    class Zoomed(Message):
        """The person wants to see the cell large."""

    class Left(Message):
        """The person wants to leave the grid."""

    def __init__(self, sheet: GridSheet, mode: PictureMode) -> None:
        super().__init__()
        self.sheet = sheet
        self._page = sheet.page
        self._heads = sheet.heads()
        self._aspect = 1.0
        self._tiles = CellTiles(self, mode, self._came)

    @property
    def mode(self) -> PictureMode:
        """How pictures are drawn."""
        return self._tiles.mode

    @mode.setter
    def mode(self, mode: PictureMode) -> None:
        if mode is not self._tiles.mode:
            self._tiles.forget()
            self._tiles.mode = mode
            self.redraw()

    @property
    def _inner(self) -> Size:
        """The size within the scrollbars."""
        return self.scrollable_content_region.size

    @property
    def _label_width(self) -> int:
        """Cells at the left for what rows are called; none where a page has a single row."""
        if self.sheet.rows < 2:
            return 0
        longest = max(cell_len(self._row_words(row)) for row in range(self.sheet.rows))
        return min(max(longest + 1, _LEAST_LABEL), max(self._inner.width // 4, _LEAST_LABEL),
                   _WIDEST_LABEL)  # fmt: skip

    @property
    def worded(self) -> bool:
        """True where words stand for pictures: those are off, or there is no room for them."""
        room = self._inner.height - len(self._heads)
        return self._tiles.mode is PictureMode.OFF or room < _FEWEST_ROWS + 1

    @property
    def _tile_size(self) -> tuple[int, int]:
        """Columns and rows of a tile; pictures of a grid all have one shape."""
        room = self._inner.width - self._label_width
        width = room // max(self.sheet.columns, 1) - 2
        if self.worded:
            return min(max(width, _WORD_TILE), _MOST_TILE), self._word_rows
        width = min(max(width, _LEAST_TILE), _MOST_TILE, max(room - 2, _WORD_TILE))
        rows = max(round(width / 2 * self._aspect), 3)
        height = self._inner.height - len(self._heads)
        most = max(height - 1, 3)
        if self.sheet.rows > 1 and most > 2 * _LEAST_ROWS:
            most = height // 2 - 1
        if rows > most:
            rows = most
            width = max(round(rows * 2 / self._aspect), _LEAST_TILE)
        return width, rows

    @property
    def _word_rows(self) -> int:
        """Rows of a cell of words: as many as its row's label needs, three at most."""
        width = self._label_width
        if not width:
            return 1
        needed = max(len(_lines(self._row_words(row), width - 1)) for row in range(self.sheet.rows))
        return min(needed, 3)

    @property
    def _block(self) -> Size:
        """A tile with the frame beside it, and the line below."""
        columns, rows = self._tile_size
        return Size(columns + 2, rows + 1)

    def redraw(self) -> None:
        """Draw again: another page, or cells were finished."""
        self._heads = self.sheet.heads()
        block = self._block
        self.virtual_size = Size(
            self._label_width + self.sheet.columns * block.width,
            len(self._heads) + self.sheet.rows * block.height,
        )
        self.refresh()

    def on_resize(self) -> None:
        """Tiles get another size."""
        self.redraw()
        self._reveal()

    def on_unmount(self) -> None:
        """Let the terminal forget the pictures."""
        self._tiles.forget()

    def on_click(self, event: events.Click) -> None:
        """Go to the cell under the mouse; a second click shows it large."""
        place = event.get_content_offset(self)
        found = None if place is None else self._cell_at(place)
        if found is None:
            return
        self.sheet.move(found[0] - self.sheet.row, found[1] - self.sheet.column)
        self.sheet_moved()
        if event.chain > 1 and self.sheet.current.path is not None:
            self.do_zoom()

    def _cell_at(self, place: Offset) -> tuple[int, int] | None:
        """Return the row and column of a cell that is drawn at a place of this widget."""
        heads, labels, block = len(self._heads), self._label_width, self._block
        if place.y < heads or place.x < labels:
            return None
        row = (place.y - heads + self.scroll_offset.y) // block.height
        column = (place.x - labels + self.scroll_offset.x) // block.width
        there = row < self.sheet.rows and column < self.sheet.columns
        return (row, column) if there else None

    def render_line(self, y: int) -> Strip:
        """Draw one line: of the labels above, or of the tiles in view."""
        base = self.rich_style
        width, labels = self._inner.width, self._label_width
        heads = len(self._heads)
        left = self.scroll_offset.x
        if y < heads:
            strip = self._head_line(self._heads[heads - 1 - y], base)
            blank = Strip([Segment(" " * labels, base)], labels)
            return Strip.join(
                [blank, strip.crop_extend(left, left + width - labels, base)]
            ).crop_extend(0, width, base)
        row, part = divmod(y - heads + self.scroll_offset.y, self._block.height)
        if row >= self.sheet.rows:
            return Strip.blank(width, base)
        _, rows = self._tile_size
        strip = self._tile_row(row, part, base) if part < rows else Strip.blank(0)
        return Strip.join(
            [
                self._label_part(row, part, labels, base),
                strip.crop_extend(left, left + width - labels, base),
            ]
        )

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"cell--{name}", partial=True)

    def _row_words(self, row: int) -> str:
        record = self.sheet.record
        return place_words(record, self.sheet.row_place(row)) or cell_text(record.prompt)

    def _label_part(self, row: int, part: int, width: int, base: Style) -> Strip:
        """Return one line of what a row is called, wrapped beside its pictures."""
        if not width:
            return Strip.blank(0)
        lines = _lines(self._row_words(row), width - 1)
        rows = self._tile_size[1]
        if len(lines) > rows:
            lines = (*lines[: rows - 1], f"{lines[rows - 1]}…")
        here = row == self.sheet.row
        text = lines[part] if part < len(lines) else ""
        style = base + self._style("here" if here else "label")
        return Strip([Segment(fit(text, width), style)], width)

    def _head_line(self, heads: Sequence[Head], base: Style) -> Strip:
        """Return a line of labels, each in the middle of what is in view of its columns."""
        width = self._block.width
        view_left = self.scroll_offset.x
        view_right = view_left + self._inner.width - self._label_width
        innermost = heads is self._heads[0]
        segments = []
        for head in heads:
            here = 0 <= self.sheet.column - head.column < head.span
            other = self.sheet.other
            flipped = here and self.sheet.flipped and innermost and other is not None
            text = other[0] if flipped and other else cell_text(head.text, 200)
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

    def _tile_row(self, row: int, line: int, base: Style) -> Strip:
        parts: list[Strip] = []
        for column in range(self.sheet.columns):
            here = (row, column) == (self.sheet.row, self.sheet.column)
            picked = self.sheet.is_picked(row, column)
            cell = self.sheet.shown_cell if here else self.sheet.cell(row, column)
            edge = base + self._style("picked" if picked and not here else "here")
            left, right = ("▐", "▌") if here else ("┃", "┃") if picked else (" ", " ")
            parts.append(Strip([Segment(left, edge)], 1))
            parts.append(self._tile_line(cell, line, base))
            parts.append(Strip([Segment(right, edge)], 1))
        return Strip.join(parts)

    def _tile_line(self, cell: SheetCell, line: int, base: Style) -> Strip:
        columns, rows = self._tile_size
        if cell.left_out:
            return Strip.blank(columns, base)
        if cell.path is not None and not self.worded:
            strips = self._tiles.get((cell.path, columns, rows))
            if strips is not None:
                return strips[line] if line < len(strips) else Strip.blank(columns, base)
            text, name = "", "wait"
        else:
            done = "done" if cell.path is not None else "wait"
            text, name = state_words(cell), "failed" if cell.error is not None else done
        return Strip([Segment(_wrapped(text, columns, rows, line), base + self._style(name))])

    def _came(self, aspect: float) -> None:
        """Draw what came; the first picture tells the shape of all."""
        if aspect and abs(aspect - self._aspect) > 0.01:
            self._aspect = aspect
            self.redraw()
        self.refresh()

    def _reveal(self) -> None:
        """Scroll so that the cell is in view below and beside the labels."""
        block, heads, labels = self._block, len(self._heads), self._label_width
        place = Region(
            labels + self.sheet.column * block.width,
            heads + self.sheet.row * block.height,
            block.width,
            block.height,
        )
        self.scroll_to_region(
            place, animate=False, force=True, spacing=Spacing(heads, 0, 0, labels)
        )

    def sheet_moved(self) -> None:
        """Show the other cell, and tell."""
        if self.sheet.page != self._page:
            self._page = self.sheet.page
            self.redraw()
        self._reveal()
        self.refresh()
        self.post_message(self.Moved())

    def turned(self) -> None:
        """Show the page after rows and columns have changed places."""
        self.redraw()
        self.sheet_moved()

    def do_zoom(self) -> None:
        """Show the cell large."""
        self.post_message(self.Zoomed())

    def do_back(self) -> None:
        """Leave the grid."""
        self.post_message(self.Left())


def _within(text: str, room: int) -> str:
    """Return a text in at most `room` cells, with `…` where it was cut."""
    return text if cell_len(text) <= room else set_cell_size(text, max(room - 1, 0)) + "…"


def _wrapped(text: str, columns: int, rows: int, line: int) -> str:
    """Return line `line` of a text that stands in the middle of a tile."""
    lines = _lines(text, max(columns - 2, 1))[:rows]
    index = line - (rows - len(lines)) // 2
    if not 0 <= index < len(lines):
        return " " * columns
    room = max(columns - 2, 1)
    shown = f"{lines[index]:^{room}}" if len(lines) == 1 else lines[index]
    return fit(f" {shown}", columns)


@lru_cache(512)
def _lines(text: str, room: int) -> tuple[str, ...]:
    """Return a text in lines of at most `room` cells."""
    return tuple(part.plain.rstrip() for part in Content(cell_text(text)).wrap(max(room, 1)))
