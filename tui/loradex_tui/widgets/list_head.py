"""The titles above the columns of the model list."""

from __future__ import annotations

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from loradex_tui.widgets.columns import GUTTER, layout


class ListHead(Widget):
    """One line of titles; an arrow stands at the column the list is sorted by."""

    DEFAULT_CSS = """
    ListHead { height: 1; background: $surface; color: $quiet; text-style: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._order = "name"

    def show_order(self, order: str) -> None:
        """Put the arrow where it belongs."""
        if order != self._order:
            self._order = order
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw the titles over their columns; the list's scrollbar takes the last cell."""
        width = self.size.width
        text = " " * GUTTER + "".join(
            column.head(cells - 1, self._order) + " " for column, cells in layout(width - 1)
        )
        return Strip([Segment(text, self.rich_style)]).adjust_cell_length(width, self.rich_style)
