"""Another name for one model's file."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from loradex.errors import LoradexError
from loradex.operations.tidying.single import name_template
from loradex_tui.cells import cell_text
from loradex_tui.screens.dialog import Dialog, key_words


class NameDialog(Dialog[str]):
    """Asks for a name without its ending; says what comes of it while it is typed."""

    DEFAULT_CSS = "NameDialog > #box { width: 72; }"

    def __init__(self, file_name: str) -> None:
        super().__init__()
        self._old = file_name
        stem, dot, ending = file_name.rpartition(".")
        self._stem, self._ending = (stem, dot + ending) if stem else (file_name, "")

    def compose(self) -> ComposeResult:
        """The field, and what the file would be called."""
        with Vertical(id="box") as box:
            box.border_title = Content(f"Rename {cell_text(self._old, 60)}")
            yield Input(self._stem, select_on_focus=False)
            yield Static(id="means", classes="told")
            yield Static(
                key_words(("Enter", "renames at once"), ("u", "takes it back"), ("Esc", "leaves")),
                classes="told",
            )

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what comes of the name."""
        event.stop()
        name = event.value.strip()
        told = Content("Files beside it are renamed along.")
        if wrong := self._wrong(name):
            told = Content.styled(f"✗ {cell_text(wrong, 300)}", "$error")
        elif name != self._stem:
            old, new = cell_text(self._old, 200), cell_text(name + self._ending, 200)
            told = Content.assemble(old, (" → ", "$quiet"), (new, "$success"))
        self.query_one("#means", Static).update(told)

    @staticmethod
    def _wrong(name: str) -> str:
        try:
            name_template(name)
        except LoradexError as error:
            return error.message
        return ""

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take a name that a file can have; the one it has already changes nothing."""
        event.stop()
        name = event.value.strip()
        if name == self._stem:
            self.dismiss(None)
        elif not self._wrong(name):
            self.dismiss(name)
