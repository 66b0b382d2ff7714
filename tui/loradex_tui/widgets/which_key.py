"""What may follow a key that begins something: shown at once, and gone with the next key."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.segment import Segment
from textual import events
from textual.strip import Strip
from textual.widget import Widget

from loradex_tui.cells import fit

Continuation = tuple[str, str, Callable[[], None]]
"""A key, its word, and what it does."""

_CELL = 18
_MARGIN = 2


class WhichKey(Widget):
    """Lies over the foot of a screen while `pending`; the next key is its own, whatever it is."""

    COMPONENT_CLASSES = {"which--key", "which--word", "which--title"}  # noqa: RUF012
    DEFAULT_CSS = """
    WhichKey { display: none; layer: over; dock: bottom; width: 100%; background: $panel;
               color: $foreground; }
    WhichKey.-open { display: block; }
    WhichKey > .which--title { color: $primary; text-style: bold; }
    WhichKey > .which--key { color: $accent; text-style: bold; }
    WhichKey > .which--word { color: $foreground; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.pending = False
        self._title = ""
        self._ways: Sequence[Continuation] = ()

    def offer(self, title: str, ways: Sequence[Continuation]) -> None:
        """Show the ways; the next key takes one of them, or none."""
        self._title, self._ways = title, ways
        self.pending = True
        self.styles.height = 1 + -(-len(ways) // self._columns())
        self.add_class("-open")
        self.refresh()

    def take(self, event: events.Key) -> bool:
        """Do what a key stands for; False when nothing is pending."""
        if not self.pending:
            return False
        self._close()
        for key, _, do in self._ways:
            if event.character == key:
                do()
        return True

    def on_click(self, event: events.Click) -> None:
        """Take the way under the mouse."""
        column = (event.x - _MARGIN) // _CELL
        index = (event.y - 1) * self._columns() + column
        self._close()
        if event.y > 0 and 0 <= column < self._columns() and index < len(self._ways):
            self._ways[index][2]()

    def _close(self) -> None:
        self.pending = False
        self.remove_class("-open")

    def _columns(self) -> int:
        return max((self.screen.size.width - _MARGIN) // _CELL, 1)

    def render_line(self, y: int) -> Strip:
        """Draw the title, or a row of ways."""
        width, base = self.size.width, self.rich_style

        def tone(name: str, text: str) -> Segment:
            return Segment(text, base + self.get_component_rich_style(name, partial=True))

        if y == 0:
            return Strip([tone("which--title", fit(f" {self._title}", width))], width)
        columns = self._columns()
        segments = [Segment(" " * _MARGIN, base)]
        for key, word, _ in self._ways[(y - 1) * columns : y * columns]:
            segments += [tone("which--key", key), tone("which--word", fit(f" {word}", _CELL - 1))]
        return Strip(segments).adjust_cell_length(width, base)
