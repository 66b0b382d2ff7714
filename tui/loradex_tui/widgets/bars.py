"""The line on top (where one is, what runs) and the line below (what can be done)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.content import Content
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from loradex_tui.cells import cell_text, fit
from loradex_tui.places import INBOX, PLACES
from loradex_tui.wording import short_count

_WIDE = 110
"""Columns from which there is room for the program's name."""


class TopBar(Static):
    """The name of the program, the screens, and what runs in the background."""

    DEFAULT_CSS = """
    TopBar { height: 1; padding: 0 1; background: $background; color: $quiet; text-wrap: nowrap; }
    """

    def __init__(self, here: str) -> None:
        super().__init__()
        self._here = here
        self._ticker: Sequence[str] = ()
        self._waiting = 0

    def on_mount(self) -> None:
        """Draw it first."""
        self._draw()

    def on_resize(self) -> None:
        """The ticker stands on the right."""
        self._draw()

    def show_ticker(self, lines: Sequence[str]) -> None:
        """Say what runs in the background: the first of these that fits; none for nothing."""
        if lines != self._ticker:
            self._ticker = lines
            self._draw()

    def show_waiting(self, models: int) -> None:
        """Say how many models wait in the inbox."""
        if models != self._waiting:
            self._waiting = models
            self._draw()

    def _draw(self) -> None:
        wide = self.content_size.width >= _WIDE
        gap = "   " if wide else "  "
        parts: list[tuple[str, str]] = [("loradex", "bold $primary"), (gap, "")] if wide else []
        for each in PLACES:
            here = each.name == self._here
            parts.append((f"{each.key} ", "$accent" if here else "$quiet"))
            parts.append((each.name, "bold $foreground" if here else "$quiet"))
            if each.id == INBOX and self._waiting:
                parts.append((f"({short_count(self._waiting)})", "$accent"))
            parts.append((gap, ""))
        left = sum(len(text) for text, _ in parts)
        room = max(self.content_size.width - left, 0)
        lines = [cell_text(line) for line in self._ticker]
        shortest = lines[-1] if lines else ""
        ticker = next((line for line in lines if cell_len(line) <= room), shortest)
        shown = fit(ticker, min(room, cell_len(ticker))) if ticker else ""
        blank = " " * max(room - cell_len(shown), 0)
        self.update(Content.assemble(*parts, blank, (shown, "$accent")), layout=False)


@dataclass(frozen=True, slots=True)
class Hint:
    """A key, its word, and whether it would do something now."""

    key: str
    label: str
    word: str
    enabled: bool

    @property
    def width(self) -> int:
        """Cells it takes, with the gap after it."""
        return len(self.label) + len(self.word) + 3


def _that_fit(hints: list[Hint], width: int) -> list[Hint]:
    """Return the first hints that fit, and the last one (help) always."""
    room = width - (hints[-1].width if hints else 0)
    shown: list[Hint] = []
    for hint in hints[:-1]:
        room -= hint.width
        if room < 0:
            break
        shown.append(hint)
    return [*shown, *hints[-1:]]


class KeyBar(Widget):
    """One line of keys and words: as many as fit. A click presses the key."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"hint--key", "hint--word", "hint--off"}
    DEFAULT_CSS = """
    KeyBar { height: 1; dock: bottom; background: $background; }
    KeyBar > .hint--key { color: $accent; text-style: bold; }
    KeyBar > .hint--word { color: $secondary; }
    KeyBar > .hint--off { color: $quiet 55%; }
    KeyBar:ansi > .hint--off { text-style: dim; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._hints: list[Hint] = []
        self._places: list[tuple[int, int, str]] = []

    def show(self, hints: list[Hint]) -> None:
        """Show these keys, the most important first, and help last."""
        if hints != self._hints:
            self._hints = hints
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw the keys that fit."""
        width = self.size.width
        base = self.rich_style
        key_style = base + self.get_component_rich_style("hint--key", partial=True)
        word_style = base + self.get_component_rich_style("hint--word", partial=True)
        off = base + self.get_component_rich_style("hint--off", partial=True)
        segments = [Segment(" ", base)]
        at = 1
        self._places = []
        for hint in _that_fit(self._hints, width - 1):
            segments.append(Segment(hint.label, key_style if hint.enabled else off))
            segments.append(Segment(f" {hint.word}  ", word_style if hint.enabled else off))
            self._places.append((at, at + hint.width, hint.key))
            at += hint.width
        return Strip(segments).adjust_cell_length(width, base)

    def on_click(self, event: events.Click) -> None:
        """Press the key under the mouse."""
        for start, end, key in self._places:
            if start <= event.x < end:
                self.app.simulate_key(key)
