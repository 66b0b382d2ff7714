"""The models as pictures: tiles in rows, with the keys and marks of the list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.geometry import Offset, Region, Size
from textual.strip import Strip

from loradex.domain.models import ModelRow
from loradex_tui.actions import bindings
from loradex_tui.cells import fit
from loradex_tui.pictures.choice import PictureMode
from loradex_tui.widgets.model_list import ModelList
from loradex_tui.widgets.tile_pictures import Read, Tile, TilePictures, TileShape
from loradex_tui.wording import kind_label, row_base, size_text, stars, state_mark

_LEAST_WIDTH = 19
"""Cells of a tile with its edges; wider ones share what is left."""
_USUAL_HEIGHT = 11
_KEPT_ROWS = 40
"""Rows of tiles whose lines are kept."""
_CARD = 5
"""Rows from which a tile without a picture tells of the model."""
_TALL = 11
"""Lines from which a tile has a second line of words, and a blank one."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """How the tiles stand: `words` of a tile's lines are below its picture."""

    columns: int
    width: int
    height: int
    words: int

    @property
    def picture(self) -> tuple[int, int]:
        """Columns and rows of a picture."""
        blank = 1 if self.words > 1 else 0
        return self.width - 2, max(self.height - self.words - blank, 1)


class Gallery(ModelList):
    """Models as tiles. Cursor and marks are glyphs, too: colours are not needed to see them."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("gallery")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"tile--edge", "tile--ground", "tile--marked"}
    DEFAULT_CSS = """
    Gallery > .tile--edge { color: $quiet; }
    Gallery:focus > .tile--edge { color: $accent; text-style: bold; }
    Gallery > .tile--ground { background: $panel; color: $quiet; }
    Gallery > .tile--marked { color: $accent; text-style: bold; }
    """

    def __init__(
        self,
        beside: ModelList,
        here: Read,
        of_hub: Read,
        mode: PictureMode,
        *,
        id: str | None = None,
    ) -> None:
        """Share the rows and the marks of the list `beside`; see `TilePictures` for the rest."""
        super().__init__(beside.fetch_rows, id=id)
        self.window, self.marked = beside.window, beside.marked
        self.mode = mode
        self._pictures = TilePictures(self, here, of_hub, self._arrived)
        self._lines: dict[int, tuple[object, list[Strip]]] = {}
        self._looking = False

    def on_mount(self) -> None:
        """Draw as the app does from now on, if it changes that."""
        self.watch(self.app, "pictures", self._draw_as, init=False)
        # While the shell had the terminal, that forgot what it was given.
        self.app.app_resume_signal.subscribe(self, lambda _app: self.forget_pictures())

    def on_unmount(self) -> None:
        """Let the terminal forget what it was given."""
        self._pictures.forget()

    def _draw_as(self, mode: PictureMode) -> None:
        self.mode = mode
        self.forget_pictures()

    def forget_pictures(self) -> None:
        """Look for pictures again: some may be new."""
        self._pictures.forget()
        self._lines.clear()
        self.refresh()

    @property
    def frame(self) -> _Frame:
        """How tiles stand in the room there is."""
        room = self.scrollable_content_region.size
        columns = max(room.width // _LEAST_WIDTH, 1)
        pages = max(round(room.height / (_USUAL_HEIGHT + 1)), 1)
        if room.height >= 16:
            pages = max(pages, 2)
        height = max(room.height // pages, 4)
        return _Frame(columns, max(room.width // columns, 6), height, 2 if height >= _TALL else 1)

    def extent(self) -> Size:
        """Return the size of all tiles together."""
        frame = self.frame
        rows = -(-self.line_count // frame.columns)
        return Size(max(self.size.width, 1), rows * frame.height)

    def in_view(self) -> range:
        """Return the places of the tiles that can be seen."""
        frame = self.frame
        first = self.scroll_offset.y // frame.height
        last = (self.scroll_offset.y + max(self.size.height, 1) - 1) // frame.height
        return range(first * frame.columns, (last + 1) * frame.columns)

    def index_at(self, offset: Offset) -> int:
        """Return which tile is at a place of the content; -1 for none."""
        frame = self.frame
        row = (self.scroll_offset.y + offset.y) // frame.height
        column = offset.x // frame.width
        return row * frame.columns + column if column < frame.columns else -1

    def on_mark(self, offset: Offset) -> bool:
        """Tell whether a click meant the mark: the first cells of the line with the name."""
        frame = self.frame
        line = (self.scroll_offset.y + offset.y) % frame.height
        return line == frame.picture[1] and offset.x % frame.width < 2

    def redraw(self, index: int) -> None:
        """Draw edges and words of a tile again; its picture stays as it is on the screen."""
        frame = self.frame
        row, column = divmod(index, frame.columns)
        x, y = column * frame.width, row * frame.height - self.scroll_offset.y
        rows = frame.picture[1]
        self.refresh(
            Region(x, y, 1, rows),
            Region(x + frame.width - 1, y, 1, rows),
            Region(x, y + rows, frame.width, frame.words),
        )

    def _reveal(self) -> None:
        """Scroll a page at a time: what was drawn once is seldom drawn again a row further."""
        frame, height = self.frame, self.scrollable_content_region.height
        top = self.scroll_offset.y
        first = self.cursor // frame.columns * frame.height
        if height <= 0 or (top <= first and first + frame.height <= top + height):
            return
        fits = max(height // frame.height, 1)
        target = first if first > top else first - (fits - 1) * frame.height
        self.scroll_to(y=max(target, 0), animate=False, force=True)

    def _page(self) -> int:
        frame = self.frame
        return max(self.scrollable_content_region.height // frame.height, 1) * frame.columns

    def render_line(self, y: int) -> Strip:
        """Return one line of a row of tiles."""
        frame, style = self.frame, self.rich_style
        row, part = divmod(self.scroll_offset.y + y, frame.height)
        if row * frame.columns >= self.line_count:
            return Strip.blank(self.scrollable_content_region.width, style)
        return self._row(row, frame, style)[part]

    def _row(self, row: int, frame: _Frame, style: Style) -> list[Strip]:
        """Return the lines of a row of tiles; they are composed when something in it changed."""
        first = row * frame.columns
        places = range(first, min(first + frame.columns, self.line_count))
        models = [self.window.row(place) for place in places]
        ids = [self.window.ids[place] for place in places]
        tiles = [self._pictures.tile(id_) for id_ in ids]
        here = self.cursor if self.cursor in places else -1
        marked = tuple(id_ in self.marks for id_ in ids)
        state = (frame, style, here, marked, self.has_focus, ids, models, tiles)
        known = self._lines.get(row)
        if known is not None and known[0] == state:
            return known[1]
        self._look_soon()
        width = self.scrollable_content_region.width
        left = width - len(ids) * frame.width
        drawn = [
            list(self._tile(model, tile, frame, style, cursor=place == here, marked=mark))
            for place, model, tile, mark in zip(places, models, tiles, marked, strict=True)
        ]
        lines = [
            Strip([*(each for tile in drawn for each in tile[part]), Segment(" " * left, style)])
            for part in range(frame.height)
        ]
        if len(self._lines) >= _KEPT_ROWS:
            self._lines.clear()
        self._lines[row] = (state, lines)
        return lines

    def _tile(
        self,
        row: ModelRow | None,
        tile: Tile | None,
        frame: _Frame,
        base: Style,
        *,
        cursor: bool,
        marked: bool,
    ) -> Iterator[list[Segment]]:
        """Yield the lines of a tile: the picture between its edges, then words, then a blank."""
        columns, rows = frame.picture
        edge = base + self.tone("tile--edge")
        left = Segment("▐" if cursor else " ", edge)
        right = Segment("▌" if cursor else " ", edge)
        strips = tile.drawing.strips if tile is not None and tile.drawing is not None else None
        instead = [] if strips else self._card(row, tile, columns, rows)
        ground = base + self.tone("tile--ground")
        for line in range(rows):
            if strips is not None:
                middle = list(strips[line].apply_style(base))
            else:
                text = instead[line] if line < len(instead) else ""
                middle = [Segment(_centred(text, columns), ground)]
            yield [left, *middle, right]
        line_style = base + self.tone("line--cursor") if cursor else base
        yield self._name_line(row, frame.width, line_style, cursor=cursor, marked=marked)
        if frame.words > 1:
            yield self._facts_line(row, frame.width, line_style)
            yield [Segment(" " * frame.width, base)]

    def _name_line(
        self, row: ModelRow | None, width: int, style: Style, *, cursor: bool, marked: bool
    ) -> list[Segment]:
        name = style + self.tone("tile--marked" if marked else "model--name")
        state = f"{state_mark(row.state)} " if row and state_mark(row.state).strip() else ""
        return [
            Segment("❯" if cursor else " ", style + self.tone("model--cursor")),
            Segment("*" if marked else " ", style + self.tone("model--mark")),
            Segment(state, style + self.tone("model--state")),
            Segment(fit(row.name if row else "·", width - 3 - cell_len(state)) + " ", name),
        ]

    def _facts_line(self, row: ModelRow | None, width: int, style: Style) -> list[Segment]:
        if row is None:
            return [Segment(" " * width, style)]
        rating = stars(row.rating) + ("♥" if row.favourite else "")
        room = max(width - 4 - cell_len(rating), 0)
        facts = " ".join(part for part in (kind_label(row.kind), row_base(row)) if part)
        return [
            Segment("  ", style),
            Segment(fit(facts, room) + " ", style + self.tone("model--kind")),
            Segment(f"{rating} ", style + self.tone("model--rating")),
        ]

    def _card(self, row: ModelRow | None, tile: Tile | None, columns: int, rows: int) -> list[str]:
        """Return what stands in a tile without a picture."""
        if row is None:
            return []
        facts = (kind_label(row.kind), row_base(row), size_text(row.size))
        words = [fact for fact in facts if fact]
        if self.mode is PictureMode.OFF:
            words += [", ".join(row.tags[:2])] if row.tags else []
        elif tile is None:
            words = ["…"]
        else:
            why = tile.word or "no picture"
            words = [why] if rows < _CARD else [*words, "", why]
        top = max((rows - len(words)) // 2, 0)
        return [""] * top + [fit(word, columns - 2).rstrip() for word in words]

    def _look_soon(self) -> None:
        if not self._looking:
            self._looking = True
            self.call_later(self._look)

    def _look(self) -> None:
        """Fetch the rows that are missing, and the pictures of what is in view and of the next."""
        self._looking = False
        view = range(self.in_view().start, min(self.in_view().stop, self.line_count))
        after = range(view.stop, min(view.stop + len(view), self.line_count))
        if any(self.window.row(place) is None for place in view) or self.window.lacks:
            self._fetch_soon()
        if self.mode is PictureMode.OFF:
            return
        columns, rows = self.frame.picture
        # Sixels cannot be cut into tiles that scroll.
        mode = PictureMode.HALF if self.mode is PictureMode.SIXEL else self.mode
        self._pictures.use(TileShape(columns, rows, mode, self.app.current_theme.dark))
        models = (self.window.row(place) for part in (view, after) for place in part)
        self._pictures.want(row for row in models if row is not None)
        self._pictures.rested(self.window.ids[place] for place in view)

    def _arrived(self, ids: list[int]) -> None:
        """Draw the tiles whose pictures came, and read on."""
        frame = self.frame
        top, came = self.scroll_offset.y, set(ids)
        for place in self.in_view():
            if place < self.line_count and self.window.ids[place] in came:
                row, column = divmod(place, frame.columns)
                x, y = column * frame.width, row * frame.height - top
                self.refresh(Region(x, y, frame.width, frame.height))
        self._look()

    def do_down(self) -> None:
        """One row down; from above the last row's end, to the last tile."""
        columns, last = self.frame.columns, self.line_count - 1
        if self.cursor + columns <= last or self.cursor // columns < last // columns:
            self.move_to(self.cursor + columns)

    def do_up(self) -> None:
        """One row up."""
        if self.cursor >= self.frame.columns:
            self.move_to(self.cursor - self.frame.columns)

    def do_left(self) -> None:
        """One tile to the left, or to the end of the row above."""
        self.move_to(self.cursor - 1)

    def do_right(self) -> None:
        """One tile to the right, or to the start of the row below."""
        self.move_to(self.cursor + 1)

    def do_half_down(self) -> None:
        """A row down: half a page of pictures is not much more."""
        self.do_down()

    def do_half_up(self) -> None:
        """A row up."""
        self.do_up()

    def do_mark(self) -> None:
        """Mark or unmark the tile, and step on."""
        if self.current_id is not None:
            self._toggle()
            self.do_right()

    def do_extend_down(self) -> None:
        """Mark on by a row."""
        self._extend_by(self.frame.columns)

    def do_extend_up(self) -> None:
        """Mark on by a row, upwards."""
        self._extend_by(-self.frame.columns)


def _centred(text: str, columns: int) -> str:
    room = columns - cell_len(text)
    return " " * (room // 2) + text + " " * (room - room // 2)
