"""What the library hands to other programs: text for the clipboard, a folder for the desktop."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.text import display_text
from loradex.errors import UsageError
from loradex.operations.copying import CopyForm, copied
from loradex.operations.opening import show_folder
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text
from loradex_tui.screens.key_menu import Choice, KeyMenu
from loradex_tui.screens.models_place import ModelsPlace
from loradex_tui.widgets.details_text import hub_page

_MOST = 50
"""Models whose words are copied together at most: more is no prompt."""


@dataclass(frozen=True, slots=True)
class Copies:
    """What can be copied, by what it is called; `tags` are those of the first model."""

    texts: dict[str, str]
    tags: tuple[str, ...]


_KEYS = {
    "trigger words": "t",
    "prompt": "l",
    "name": "n",
    "path": "p",
    "hash": "h",
    "hub page": "u",
    "tags": "g",
}


def copies(catalog: Catalog, ids: Sequence[int], hub_url: str) -> Copies:
    """Return what can be copied of models: of several, what goes into one prompt."""
    ids = ids[:_MOST]
    details = catalog.details(ids[0])
    row = details.row
    texts = {
        "trigger words": ", ".join(_forms(catalog, ids, CopyForm.WORDS)),
        "prompt": " ".join(_forms(catalog, ids, CopyForm.A1111)),
        "name": ", ".join(each.name for each in catalog.rows(ids)),
    }
    if len(ids) == 1:
        texts |= {
            "path": details.files[0].path if details.files else "",
            "hash": row.sha256 or "",
            "hub page": hub_page(details.match, hub_url) if details.match else "",
            "tags": ", ".join(row.tags),
        }
    return Copies({name: text for name, text in texts.items() if text}, row.tags)


def _forms(catalog: Catalog, ids: Sequence[int], form: CopyForm) -> list[str]:
    """Return each model in a form; those that it does not exist for are left out."""
    found = []
    for id_ in ids:
        with suppress(UsageError):
            found.append(copied(catalog, id_, form).text)
    return [text for text in found if text]


class HandingOut(ModelsPlace):
    """Copying and opening outside."""

    def do_copy(self) -> None:
        """Offer what can be copied of the models."""
        ids, hub_url = self.models.targets, self.place_app.settings.hub_url
        in_background(self, "copy", lambda: copies(self.catalog, ids, hub_url), self._offer_copies)

    def _offer_copies(self, found: Copies) -> None:
        choices = [
            Choice(key, name, name, found.texts[name])
            for name, key in _KEYS.items()
            if name in found.texts
        ]
        if not choices:
            self.app.notify("Nothing of this model can be copied.", severity="warning")
            return

        def copy(what: str | None) -> None:
            if what == "tags":
                self.copied_tags = found.tags
                clean = display_text(found.texts[what])
                self.app.copy_to_clipboard(clean)
                told = f"Copied the tags: {cell_text(clean, 80)} · T puts them on others"
                self.app.notify(told, timeout=5)
                self.refresh_hints()
            elif what is not None:
                self.copy(found.texts[what], what)

        self.app.push_screen(KeyMenu("Copy", choices), copy)

    def do_open_outside(self) -> None:
        """Show the model's folder in the file manager."""
        id_ = self.models.current_id
        if id_ is None:
            return

        def shown(folder: Path) -> None:
            self.app.notify(f"Opened {display_text(str(folder), 200)}", timeout=3)

        in_background(self, "open", lambda: show_folder(self.catalog, id_), shown)
