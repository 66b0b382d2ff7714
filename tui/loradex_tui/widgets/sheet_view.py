"""Lines of text that scroll: only those in view are drawn, and other lines lay nothing out anew."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Size
from textual.reactive import Reactive
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.visual import RenderOptions


class SheetView(ScrollView):
    """Shows lines that were wrapped to its width. The mouse selects their text."""

    DEFAULT_CSS = """
    SheetView { overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1;
                scrollbar-gutter: stable; }
    """
    # Textual's lays the whole screen out for every other number of lines.
    virtual_size: Reactive[Size] = Reactive(Size(0, 0), layout=False)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.sheet: Sequence[Content] = ()
        """The lines that are shown."""
        self._strips: dict[int, Strip] = {}

    def show_sheet(self, lines: Sequence[Content]) -> None:
        """Show these lines."""
        self.sheet = lines
        self._strips.clear()
        self.virtual_size = Size(self.scrollable_content_region.width, len(lines))
        self.refresh()

    def watch_virtual_size(self, size: Size) -> None:
        """Fit the scrollbar and the place in the text to another number of lines."""
        self._scroll_update(size)

    def notify_style_update(self) -> None:
        """Draw in other colours from now on."""
        self._strips.clear()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        """Draw one line that is in view."""
        index = self.scroll_offset.y + y
        width = self.scrollable_content_region.width
        if index >= len(self.sheet):
            return Strip.blank(width, self.rich_style)
        strip = self._strips.get(index)
        if strip is None:
            strip = self._strips[index] = self._strip(index, width)
        return strip

    def _strip(self, index: int, width: int) -> Strip:
        line = self.sheet[index]
        span = self.text_selection.get_span(index) if self.text_selection is not None else None
        if span is not None:
            start, end = span
            marked = self.screen.get_visual_style("screen--selection")
            line = line.stylize(marked, start, len(line) if end < 0 else end)
        options = RenderOptions(self._get_style, {})
        strips = line.render_strips(width, 1, self.visual_style, options)
        strip = strips[0] if strips else Strip.blank(width, self.rich_style)
        return strip.apply_offsets(0, index).extend_cell_length(width, self.rich_style)

    def get_selection(self, selection: Selection) -> tuple[str, str]:
        """Return the text that the mouse selected, and what ends it."""
        return selection.extract("\n".join(line.plain for line in self.sheet)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw what is selected now."""
        self._strips.clear()
        self.refresh()
