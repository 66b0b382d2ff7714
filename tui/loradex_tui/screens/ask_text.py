"""Ask for one line of text."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from loradex_tui.screens.dialog import Dialog, key_words


class AskText(Dialog[str]):
    """The result is what was typed, without spaces around; None when it was left."""

    DEFAULT_CSS = "AskText > #box { width: 70; }"

    def __init__(self, question: str, text: str = "") -> None:
        super().__init__()
        self._question = question
        self._text = text

    def compose(self) -> ComposeResult:
        """The field and its keys."""
        with Vertical(id="box") as box:
            box.border_title = Content(self._question)
            yield Input(self._text)
            yield Static(key_words(("Enter", "takes it"), ("Esc", "leaves")), classes="told")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take it."""
        self.dismiss(event.value.strip())
