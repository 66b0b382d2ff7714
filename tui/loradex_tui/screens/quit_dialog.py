"""Leaving while something runs: stop it, wait for it, or stay."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from loradex_tui.screens.confirm import Confirm
from loradex_tui.screens.dialog import key_words


class QuitDialog(Confirm):
    """Asks; the result is True to stop all and leave. `wait` is called to leave once it is done."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("w", "wait", "Wait", show=False)]
    DEFAULT_CSS = "QuitDialog > #box { width: 62; }"

    def __init__(self, running: str, wait: Callable[[], None]) -> None:
        super().__init__(
            f"Still running: {running}.\n\n"
            "Nothing runs on without loradex: leaving stops it. What is finished is kept, a"
            " download goes on from its bytes the next time.",
            "stop and quit",
            "stay",
        )
        self._wait = wait

    def answers(self) -> Content:
        """The keys, with the third answer."""
        return key_words(("y", "stop and quit"), ("w", "quit when done"), ("n", "stay"))

    def action_wait(self) -> None:
        """Stay until all is done."""
        self.dismiss(False)
        self._wait()
