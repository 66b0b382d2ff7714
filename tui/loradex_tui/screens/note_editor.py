"""Write a note of several lines."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static, TextArea

from loradex_tui.cells import cell_text
from loradex_tui.screens.dialog import Dialog, key_words


class NoteEditor(Dialog[str]):
    """Edits a note; the result is its new text, None when it stays as it was."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save", show=False, priority=True)
    ]
    DEFAULT_CSS = """
    NoteEditor > #box { width: 76; }
    NoteEditor TextArea { height: 10; }
    """

    def __init__(self, name: str, note: str) -> None:
        super().__init__()
        self._model = name
        self._note = note
        self._warned = False

    def compose(self) -> ComposeResult:
        """Show the note and the keys."""
        with Vertical(id="box") as box:
            box.border_title = Content(f"Note on {cell_text(self._model, 50)}")
            yield TextArea(self._note, soft_wrap=True)
            yield Static(_keys(("Esc", "leaves")), classes="told")

    def on_mount(self) -> None:
        """Go on at the end."""
        area = self.query_one(TextArea)
        area.move_cursor(area.document.end)

    def action_save(self) -> None:
        """Keep the text as it stands."""
        self.dismiss(self.query_one(TextArea).text.strip())

    def action_leave(self) -> None:
        """Leave; with changes only when told twice."""
        changed = self.query_one(TextArea).text != self._note
        if changed and not self._warned:
            self._warned = True
            self.query_one(".told", Static).update(_keys(("Esc", "again drops what is not saved")))
            return
        self.dismiss(None)


def _keys(rest: tuple[str, str]) -> Content:
    return key_words(("Ctrl+S", "saves"), rest)
