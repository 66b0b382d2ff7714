"""Lines of text that scroll: only those in view are drawn, and other lines lay nothing out anew."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.geometry import Region, Size
from textual.reactive import Reactive
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip


class SheetView(ScrollView):
    """Shows lines that were wrapped to its width. The mouse selects their text."""

    DEFAULT_CSS = """
    SheetView { overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }
    """
    # Textual's lays the whole screen out for every other number of lines.
    virtual_size: Reactive[Size] = Reactive(Size(0, 0), layout=False)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.sheet: Sequence[Content] = ()
        """The lines that are shown."""
        self._strips: dict[int, Strip] = {}
        self._ground = Style()
        self._width = 0

    def show_sheet(self, lines: Sequence[Content]) -> None:
        """Show these lines."""
        self.sheet = lines
        self._strips.clear()
        self._measure()
        self.refresh()

    def on_resize(self) -> None:
        """Follow the room there is."""
        self._measure()

    def _measure(self) -> None:
        """Say how much there is to scroll.

        The scrollbar is always there, blank where all is in view: one that comes and goes would lay
        the whole screen out each time.
        """
        room = self.scrollable_content_region.size
        self.virtual_size = Size(room.width, max(len(self.sheet), room.height))

    def watch_virtual_size(self, size: Size) -> None:
        """Fit the scrollbar and the place in the text to another number of lines."""
        self._scroll_update(size)

    def notify_style_update(self) -> None:
        """Draw in other colours from now on."""
        self._strips.clear()
        super().notify_style_update()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw the lines in view; their style is worked out once for all of them."""
        self._ground = self.rich_style
        self._width = self.scrollable_content_region.width
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Draw one line that is in view."""
        index = self.scroll_offset.y + y
        if index >= len(self.sheet):
            return Strip.blank(self._width, self._ground)
        strip = self._strips.get(index)
        if strip is None:
            strip = self._strips[index] = self._strip(index)
        return strip

    def _strip(self, index: int) -> Strip:
        line = self.sheet[index]
        selection = self.text_selection
        span = None if selection is None else selection.get_span(index)
        if span is not None:
            start, end = span
            marked = self.screen.get_visual_style("screen--selection")
            line = line.stylize(marked, start, len(line) if end < 0 else end)
        base, at = self.visual_style, 0
        segments: list[Segment] = []
        for text, style in line.render(base, parse_style=self._get_style):
            # The mouse finds the text that it selects by these offsets.
            segments.append(Segment(text, (base + style).rich_style_with_offset(at, index)))
            at += len(text)
        return Strip(segments).adjust_cell_length(self._width, self._ground)

    def get_selection(self, selection: Selection) -> tuple[str, str]:
        """Return the text that the mouse selected, and what ends it."""
        return selection.extract("\n".join(line.plain for line in self.sheet)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw what is selected now."""
        self._strips.clear()
        self.refresh()
