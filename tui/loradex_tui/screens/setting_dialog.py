"""Give a setting another value, or the hub's key: one field, checked before it is kept."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from loradex_tui.screens.dialog import Dialog, key_words


class SettingDialog(Dialog[str]):
    """The result is what was typed. `fault` says what was wrong with what was typed before."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "take", "Keep", show=False)]
    DEFAULT_CSS = """
    SettingDialog Static { margin: 0 0 1 0; }
    SettingDialog Input { margin: 0 0 1 0; }
    """

    def __init__(
        self, title: str, told: str, value: str = "", *, fault: str = "", secret: bool = False
    ) -> None:
        super().__init__()
        self._title = title
        self._told = told
        self._value = value
        self._fault = fault
        self._secret = secret

    def compose(self) -> ComposeResult:
        """Say what it is for, above the field."""
        with Vertical(id="box") as box:
            box.border_title = Content(self._title)
            yield Static(Content(self._told), classes="told")
            yield Input(self._value, password=self._secret)
            if self._fault:
                yield Static(Content(self._fault), classes="wrong")
            yield Static(key_words(("Enter", "keeps it"), ("Esc", "leaves")))

    def on_input_submitted(self) -> None:
        """Take what stands there."""
        self.dismiss(self.query_one(Input).value)
