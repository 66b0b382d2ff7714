"""Choose one of a model's versions, and see its files."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from loradex.domain.content_level import level_label
from loradex.domain.hub import HubFile, HubVersion
from loradex_tui.cells import cell_text, fit
from loradex_tui.screens.dialog import Dialog, key_words
from loradex_tui.widgets.found_list import FoundLine
from loradex_tui.widgets.found_text import file_facts
from loradex_tui.wording import size_text

_FILES = 6


class VersionDialog(Dialog[HubVersion]):
    """Lists versions, the newest first; the result is the one that was chosen."""

    DEFAULT_CSS = """
    VersionDialog > #box { width: 92; }
    VersionDialog #files { height: auto; max-height: 10; margin: 1 0; padding: 0 2; }
    """

    def __init__(self, line: FoundLine) -> None:
        super().__init__()
        self._line = line
        self._versions = sorted(
            line.model.versions, key=lambda each: each.published_at or "", reverse=True
        )

    def compose(self) -> ComposeResult:
        """One line for each, and below them the files of the one under the cursor."""
        with Vertical(id="box") as box:
            box.border_title = Content(cell_text(self._line.model.name, 60))
            yield OptionList(*(Option(self._text(each)) for each in self._versions))
            yield Static(id="files")
            yield Static(key_words(("Enter", "shows what downloading it means"), ("Esc", "leaves")))

    def _text(self, version: HubVersion) -> Content:
        owned = version.id in self._line.owned
        size = next((file.size_bytes for file in version.files if file.primary), None)
        until = version.early_access_until
        return Content.assemble(
            ("✓ " if owned else "  ", "$accent"),
            fit(version.name, 30),
            (f" {fit(version.base_model, 14)}", "$primary"),
            (f" {(version.published_at or '')[:10]:<11}", "$quiet"),
            (f"{size_text(size) if size else '':>8}", "$quiet"),
            (" owned" if owned else "", "$accent"),
            (f" until {until[:10]}: early access" if until else "", "$error"),
        )

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show its files."""
        version = self._versions[event.option_index]
        lines = [_file_line(file) for file in version.files[:_FILES]]
        if len(version.files) > _FILES:
            lines.append(Content.styled(f"and {len(version.files) - _FILES:,} more", "$quiet"))
        if version.trained_words:
            words = ", ".join(cell_text(word, 60) for word in version.trained_words[:6])
            lines.append(Content.assemble(("words ", "$quiet"), (words, "$accent")))
        lines.append(Content.styled(f"content {level_label(version.content_level)}", "$quiet"))
        self.query_one("#files", Static).update(Content("\n").join(lines))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the version under the cursor."""
        self.dismiss(self._versions[event.option_index])


def _file_line(file: HubFile) -> Content:
    told, warning = file_facts(file)
    return Content.assemble(
        cell_text(file.name, 60),
        (f"  {told}", "$quiet"),
        (f"  {warning}" if warning else "", "$error"),
    )
