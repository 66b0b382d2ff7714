"""What can be started now, with its command, and why not when it cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from loradex.operations.job_kinds import JobKind
from loradex_tui.cells import fit
from loradex_tui.screens.dialog import Dialog, key_words

_KEYS = "shmtpurvd"


@dataclass(frozen=True, slots=True)
class Startable:
    """A kind of work, and why it cannot be started; None when it can."""

    kind: JobKind
    reason: str | None


class StartMenu(Dialog[JobKind]):
    """Offers kinds of work; the result is the one to start."""

    DEFAULT_CSS = """
    StartMenu > #box { width: 78; }
    StartMenu #command { height: 1; color: $quiet; margin: 1 0 0 0; padding: 0 1; }
    StartMenu #keys { padding: 0 1; }
    """

    def __init__(self, offered: Sequence[Startable]) -> None:
        super().__init__()
        self._offered = offered

    def compose(self) -> ComposeResult:
        """One line each, and the command of the one under the cursor."""
        with Vertical(id="box") as box:
            box.border_title = "Start"
            yield OptionList(
                *(
                    Option(_line(key, each), disabled=each.reason is not None)
                    for key, each in zip(_KEYS, self._offered, strict=False)
                )
            )
            yield Static(id="command")
            yield Static(key_words(("Enter", "starts it"), ("Esc", "leaves")), id="keys")

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Say what it is on a command line."""
        self.query_one("#command", Static).update(
            Content(self._offered[event.option_index].kind.command)
        )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Start the one under the cursor."""
        self.dismiss(self._offered[event.option_index].kind)

    def on_key(self, event: events.Key) -> None:
        """Start the one of this key, or say why not."""
        for key, each in zip(_KEYS, self._offered, strict=False):
            if event.character != key:
                continue
            event.stop()
            if each.reason is None:
                self.dismiss(each.kind)
            else:
                self.app.notify(each.reason, severity="warning", timeout=4)


def _line(key: str, each: Startable) -> Content:
    rest = (each.reason, "$error") if each.reason else (each.kind.tells, "$quiet")
    return Content.assemble((f" {key}  ", "bold $accent"), fit(each.kind.title, 22), rest)
