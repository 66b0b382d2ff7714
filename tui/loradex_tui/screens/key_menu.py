"""A small menu of keys: the second half of `s`, `y`, `*`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from loradex_tui.cells import cell_text, fit
from loradex_tui.screens.dialog import Dialog


@dataclass(frozen=True, slots=True)
class Choice:
    """A key, its word, what it stands for, and a longer text beside it."""

    key: str
    word: str
    value: str
    extra: str = ""


class KeyMenu(Dialog[str]):
    """Offers choices; a key, or the arrows and Enter, take one. The result is its value."""

    DEFAULT_CSS = "KeyMenu > #box { width: 46; }"

    def __init__(self, title: str, choices: Sequence[Choice]) -> None:
        super().__init__()
        self._title = title
        self._choices = choices

    def compose(self) -> ComposeResult:
        """List the choices."""
        with Vertical(id="box") as box:
            box.border_title = Content(self._title)
            yield OptionList(
                *(
                    Option(
                        Content.assemble(
                            (f" {choice.key}  ", "bold $accent"),
                            (fit(choice.word, 16), ""),
                            (cell_text(choice.extra, 200), "$quiet"),
                        )
                    )
                    for choice in self._choices
                )
            )

    def on_key(self, event: events.Key) -> None:
        """Take the choice of this key."""
        for choice in self._choices:
            if event.character == choice.key:
                event.stop()
                self.dismiss(choice.value)
                return

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the choice under the cursor."""
        self.dismiss(self._choices[event.option_index].value)


SORTS = (
    Choice("n", "Name", "name"),
    Choice("a", "Added", "added-", "newest first"),
    Choice("s", "Size", "size-", "largest first"),
    Choice("r", "Rating", "rating-", "best first"),
    Choice("k", "Kind", "kind"),
    Choice("b", "Base model", "base"),
    Choice("p", "Path", "path"),
    Choice("c", "Copies", "copies-", "most first"),
)
RATINGS = (
    *(Choice(str(n), "★" * n, str(n)) for n in range(5, 0, -1)),
    Choice("0", "no rating", "0"),
    Choice("f", "♥", "favourite", "favourite, or no longer"),
)
