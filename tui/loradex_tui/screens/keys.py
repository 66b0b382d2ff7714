"""The keys of all actions, and another key for one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from loradex_tui.actions import ACTIONS, Action
from loradex_tui.cells import fit
from loradex_tui.keymap import own_id, read_keymap
from loradex_tui.screens.dialog import Dialog, key_words
from loradex_tui.screens.narrowing import ItemLines, NarrowingDialog


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


class _KeyLines(ItemLines[Action]):
    """One line for each action; a person's own keys are marked."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"key--key", "key--own", "key--quiet"}
    DEFAULT_CSS = """
    _KeyLines > .key--key { color: $primary; text-style: bold; }
    _KeyLines > .key--own { color: $accent; text-style: bold; }
    _KeyLines > .key--quiet { color: $quiet; }
    """

    def __init__(self, own: Mapping[str, str]) -> None:
        super().__init__()
        self._own = own

    def draw(self, index: int, width: int, base: Style, *, cursor: bool) -> list[Segment]:
        """Return keys, title and name."""
        action = self.items[index]
        own = self._own.get(own_id(action))
        keys = own or action.keys
        name = fit(own_id(action), 24) if width >= 76 else ""
        return [
            Segment("❯ " if cursor else "  ", base + self.tone("key--own")),
            Segment("* " if own else "  ", base + self.tone("key--own")),
            Segment(fit(keys.replace(",", " "), 18), base + self.tone("key--key")),
            Segment(fit(action.title, width - 22 - len(name)), base),
            Segment(name, base + self.tone("key--quiet")),
        ]


class KeysDialog(NarrowingDialog[Action, tuple[str, str]]):
    """Lists all actions; the result is one of them with its new keys ("" for its own)."""

    HEAD = "Keys"
    TOLD = "type to narrow · Enter gives another key · Esc leaves"
    ASKED = "which action?"

    def __init__(self, own: Mapping[str, str]) -> None:
        super().__init__(ACTIONS, _KeyLines(own))
        self._own = own

    def words_of(self, item: Action) -> str:
        """What it does, and what it is called."""
        return f"{item.title} {own_id(item)}"

    def whole(self, item: Action) -> Content:
        """What it does, its keys, and what it is called."""
        keys = self._own.get(own_id(item)) or item.keys
        return Content.assemble(
            item.title, (f"\n{keys.replace(',', ' ')} · {own_id(item)}", "$quiet")
        )

    def take(self, item: Action) -> None:
        """Ask for a key."""

        def pressed(key: str | None) -> None:
            if key is not None:
                self.dismiss((own_id(item), key))

        self.app.push_screen(PressKey(item, self._own), pressed)
