"""Another name for one model's file."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from loradex.domain.plans import MovePlan
from loradex.errors import LoradexError
from loradex.operations.tidying.single import new_name
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text
from loradex_tui.screens.dialog import Dialog, key_words


class NameDialog(Dialog[str]):
    """Asks for a name without its ending; says what comes of it while it is typed.

    `draw_up` returns the plan that a name means, or raises `LoradexError`.
    """

    DEFAULT_CSS = "NameDialog > #box { width: 72; }"

    def __init__(self, file_name: str, draw_up: Callable[[str], MovePlan]) -> None:
        super().__init__()
        self._old = file_name
        self._draw_up = draw_up
        stem, dot, _ending = file_name.rpartition(".")
        # What no terminal shows as it is cannot be edited either: a proposal without it is.
        self._offered = cell_text(stem if dot and stem else file_name, 300)

    def compose(self) -> ComposeResult:
        """The field, and what the file would be called."""
        with Vertical(id="box") as box:
            box.border_title = Content(f"Rename {cell_text(self._old, 60)}")
            yield Input(self._offered, select_on_focus=False)
            yield Static(id="means", classes="told")
            yield Static(
                key_words(("Enter", "renames at once"), ("u", "takes it back"), ("Esc", "leaves")),
                classes="told",
            )

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what comes of the name."""
        event.stop()
        name = event.value.strip()
        if name == self._offered:
            self._tell(Content("Files beside it are renamed along."))
        else:
            in_background(self, "name", lambda: self._draw_up(name), self._show, self._refuse)

    def _show(self, plan: MovePlan) -> None:
        old, new = cell_text(self._old, 200), cell_text(new_name(plan), 200)
        self._tell(Content.assemble(old, (" → ", "$quiet"), (new, "$success")))

    def _refuse(self, error: LoradexError) -> None:
        self._tell(Content.styled(f"✗ {cell_text(error.message, 300)}", "$error"))

    def _tell(self, told: Content) -> None:
        self.query_one("#means", Static).update(told)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take a name that a file can have; the one it has already changes nothing."""
        event.stop()
        name = event.value.strip()
        if name == self._offered:
            self.dismiss(None)
            return

        def taken(_plan: MovePlan) -> None:
            self.dismiss(name)

        in_background(self, "name", lambda: self._draw_up(name), taken, self._refuse)
