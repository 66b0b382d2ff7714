"""A list of single lines, drawn only where it is seen: its cost does not grow with its length."""

from __future__ import annotations

from math import ceil
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import Reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from loradex_tui.actions import bindings
from loradex_tui.actor import Actor


class LineList(ScrollView, Actor, can_focus=True):
    """Cursor, scrolling and mouse over `line_count` lines; a subclass draws a line.

    The cursor stands on a line that `selectable` allows, or at 0 when there is none.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("list")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"line--cursor"}
    DEFAULT_CSS = """
    LineList {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
        background: $surface;
        color: $foreground;
    }
    LineList > .line--cursor {
        background: $block-cursor-blurred-background;
        color: $block-cursor-blurred-foreground;
    }
    LineList:focus > .line--cursor {
        background: $block-cursor-background;
        color: $block-cursor-foreground;
    }
    LineList:ansi > .line--cursor { background: ansi_default; text-style: bold; }
    LineList:ansi:focus > .line--cursor { text-style: reverse; }
    """

    class Moved(Message):
        """The cursor stands on another line, or the lines are others."""

        def __init__(self, list_: LineList) -> None:
            super().__init__()
            self.list = list_

        @property
        def control(self) -> LineList:
            """The list that was moved in."""
            return self.list

    class Clicked(Message):
        """The mouse chose the line of the cursor."""

        def __init__(self, list_: LineList, column: int, times: int) -> None:
            super().__init__()
            self.list = list_
            self.column = column
            self.times = times

        @property
        def control(self) -> LineList:
            """The list that was clicked."""
            return self.list

    # Textual's lays the whole screen out for every other number of lines.
    virtual_size: Reactive[Size] = Reactive(Size(0, 0), layout=False)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.line_count = 0
        self.cursor = 0
        self._width = 0
        self._bar_of: tuple[Size, Size] | None = None
        self._tones: dict[str, Style] = {}

    def draw(self, index: int, width: int, base: Style, *, cursor: bool) -> list[Segment]:
        """Return line `index` in exactly `width` cells."""
        raise NotImplementedError

    def selectable(self, index: int) -> bool:
        """True when the cursor may stand on this line."""
        return 0 <= index < self.line_count

    def tone(self, name: str) -> Style:
        """Return what a component class adds to a line's style."""
        style = self._tones.get(name)
        if style is None:
            style = self._tones[name] = self.get_component_rich_style(name, partial=True)
        return style

    @property
    def ground(self) -> Style:
        """The style of a line to which nothing is added."""
        style = self._tones.get("")
        if style is None:
            style = self._tones[""] = self.rich_style
        return style

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw the visible lines; styles and width are worked out once for all of them."""
        self._tones.clear()
        self._width = self.scrollable_content_region.width
        return super().render_lines(crop)

    def extent(self) -> Size:
        """Return the size of all lines together."""
        return Size(max(self.size.width, 1), self.line_count)

    def redraw(self, index: int) -> None:
        """Draw one line again."""
        self.refresh_line(index)

    def set_line_count(self, count: int, cursor: int = 0) -> None:
        """Show other lines and put the cursor on `cursor`, or as near as there is a line."""
        self.line_count = count
        self.virtual_size = self.extent()
        self.cursor = self._settle(min(max(cursor, 0), max(count - 1, 0)), 1)
        self._reveal()
        self.refresh()
        self.post_message(self.Moved(self))

    def move_to(self, index: int) -> None:
        """Put the cursor on a line, or on the nearest one in that direction."""
        target = min(max(index, 0), max(self.line_count - 1, 0))
        target = self._settle(target, 1 if index >= self.cursor else -1)
        if target == self.cursor:
            return
        before, self.cursor = self.cursor, target
        self.redraw(before)
        self.redraw(target)
        self._reveal()
        self.post_message(self.Moved(self))

    def _settle(self, index: int, step: int) -> int:
        for direction in (step, -step):
            at = index
            while 0 <= at < self.line_count:
                if self.selectable(at):
                    return at
                at += direction
        return 0

    def _reveal(self) -> None:
        """Scroll when the cursor left the view: far enough that the next steps need none."""
        height = self.scrollable_content_region.height
        top = self.scroll_offset.y
        if height <= 0 or top <= self.cursor < top + height:
            return
        near = top - height < self.cursor < top + 2 * height
        margin = height // 2 if near and height > 4 else 0
        above = self.cursor < top
        target = self.cursor - height + 1 + margin if above else self.cursor - margin
        self.scroll_to(y=max(target, 0), animate=False, force=True)

    def render_line(self, y: int) -> Strip:
        """Draw one visible line."""
        index = self.scroll_offset.y + y
        width = self._width
        style = self.ground
        if index >= self.line_count:
            return Strip.blank(width, style)
        cursor = index == self.cursor
        if cursor:
            style += self.tone("line--cursor")
        return Strip(self.draw(index, width, style, cursor=cursor), width)

    def watch_virtual_size(self, size: Size) -> None:
        """Fit the scrollbar to another number of lines; a list that grows with them, itself."""
        self._scroll_update(size)
        if self.styles.auto_dimensions:
            self.refresh(layout=True)

    def _scroll_update(self, virtual_size: Size) -> None:
        """Leave the scrollbar alone where nothing of it changes: every layout asks for it."""
        bar_of = (virtual_size, self.container_size)
        if bar_of != self._bar_of:
            self._bar_of = bar_of
            super()._scroll_update(virtual_size)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Draw other lines; the scrollbar only when its thumb moves by what can be seen."""
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = self._thumb_at(new_value)
        if round(old_value) != round(new_value):
            self.refresh(self.size.region)

    def _thumb_at(self, y: float) -> float:
        """Return the first position at which the scrollbar looks as it does at `y`."""
        height, rest = self.container_size.height, self.max_scroll_y
        steps = 8 * height  # eighths of a cell
        if rest <= steps:
            return y
        return ceil(int(y / rest * steps) * rest / steps)

    def on_resize(self, _event: events.Resize) -> None:
        """Keep the cursor in view when the list becomes smaller."""
        self.virtual_size = self.extent()
        self._reveal()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        index = self.scroll_offset.y + offset.y
        if self.selectable(index):
            self.move_to(index)
            self.post_message(self.Clicked(self, offset.x, event.chain))

    def _page(self) -> int:
        return max(self.scrollable_content_region.height - 1, 1)

    def do_down(self) -> None:
        """One line down."""
        self.move_to(self.cursor + 1)

    def do_up(self) -> None:
        """One line up."""
        self.move_to(self.cursor - 1)

    def do_page_down(self) -> None:
        """One page down."""
        self.move_to(self.cursor + self._page())

    def do_page_up(self) -> None:
        """One page up."""
        self.move_to(self.cursor - self._page())

    def do_half_down(self) -> None:
        """Half a page down."""
        self.move_to(self.cursor + max(self._page() // 2, 1))

    def do_half_up(self) -> None:
        """Half a page up."""
        self.move_to(self.cursor - max(self._page() // 2, 1))

    def do_first(self) -> None:
        """To the first line."""
        self.move_to(0)

    def do_last(self) -> None:
        """To the last line."""
        self.move_to(self.line_count - 1)
