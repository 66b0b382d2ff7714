"""What all screens with a list of models share: the models that an action is done to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from loradex.catalog.catalog import Catalog
from loradex.errors import LoradexError
from loradex.operations.annotation_undo import Memory, remembering, take_back
from loradex_tui.background import in_background
from loradex_tui.screens.place import Place
from loradex_tui.undo import Deed
from loradex_tui.widgets.model_list import ModelList
from loradex_tui.wording import count_text


class ModelsPlace(Place):
    """A place with `models`; actions are done to `models.targets`."""

    copied_tags: tuple[str, ...] = ()
    """Tags that were copied from a model, to be put on others."""

    @property
    def catalog(self) -> Catalog:
        """The catalog that is shown and written."""
        return self.place_app.catalog

    @property
    def models(self) -> ModelList:
        """The list that has the marks and the cursor."""
        raise NotImplementedError

    def refresh_after_edit(self, ids: Sequence[int]) -> None:
        """Show what was changed."""
        raise NotImplementedError

    def remember(self, what: str, ids: Sequence[int], memory: Memory) -> None:
        """Let `u` take back what an edit of these models changed; `what` follows `Undo`."""
        if not memory:
            return

        def taken_back() -> str:
            back = take_back(self.catalog, memory)
            told = f"Took back: {what}."
            if back.left:
                told += f" {count_text(back.left, 'model')} changed again meanwhile: left so."
            return told

        self.place_app.did(Deed(what, taken_back, lambda: self.refresh_after_edit(ids)))

    def annotate(
        self,
        ids: Sequence[int],
        kinds: Sequence[str],
        edit: Callable[[Sequence[int]], object],
        told: str,
        what: str,
    ) -> None:
        """Edit what is said of models in a thread, tell it, and let `u` take it back.

        `kinds` are those of `annotation_undo`. Every edit counts: a newer one does not void its
        end. What was written before an error can be taken back as well.
        """
        memory = Memory()

        def done() -> None:
            self.remember(what, ids, memory)
            self.refresh_after_edit(ids)

        def written(_nothing: None) -> None:
            done()
            told_now = f"{told} · u undo" if memory else "That is so already."
            self.app.notify(told_now, timeout=4)

        def failed(error: LoradexError) -> None:
            done()
            self.place_app.report(error)

        in_background(
            self,
            "write",
            lambda: remembering(self.catalog, memory, kinds, ids, edit),
            written,
            failed,
            exclusive=False,
        )
