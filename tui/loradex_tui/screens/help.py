"""All keys of the place one is in: found by typing, done with Enter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import ActiveBinding
from textual.content import Content
from textual.screen import Screen

from loradex_tui.actions import ACTIONS, Situation
from loradex_tui.cells import fit
from loradex_tui.screens.narrowing import ItemLines, NarrowingDialog

_LAST_SCOPES = {"library": 1, "app": 2, "list": 3}
"""What belongs to the place goes before what works everywhere; moving about comes last."""


@dataclass(frozen=True, slots=True)
class HelpLine:
    """A live binding: its keys, what it does, why it cannot be done now, and its other form."""

    keys: str
    title: str
    reason: str | None
    cli: str
    binding: ActiveBinding


def help_lines(screen: Screen[None], situation: Situation) -> list[HelpLine]:
    """Return what can be done on a screen, from the bindings that are live on it now."""
    live: dict[str, list[ActiveBinding]] = {}
    for active in screen.active_bindings.values():
        if active.binding.id is not None:
            live.setdefault(active.binding.id, []).append(active)
    lines = []
    for action in sorted(ACTIONS, key=lambda each: _LAST_SCOPES.get(each.scope, 0)):
        keys = live.get(f"{action.scope}.{action.id}")
        if keys:
            shown = " ".join(screen.app.get_key_display(active.binding) for active in keys)
            lines.append(
                HelpLine(shown, action.title, action.why_not(situation), action.cli, keys[0])
            )
    return lines


class _HelpLines(ItemLines[HelpLine]):
    """The lines that match what is typed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"help--key", "help--quiet"}
    DEFAULT_CSS = """
    _HelpLines > .help--key { color: $accent; text-style: bold; }
    _HelpLines > .help--quiet { color: $quiet; }
    """

    def draw(self, index: int, width: int, base: Style, *, cursor: bool) -> list[Segment]:
        """Return keys, title, and the reason or the command's form."""
        line = self.items[index]
        key = base + self.tone("help--key")
        quiet = base + self.tone("help--quiet")
        rest = max(width - 18, 0)
        title = min(rest, 46) if width >= 90 else rest
        beside = line.reason or line.cli
        return [
            Segment("❯ " if cursor else "  ", key),
            Segment(fit(line.keys, 15) + " ", quiet if line.reason else key),
            Segment(fit(line.title, title - 1) + " ", quiet if line.reason else base),
            Segment(fit(beside, rest - title), quiet),
        ]


class HelpScreen(NarrowingDialog[HelpLine, ActiveBinding]):
    """Lists what can be done here; the result is what the person wants done."""

    HEAD = "Keys"
    TOLD = "type to narrow · Enter does it · Esc leaves"
    ASKED = "what do you want to do?"

    def __init__(self, lines: list[HelpLine]) -> None:
        super().__init__(lines, _HelpLines())

    def words_of(self, item: HelpLine) -> str:
        """Its keys, what it does, and the command."""
        return f"{item.keys} {item.title} {item.cli}"

    def whole(self, item: HelpLine) -> Content:
        """What it does, why it cannot be done now, and the command."""
        parts: list[str | tuple[str, str]] = [item.title]
        if item.reason:
            parts.append((f"\n{item.reason}", "$warning"))
        if item.cli:
            parts.append((f"\n{item.cli}", "$quiet"))
        return Content.assemble(*parts)

    def take(self, item: HelpLine) -> None:
        """Do it."""
        self.dismiss(item.binding)
