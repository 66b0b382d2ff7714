"""All keys of the place one is in: found by typing, done with Enter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Input

from loradex_tui.actions import ACTIONS, Situation
from loradex_tui.cells import fit
from loradex_tui.screens.dialog import Dialog
from loradex_tui.widgets.line_list import LineList

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


class _HelpList(LineList):
    """The lines that match what is typed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"help--key", "help--quiet"}
    DEFAULT_CSS = """
    _HelpList { height: 1fr; }
    _HelpList > .help--key { color: $accent; text-style: bold; }
    _HelpList > .help--quiet { color: $quiet; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.can_focus = False
        self.lines: list[HelpLine] = []

    def show(self, lines: list[HelpLine]) -> None:
        """Show these lines."""
        self.lines = lines
        self.set_line_count(len(lines))

    def draw(self, index: int, width: int, base: Style, *, cursor: bool) -> list[Segment]:
        """Return keys, title, and the reason or the command's form."""
        line = self.lines[index]
        key = base + self.tone("help--key")
        quiet = base + self.tone("help--quiet")
        rest = max(width - 18, 0)
        title = min(rest, 46) if width >= 90 else rest
        beside = line.reason or line.cli
        return [
            Segment("❯ " if cursor else "  ", key),
            Segment(fit(line.keys, 15) + " ", quiet if line.reason else key),
            Segment(fit(line.title, title), quiet if line.reason else base),
            Segment(fit(beside, rest - title), quiet),
        ]


class HelpScreen(Dialog[ActiveBinding]):
    """Lists what can be done here; the result is what the person wants done."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", "Down", show=False, priority=True),
        Binding("up", "move(-1)", "Up", show=False, priority=True),
        Binding("pagedown", "move(10)", "Page down", show=False, priority=True),
        Binding("pageup", "move(-10)", "Page up", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    HelpScreen > #box { width: 110; height: 90%; }
    """

    def __init__(self, lines: list[HelpLine]) -> None:
        super().__init__()
        self._lines = lines

    def compose(self) -> ComposeResult:
        """A field to narrow the list, and the list."""
        with Vertical(id="box") as box:
            box.border_title = "Keys"
            box.border_subtitle = "type to narrow · Enter does it · Esc leaves"
            yield Input(placeholder="what do you want to do?")
            yield _HelpList()

    def on_mount(self) -> None:
        """Show all lines."""
        self.query_one(_HelpList).show(self._lines)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Keep the lines that have all the words."""
        words = event.value.casefold().split()
        self.query_one(_HelpList).show(
            [
                line
                for line in self._lines
                if all(word in f"{line.keys} {line.title} {line.cli}".casefold() for word in words)
            ]
        )

    def action_move(self, step: int) -> None:
        """Move the cursor while the field keeps the keys."""
        list_ = self.query_one(_HelpList)
        list_.move_to(list_.cursor + step)

    def on_input_submitted(self) -> None:
        """Do what the cursor is on."""
        self._take()

    def on_line_list_clicked(self) -> None:
        """Do what was clicked."""
        self._take()

    def _take(self) -> None:
        list_ = self.query_one(_HelpList)
        if list_.lines:
            self.dismiss(list_.lines[list_.cursor].binding)
