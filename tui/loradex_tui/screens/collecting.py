"""What the library does with collections: queries that are saved, and models that are picked."""

from __future__ import annotations

from collections.abc import Callable

from loradex.domain.finding import Collection
from loradex.errors import LoradexError
from loradex.operations import collections
from loradex.operations.annotation_undo import Memory, remembering
from loradex.operations.collection_changes import (
    Back,
    Listed,
    delete,
    listed,
    query_of,
    rename,
    save_query,
)
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text
from loradex_tui.query_text import without
from loradex_tui.screens.ask_text import AskText
from loradex_tui.screens.collections_dialog import CollectionDeeds, CollectionsDialog
from loradex_tui.screens.models_place import ModelsPlace
from loradex_tui.undo import Deed
from loradex_tui.wording import count_text

Done = Callable[[], None]


class Collecting(ModelsPlace):
    """Collections: shown, filled, saved."""

    @property
    def asked_text(self) -> str:
        """The query as it is written."""
        raise NotImplementedError

    def ask(self, query: str) -> None:
        """Show what another query finds."""
        raise NotImplementedError

    def do_collections(self) -> None:
        """Show the collections there are."""
        deeds = CollectionDeeds(
            lambda name, done: self._pick(name, done, put_in=True),
            lambda name, done: self._pick(name, done, put_in=False),
            lambda old, new, done: self._change(
                lambda: rename(self.catalog, old, new), f"the name of {cell_text(old, 40)}", done
            ),
            lambda name, done: self._change(
                lambda: delete(self.catalog, name), f"deleting {cell_text(name, 40)}", done
            ),
        )

        def show(chosen: Listed | None) -> None:
            if chosen is not None:
                self.ask(query_of(chosen.known))

        dialog = CollectionsDialog(len(self.models.targets), lambda: listed(self.catalog), deeds)
        self.app.push_screen(dialog, show)

    def _pick(self, name: str, done: Done, *, put_in: bool) -> None:
        ids, catalog, memory = self.models.targets, self.catalog, Memory()
        many, shown = count_text(len(ids), "model"), cell_text(name, 40)
        edit = collections.pick if put_in else collections.unpick

        def written(_nothing: None) -> None:
            self.remember(f"{shown}: {many}", ids, memory)
            self.refresh_after_edit(ids)
            verb = "Put into" if put_in else "Took out of"
            changed = count_text(memory.models, "model")
            told = f"{verb} {shown}: {changed} · u undo" if memory else "That is so already."
            self.app.notify(told, timeout=4)
            done()

        in_background(
            self,
            "write",
            lambda: remembering(
                catalog, memory, ["collections"], ids, lambda some: edit(catalog, name, some)
            ),
            written,
            exclusive=False,
        )

    def _change(self, task: Callable[[], Back], what: str, done: Done) -> None:
        """Change a collection, and let `u` take it back."""

        def changed(back: Back) -> None:
            def taken_back() -> str:
                back()
                return f"Took back: {what}."

            self.place_app.did(Deed(what, taken_back, lambda: self.refresh_after_edit([])))
            self.refresh_after_edit([])
            self.app.notify(f"{what[0].upper()}{what[1:]} · u undo", timeout=4)
            done()

        in_background(self, "write", task, changed, exclusive=False)

    def do_save_query(self) -> None:
        """Ask for a name for the query."""
        query = without(self.asked_text, ["sort", "limit"])

        def ask(known: list[Collection]) -> None:
            def tell(name: str) -> str:
                same = next((each for each in known if each.name == name), None)
                if same is None:
                    return cell_text(query, 200)
                if same.query is None:
                    return "This is a collection picked by hand: take another name."
                return f"Replaces {cell_text(same.query, 100)}"

            self.app.push_screen(
                AskText("Save this query as", placeholder="a name", tell=tell), save
            )

        def save(name: str | None) -> None:
            if name:
                self._change(
                    lambda: save_query(self.catalog, name, query),
                    f"saved query {cell_text(name, 40)}",
                    lambda: None,
                )

        def failed(error: LoradexError) -> None:
            self.place_app.report(error)

        in_background(self, "collections", self.catalog.collections.all, ask, failed)
