"""The keys of all actions, and another key for one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from loradex_tui.actions import ACTIONS, Action
from loradex_tui.cells import fit
from loradex_tui.keymap import own_id, read_keymap
from loradex_tui.screens.dialog import Dialog, key_words
from loradex_tui.widgets.line_list import LineList


class PressKey(Dialog[str]):
    """Waits for a key; the result is its name, or "" for the action's own keys."""

    BINDINGS: ClassVar[list[BindingType]] = []
    DEFAULT_CSS = "PressKey > #box { width: 60; padding: 1 2; }"

    def __init__(self, action: Action, own: Mapping[str, str]) -> None:
        super().__init__()
        self._action = action
        self._own = own
        self._key = ""

    def compose(self) -> ComposeResult:
        """Say what to do."""
        with Vertical(id="box") as box:
            box.border_title = Content(self._action.title)
            yield Static(Content("Press the key it shall have."), id="told")
            yield Static(key_words(("Backspace", "its own again"), ("Esc", "leaves")))

    def on_key(self, event: events.Key) -> None:
        """Take the key; one that something else has is asked about once more."""
        event.stop()
        event.prevent_default()
        if event.key == "escape":
            self.dismiss(None)
        elif event.key == "backspace":
            self.dismiss("")
        elif event.key == self._key or not self._faults(event.key):
            self.dismiss(event.key)
        else:
            self._key = event.key
            told = f"{self._faults(event.key)} Press it again to take it all the same."
            self.query_one("#told", Static).update(Content(told))

    def _faults(self, key: str) -> str:
        return " ".join(read_keymap({**self._own, own_id(self._action): key}.items()).faults)


class _KeyLines(LineList):
    """One line for each action."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"key--key", "key--own", "key--quiet"}
    DEFAULT_CSS = """
    _KeyLines { height: 1fr; }
    _KeyLines > .key--key { color: $primary; text-style: bold; }
    _KeyLines > .key--own { color: $accent; text-style: bold; }
    _KeyLines > .key--quiet { color: $quiet; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.can_focus = False
        self.actions: Sequence[Action] = ACTIONS
        self.own: Mapping[str, str] = {}

    def show(self, actions: Sequence[Action], own: Mapping[str, str]) -> None:
        """Show these actions with a person's own keys."""
        self.actions, self.own = actions, own
        self.set_line_count(len(actions), self.cursor)

    def draw(self, index: int, width: int, base: Style, *, cursor: bool) -> list[Segment]:
        """Return keys, title and name."""
        action = self.actions[index]
        own = self.own.get(own_id(action))
        keys = own or action.keys
        name = fit(own_id(action), 24) if width >= 76 else ""
        return [
            Segment("❯ " if cursor else "  ", base + self.tone("key--own")),
            Segment("* " if own else "  ", base + self.tone("key--own")),
            Segment(fit(keys.replace(",", " "), 18), base + self.tone("key--key")),
            Segment(fit(action.title, width - 22 - len(name)), base),
            Segment(name, base + self.tone("key--quiet")),
        ]


class KeysDialog(Dialog[tuple[str, str]]):
    """Lists all actions; the result is one of them with its new keys ("" for its own)."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", "Down", show=False, priority=True),
        Binding("up", "move(-1)", "Up", show=False, priority=True),
        Binding("pagedown", "move(10)", "Page down", show=False, priority=True),
        Binding("pageup", "move(-10)", "Page up", show=False, priority=True),
    ]
    DEFAULT_CSS = "KeysDialog > #box { width: 110; height: 90%; }"

    def __init__(self, own: Mapping[str, str]) -> None:
        super().__init__()
        self._own = own

    def compose(self) -> ComposeResult:
        """A field to narrow the list, and the list."""
        with Vertical(id="box") as box:
            box.border_title = "Keys"
            box.border_subtitle = "type to narrow · Enter gives another key · Esc leaves"
            yield Input(placeholder="which action?")
            yield _KeyLines()

    def on_mount(self) -> None:
        """Show all actions."""
        self.query_one(_KeyLines).show(ACTIONS, self._own)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Keep the actions that have all the words."""
        words = event.value.casefold().split()
        found = [
            each
            for each in ACTIONS
            if all(word in f"{each.title} {own_id(each)}".casefold() for word in words)
        ]
        self.query_one(_KeyLines).show(found, self._own)

    def action_move(self, step: int) -> None:
        """Move the cursor while the field keeps the keys."""
        lines = self.query_one(_KeyLines)
        lines.move_to(lines.cursor + step)

    def on_input_submitted(self) -> None:
        """Ask for a key."""
        self._take()

    def on_line_list_clicked(self) -> None:
        """Ask for a key."""
        self._take()

    def _take(self) -> None:
        lines = self.query_one(_KeyLines)
        if lines.cursor >= len(lines.actions):
            return
        action = lines.actions[lines.cursor]

        def pressed(key: str | None) -> None:
            if key is not None:
                self.dismiss((own_id(action), key))

        self.app.push_screen(PressKey(action, self._own), pressed)
