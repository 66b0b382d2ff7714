"""What the library lets a person write about models: tags, notes, ratings, grids."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from loradex.catalog.catalog import Catalog
from loradex.domain.models import ModelDetails
from loradex.errors import LoradexError
from loradex.operations import annotate
from loradex.operations.probe_job import likeliest_checkpoints
from loradex_tui.background import in_background
from loradex_tui.screens.key_menu import RATINGS, Choice, KeyMenu
from loradex_tui.screens.note_editor import NoteEditor
from loradex_tui.screens.place import Place
from loradex_tui.screens.tag_editor import TagEditor
from loradex_tui.widgets.details_text import hub_page
from loradex_tui.widgets.model_list import ModelList
from loradex_tui.wording import count_text, stars

if TYPE_CHECKING:
    from loradex.operations.grid_request import GridRequest
    from loradex_tui.screens.grid_dialog import GridOffer


class Editing(Place):
    """Actions on `models.targets`: the marked models, else the one under the cursor."""

    @property
    def catalog(self) -> Catalog:
        """The catalog that is shown and written."""
        return self.place_app.catalog

    @property
    def models(self) -> ModelList:
        """The list that has the marks and the cursor."""
        raise NotImplementedError

    def refresh_after_edit(self, ids: list[int]) -> None:
        """Show what was changed."""
        raise NotImplementedError

    def _write(self, ids: list[int], task: Callable[[], None], told: str = "") -> None:
        """Write in a thread; every write counts, so a newer one does not void its end."""

        def written(_nothing: None) -> None:
            self.refresh_after_edit(ids)
            if told:
                self.app.notify(told, timeout=3)

        in_background(self, "write", task, written, exclusive=False)

    def do_tags(self) -> None:
        """Open the tag editor."""
        ids, catalog = self.models.targets, self.catalog
        editor = TagEditor(
            ids,
            lambda: (catalog.rows(ids), [name for name, _ in catalog.person.tags()]),
            lambda change: annotate.tag(catalog, ids, add=change.add, remove=change.remove),
        )
        self.app.push_screen(
            editor, lambda changed: self.refresh_after_edit(ids) if changed else None
        )

    def do_note(self) -> None:
        """Write the note of the model under the cursor."""
        id_ = self.models.current_id
        if id_ is not None:
            self._edit_note(id_)

    def _edit_note(self, id_: int, unsaved: str | None = None) -> None:
        """Open the editor on the note as it is now, or on a text that could not be saved."""

        def edit(details: ModelDetails) -> None:
            def keep(text: str | None) -> None:
                if text is not None:
                    save(text, details.note_version)

            text = details.note if unsaved is None else unsaved
            self.app.push_screen(NoteEditor(details.row.name, text), keep)

        def save(text: str, version: int) -> None:
            def saved(_nothing: None) -> None:
                self.refresh_after_edit([id_])
                self.app.notify("Note saved.", timeout=3)

            def refused(error: LoradexError) -> None:
                self.app.notify(f"{error.message} Your text is still here.", severity="error")
                self._edit_note(id_, text)

            in_background(
                self,
                "write",
                lambda: annotate.note(self.catalog, id_, text, expected_version=version),
                saved,
                refused,
                exclusive=False,
            )

        in_background(self, "note", lambda: self.catalog.details(id_), edit)

    def do_rate(self) -> None:
        """Offer the stars."""
        ids = self.models.targets

        def rate(value: str | None) -> None:
            if value is None:
                return
            given = int(value) or None
            told = f"{stars(given) or 'No rating'} for {count_text(len(ids), 'model')}."
            self._write(ids, lambda: annotate.rate(self.catalog, ids, given), told)

        self.app.push_screen(KeyMenu(f"Rate {count_text(len(ids), 'model')}", RATINGS), rate)

    def do_favourite(self) -> None:
        """Make all favourites, or none when all are."""
        ids, catalog = self.models.targets, self.catalog

        def turn() -> None:
            wanted = not all(row.favourite for row in catalog.rows(ids))
            annotate.favourite(catalog, ids, wanted)

        self._write(ids, turn)

    def do_copy(self) -> None:
        """Offer what can be copied of the model under the cursor."""
        id_ = self.models.current_id
        if id_ is not None:
            in_background(self, "copy", lambda: self.catalog.details(id_), self._offer_copies)

    def _offer_copies(self, details: ModelDetails) -> None:
        row, hub_url = details.row, self.place_app.settings.hub_url
        texts = {
            "trigger words": ", ".join(row.trigger_words),
            "path": details.files[0].path if details.files else "",
            "hash": row.sha256 or "",
            "page": hub_page(details.match, hub_url) if details.match else "",
        }
        keys = {"trigger words": "t", "path": "p", "hash": "h", "page": "u"}
        choices = [Choice(keys[name], name, name, text) for name, text in texts.items() if text]
        if not choices:
            self.app.notify("Nothing of this model can be copied.", severity="warning")
            return

        def copy(what: str | None) -> None:
            if what is not None:
                self.copy(texts[what], what)

        self.app.push_screen(KeyMenu("Copy", choices), copy)

    def do_render(self) -> None:
        """Ask what to draw, then draw it."""
        from loradex_tui.screens.grid_dialog import (  # noqa: PLC0415 - much is behind it
            GridDialog,
            grid_offer,
        )

        ids = self.models.targets

        def ask(offer: GridOffer) -> None:
            self.app.push_screen(GridDialog(offer), start)

        def start(request: GridRequest | None) -> None:
            if request is not None:
                self.place_app.start_grid(request)

        in_background(self, "offer", lambda: grid_offer(self.catalog, ids), ask)

    def do_probe(self) -> None:
        """Probe on the checkpoint that fits best; the verdict shows in the details."""
        ids, catalog = self.models.targets, self.catalog
        in_background(
            self,
            "probe",
            lambda: likeliest_checkpoints(catalog, ids),
            lambda checkpoints: self.place_app.start_probe(ids, checkpoints),
        )
