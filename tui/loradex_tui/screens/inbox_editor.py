"""The tag editor with what is proposed in its field."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.widgets import Input

from loradex.operations.tag_changes import TagChange, TagView
from loradex_tui.screens.tag_editor import Progress, TagEditor


class ProposalEditor(TagEditor):
    """Begins with a text that the person goes on with; leaves once it is written."""

    STAYS = False

    def __init__(
        self,
        targets: Sequence[int],
        read: Callable[[], TagView],
        write: Callable[[TagChange, Progress], None],
        wrote: Callable[[], None],
        text: str,
    ) -> None:
        super().__init__(targets, read, write, wrote)
        self._text = text

    def on_mount(self) -> None:
        """Put the proposal into the field."""
        super().on_mount()
        field = self.query_one(Input)
        field.value = self._text
        field.cursor_position = len(self._text)
