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
        self._keys: list[str] = []
        """The key of the screen that is named in each cell; empty for none."""

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
        width = self.content_size.width
        lines = [cell_text(line) for line in self._ticker]
        needed = cell_len(lines[-1]) if lines else 0
        for parts in (self._tabs("  "), self._tabs(" "), self._tabs(" ", named=False)):
            room = max(width - sum(cell_len(text) for text, _ in parts), 0)
            if room >= needed:
                break
        ticker = next((line for line in lines if cell_len(line) <= room), "".join(lines[-1:]))
        shown = fit(ticker, min(room, cell_len(ticker))) if ticker else ""
        blank = " " * max(room - cell_len(shown), 0)
        self._keys = _under_each_cell(parts)
        self.update(Content.assemble(*parts, blank, (shown, "$accent")), layout=False)

    def on_click(self, event: events.Click) -> None:
        """Go to the screen under the mouse, or show what runs."""
        at = event.get_content_offset(self)
        if at is None:
            return
        key = self._keys[at.x] if at.x < len(self._keys) else "w" if self._ticker else ""
        if key:
            self.app.simulate_key(key)

    def _tabs(self, gap: str, *, named: bool = True) -> list[tuple[str, str]]:
        """Return the screens; not `named`, only the name of this one stands beside its key."""
        wide = self.content_size.width >= _WIDE
        gap = "   " if wide else gap
        parts: list[tuple[str, str]] = [("loradex", "bold $primary"), (gap, "")] if wide else []
        for each in PLACES:
            here = each.name == self._here
            parts.append((each.key, "$accent" if here else "$quiet"))
            if here or named:
                parts.append((f" {each.name}", "bold $foreground" if here else "$quiet"))
            if each.id == INBOX and self._waiting:
                parts.append((f"({short_count(self._waiting)})", "$accent"))
            parts.append((gap, ""))
        return parts


def _under_each_cell(parts: Sequence[tuple[str, str]]) -> list[str]:
    """Return the key of the screen that each cell of the bar names; empty for gaps and others."""
    known = {each.key for each in PLACES}
    keys: list[str] = []
    key = ""
    for text, _ in parts:
        key = text if text in known else "" if text.isspace() else key
        keys += [key] * cell_len(text)
    return keys


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
