"""Choose one of a model's versions."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from loradex.domain.hub import HubVersion
from loradex_tui.cells import cell_text, fit
from loradex_tui.screens.dialog import Dialog, key_words
from loradex_tui.widgets.found_list import FoundLine
from loradex_tui.wording import size_text


class VersionDialog(Dialog[HubVersion]):
    """Lists versions, the newest first; the result is the one that was chosen."""

    DEFAULT_CSS = "VersionDialog > #box { width: 76; }"

    def __init__(self, line: FoundLine) -> None:
        super().__init__()
        self._line = line
        self._versions = sorted(
            line.model.versions, key=lambda each: each.published_at or "", reverse=True
        )

    def compose(self) -> ComposeResult:
        """One line for each."""
        with Vertical(id="box") as box:
            box.border_title = Content(cell_text(self._line.model.name, 60))
            yield OptionList(*(Option(self._text(each)) for each in self._versions))
            yield Static(key_words(("Enter", "downloads it"), ("Esc", "leaves")))

    def _text(self, version: HubVersion) -> Content:
        owned = version.id in self._line.owned
        size = next((file.size_bytes for file in version.files if file.primary), None)
        until = version.early_access_until
        return Content.assemble(
            ("✓ " if owned else "  ", "$accent"),
            fit(version.name, 26),
            (f" {fit(version.base_model, 14)}", "$primary"),
            (f" {(version.published_at or '')[:10]:<11}", "$quiet"),
            (f"{size_text(size) if size else '':>8}", "$quiet"),
            (f" until {until[:10]}: early access" if until else "", "$error"),
        )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the version under the cursor."""
        self.dismiss(self._versions[event.option_index])
