"""What the library lets a person write about models: tags, notes, ratings, grids."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import SuspendNotSupported

from loradex.domain.models import ModelDetails
from loradex.errors import LoradexError
from loradex.operations import annotate
from loradex.operations.annotation_undo import Memory, remembering
from loradex.operations.note_drafts import Draft, edit_draft
from loradex.operations.tag_changes import TagChange, change_tags, tag_view
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text
from loradex_tui.screens.key_menu import RATINGS, KeyMenu
from loradex_tui.screens.models_place import ModelsPlace
from loradex_tui.screens.note_editor import NoteEditor
from loradex_tui.screens.tag_editor import Progress, TagEditor
from loradex_tui.wording import count_text, stars

FAVOURITE = "favourite"
"""What the menu of ratings calls it."""


class Editing(ModelsPlace):
    """Actions on `models.targets`: the marked models, else the one under the cursor."""

    copied_tags: tuple[str, ...]

    def do_tags(self) -> None:
        """Open the tag editor."""
        ids, catalog = self.models.targets, self.catalog
        many = count_text(len(ids), "model")

        def write(change: TagChange, progress: Progress) -> None:
            memory = Memory()

            def told(done: int) -> None:
                progress.done = done

            try:
                change_tags(catalog, ids, change, memory, told)
            finally:
                # What was written before an error can be taken back as well.
                self.app.call_later(self.remember, f"tags of {many}", ids, memory)

        def wrote() -> None:
            self.refresh_after_edit(ids)
            self.app.notify(f"Tagged {many} · u undo", timeout=4)

        self.app.push_screen(TagEditor(ids, lambda: tag_view(catalog, ids), write, wrote))

    def do_paste_tags(self) -> None:
        """Put the tags that were copied on the models."""
        ids, tags = self.models.targets, self.copied_tags
        many = count_text(len(ids), "model")
        self.annotate(
            ids,
            ["tags"],
            lambda some: annotate.tag(self.catalog, some, add=tags),
            f"Put {cell_text(', '.join(tags), 60)} on {many}",
            f"tags of {many}",
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
                    self._save_note(details, text)

            text = details.note if unsaved is None else unsaved
            self.app.push_screen(NoteEditor(details.row.name, text), keep)

        in_background(self, "note", lambda: self.catalog.details(id_), edit)

    def _save_note(self, details: ModelDetails, text: str, draft: Draft | None = None) -> None:
        id_, memory = details.row.id, Memory()

        def write() -> None:
            remembering(
                self.catalog,
                memory,
                ["note"],
                [id_],
                lambda _: annotate.note(
                    self.catalog, id_, text, expected_version=details.note_version
                ),
            )
            if draft is not None:
                draft.discard()

        def saved(_nothing: None) -> None:
            self.remember(f"the note on {cell_text(details.row.name, 30)}", [id_], memory)
            self.refresh_after_edit([id_])
            self.app.notify("Note saved · u undo", timeout=4)

        def refused(error: LoradexError) -> None:
            kept = f"It is kept in {draft.path}." if draft else "Your text is still here."
            self.app.notify(f"{error.message} {kept}", severity="error", timeout=10)
            if draft is None:
                self._edit_note(id_, text)

        in_background(self, "write", write, saved, refused, exclusive=False)

    def do_note_outside(self) -> None:
        """Write the note in the person's own editor; the terminal is the editor's meanwhile."""
        id_ = self.models.current_id
        if id_ is None:
            return

        def edit(found: tuple[ModelDetails, Draft]) -> None:
            details, draft = found
            try:
                with self.app.suspend():
                    text = edit_draft(draft)
            except SuspendNotSupported:
                self.app.notify("No other program can be shown here: e writes here.", timeout=5)
                return
            except LoradexError as error:
                self.place_app.report(error)
                return
            if text == details.note:
                draft.discard()
                self.app.notify("The note stays as it was.", timeout=3)
            else:
                self._save_note(details, text, draft)

        def prepare() -> tuple[ModelDetails, Draft]:
            details = self.catalog.details(id_)
            return details, Draft.of(self.catalog.home, id_, details.note)

        in_background(self, "note", prepare, edit)

    def do_rate(self) -> None:
        """Offer the stars, and the heart."""
        ids = self.models.targets

        def rate(value: str | None) -> None:
            if value == FAVOURITE:
                self._turn_favourite(ids)
            elif value is not None:
                self._rate(ids, int(value) or None)

        self.app.push_screen(KeyMenu(f"Rate {count_text(len(ids), 'model')}", RATINGS), rate)

    def _rate(self, ids: Sequence[int], given: int | None) -> None:
        many = count_text(len(ids), "model")
        self.annotate(
            ids,
            ["rating"],
            lambda some: annotate.rate(self.catalog, some, given),
            f"{stars(given) or 'No rating'} for {many}",
            f"the rating of {many}",
        )

    def _turn_favourite(self, ids: Sequence[int]) -> None:
        """Make all favourites, or none when all are."""
        catalog, many = self.catalog, count_text(len(ids), "model")

        def turn(wanted: bool) -> None:
            self.annotate(
                ids,
                ["favourite"],
                lambda some: annotate.favourite(catalog, some, wanted),
                f"{many} {'♥' if wanted else 'no longer ♥'}",
                f"favourites: {many}",
            )

        in_background(
            self,
            "favourite",
            lambda: list(catalog.said.read("favourite", ids).values()).count((1,)) < len(ids),
            turn,
            exclusive=False,
        )

    def do_render(self) -> None:
        """Offer a quick grid of the LoRAs."""
        from loradex_tui.grids import asks  # noqa: PLC0415 - much is behind it

        asks.quick(self, self.models.targets)

    def do_build(self) -> None:
        """Put a grid of the models together."""
        from loradex_tui.grids import asks  # noqa: PLC0415 - much is behind it

        asks.build(self, self.models.targets)

    def do_probe(self) -> None:
        """Ask how closely to look at the LoRAs, then probe them."""
        from loradex_tui.grids import asks  # noqa: PLC0415 - much is behind it

        asks.probe(self, self.models.targets)
