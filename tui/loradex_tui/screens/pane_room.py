"""How much room the panes of a screen have: as usual, half of it for one, or all."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.widget import Widget

from loradex_tui.screens.place import Place

NARROW = 100
"""Columns below which one pane at a time is shown."""

_MOST = 2
"""Steps: 0 as usual, 1 half the screen, 2 all of it."""


class PaneRoom(Place):
    """A place of three panes, `PANES` from left to right, the middle one the main one.

    A subclass gives `-half` and `-full` their widths, and does not show what is `-aside`.
    """

    PANES: ClassVar[tuple[str, str, str]] = ("filters", "models", "details")

    def __init__(self) -> None:
        super().__init__()
        self._enlarged = (self.PANES[1], 0)

    def on_resize(self, event: events.Resize) -> None:
        """Where panes take turns, none is larger than the others."""
        if event.size.width < NARROW and self.is_enlarged:
            self.enlarge(self.PANES[1], 0)

    @property
    def is_enlarged(self) -> bool:
        """True while a pane has more room than usual."""
        return self._enlarged[1] > 0

    def make_room(self, pane: str) -> None:
        """Let the panes be as usual when this one is hidden for another."""
        if self.query_one(f"#{pane}").has_class("-aside"):
            self.enlarge(pane, 0)

    def enlarge(self, pane: str, step: int) -> None:
        """Give a pane more room: the one across goes first, then the other."""
        self._enlarged = (pane, step)
        left, _, right = self.PANES
        across = right if pane == left else left
        for name in self.PANES:
            one = self.query_one(f"#{name}", Widget)
            one.set_class(name == pane and step == 1, "-half")
            one.set_class(name == pane and step == _MOST, "-full")
            hidden = step == _MOST or (step == 1 and name == across)
            one.set_class(name != pane and hidden, "-aside")

    def toggle_full(self, pane: str) -> None:
        """Give a pane all the room, or let it be as usual."""
        self.enlarge(pane, 0 if self._enlarged == (pane, _MOST) else _MOST)

    def _by(self, change: int) -> None:
        focused = self.focused
        around = [each.id for each in focused.ancestors_with_self] if focused else []
        pane = next((name for name in self.PANES if name in around), self.PANES[1])
        step = self._enlarged[1] if self._enlarged[0] == pane else 0
        self.enlarge(pane, (step + change) % (_MOST + 1))

    def do_zoom_in(self) -> None:
        """More room for the pane, up to all of it, then as usual."""
        self._by(1)

    def do_zoom_out(self) -> None:
        """Less room for the pane."""
        self._by(-1)
