"""Ask for one line of text."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from loradex_tui.screens.dialog import Dialog, key_words


class AskText(Dialog[str]):
    """The result is what was typed, without spaces around; None when it was left.

    `tell` says, below the field, what a text would mean.
    """

    DEFAULT_CSS = "AskText > #box { width: 70; }"

    def __init__(
        self,
        question: str,
        text: str = "",
        *,
        placeholder: str = "",
        tell: Callable[[str], str] | None = None,
    ) -> None:
        super().__init__()
        self._question = question
        self._text = text
        self._placeholder = placeholder
        self._tell = tell

    def compose(self) -> ComposeResult:
        """The field, what it means, and the keys."""
        with Vertical(id="box") as box:
            box.border_title = Content(self._question)
            yield Input(self._text, placeholder=self._placeholder)
            if self._tell is not None:
                yield Static(Content(self._tell(self._text)), id="means", classes="told")
            yield Static(key_words(("Enter", "takes it"), ("Esc", "leaves")), classes="told")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        if self._tell is not None:
            self.query_one("#means", Static).update(Content(self._tell(event.value.strip())))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(event.value.strip())
