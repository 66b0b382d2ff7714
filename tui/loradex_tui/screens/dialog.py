"""What all dialogs share: a framed box over the dimmed screen, left with Escape."""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar

from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen

Result = TypeVar("Result")


def key_words(*pairs: tuple[str, str]) -> Content:
    """Return `Enter adds · Esc leaves` with the keys set off."""
    return Content(" · ").join(
        Content.assemble((key, "bold $accent"), f" {word}") for key, word in pairs
    )


class Dialog(ModalScreen[Result | None], Generic[Result]):
    """A dialog; its result is None when it was left without one."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Leave", show=False)]
    DEFAULT_CSS = """
    Dialog { align: center middle; background: $background 60%; }
    Dialog > #box {
        width: 64; max-width: 96%; height: auto; max-height: 96%;
        background: $surface; border: round $primary; padding: 0 1;
        border-title-color: $primary; border-title-style: bold;
        border-subtitle-color: $quiet;
    }
    Dialog .told { color: $quiet; height: auto; width: 1fr; }
    Dialog .wrong { color: $error; height: auto; width: 1fr; }
    Dialog Input, Dialog Input:focus {
        border: none; height: 1; padding: 0 1; background: $panel; background-tint: $panel 0%;
    }
    Dialog TextArea, Dialog TextArea:focus { border: none; background: $panel; padding: 0 1; }
    Dialog OptionList, Dialog OptionList:focus {
        border: none; background: $surface; height: auto; max-height: 14; padding: 0;
        background-tint: $surface 0%;
    }
    Dialog:ansi Input { background: ansi_default; text-style: underline; }
    """

    _left = False

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Leave with a result, once: keys typed ahead do not leave what lies below as well."""
        if self._left:
            return AwaitComplete()
        self._left = True
        return super().dismiss(result)

    def action_leave(self) -> None:
        """Leave without a result."""
        self.dismiss(None)
