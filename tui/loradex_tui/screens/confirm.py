"""A question with yes and no."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from loradex_tui.screens.dialog import Dialog, key_words


class Confirm(Dialog[bool]):
    """Asks; the result is True for yes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "answer(True)", "Yes", show=False),
        Binding("n,q", "answer(False)", "No", show=False),
    ]
    DEFAULT_CSS = """
    Confirm > #box { width: 54; padding: 1 2; }
    Confirm #answers { margin: 1 0 0 0; }
    """

    def __init__(self, question: str, yes: str, no: str) -> None:
        super().__init__()
        self._question = question
        self._yes = yes
        self._no = no

    def compose(self) -> ComposeResult:
        """Show the question and both answers."""
        with Vertical(id="box"):
            yield Static(Content(self._question))
            yield Static(self.answers(), id="answers")

    def answers(self) -> Content:
        """The keys and what they answer."""
        return key_words(("y", self._yes), ("n", self._no))

    def action_answer(self, answer: bool) -> None:
        """Answer."""
        self.dismiss(answer)
