"""The collections there are: to go to, and to put the marked models into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from loradex.operations.collection_changes import Listed
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text, fit
from loradex_tui.screens.ask_text import AskText
from loradex_tui.screens.dialog import Dialog, key_words
from loradex_tui.wording import count_text

_NAME = 24


@dataclass(frozen=True, slots=True)
class CollectionDeeds:
    """What the dialog can have done to a collection of a name; each calls back when it is done."""

    add: Callable[[str, Callable[[], None]], None]
    take_out: Callable[[str, Callable[[], None]], None]
    rename: Callable[[str, str, Callable[[], None]], None]
    delete: Callable[[str, Callable[[], None]], None]


class CollectionsDialog(Dialog[Listed]):
    """Lists collections; the result is the one to show."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a,plus", "add", "Add", show=False),
        Binding("r,minus", "take_out", "Take out", show=False),
        Binding("n", "new", "New", show=False),
        Binding("e", "rename", "Rename", show=False),
        Binding("d", "delete", "Delete", show=False),
        Binding("j", "cursor(1)", "Down", show=False),
        Binding("k", "cursor(-1)", "Up", show=False),
    ]
    DEFAULT_CSS = "CollectionsDialog > #box { width: 76; }"

    def __init__(
        self, targets: int, read: Callable[[], Sequence[Listed]], deeds: CollectionDeeds
    ) -> None:
        super().__init__()
        self._targets = targets
        self._read = read
        self._deeds = deeds
        self._listed: Sequence[Listed] = ()

    def compose(self) -> ComposeResult:
        """The list and the keys."""
        many = count_text(self._targets, "model")
        with Vertical(id="box") as box:
            box.border_title = "Collections"
            yield OptionList()
            yield Static(id="none", classes="told")
            yield Static(
                Content("\n").join((
                    key_words(("Enter", "shows it"), ("a", f"adds {many}"),
                              ("r", "takes them out")),
                    key_words(("n", "new one with them"), ("e", "renames"), ("d", "deletes"),
                              ("Esc", "leaves")),
                )),
                classes="told",
            )  # fmt: skip

    def on_mount(self) -> None:
        """Read what there is."""
        self._reload()

    def _reload(self) -> None:
        in_background(self, "collections", self._read, self._show)

    def _show(self, listed: Sequence[Listed]) -> None:
        options = self.query_one(OptionList)
        here = options.highlighted or 0
        self._listed = listed
        options.clear_options()
        options.add_options([Option(_line(each)) for each in listed])
        options.highlighted = min(here, len(listed) - 1) if listed else None
        told = "" if listed else "No collection yet: n makes one, S in the library saves a query."
        self.query_one("#none", Static).update(Content(told))
        options.focus()

    def _current(self) -> Listed | None:
        index = self.query_one(OptionList).highlighted
        return self._listed[index] if index is not None and index < len(self._listed) else None

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Show the collection under the cursor."""
        self.dismiss(self._listed[event.option_index])

    def action_cursor(self, step: int) -> None:
        """Move by a line."""
        options = self.query_one(OptionList)
        if step > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def action_add(self) -> None:
        """Put the models in."""
        if (current := self._current()) is not None:
            self._deeds.add(current.known.name, self._reload)

    def action_take_out(self) -> None:
        """Take the models out."""
        if (current := self._current()) is not None:
            self._deeds.take_out(current.known.name, self._reload)

    def action_new(self) -> None:
        """Make a collection of the models."""

        def named(name: str | None) -> None:
            if name:
                self._deeds.add(name, self._reload)

        question = f"New collection of {count_text(self._targets, 'model')}"
        self.app.push_screen(AskText(question, placeholder="its name"), named)

    def action_rename(self) -> None:
        """Ask for another name."""
        current = self._current()
        if current is None:
            return
        old = current.known.name

        def named(name: str | None) -> None:
            if name and name != old:
                self._deeds.rename(old, name, self._reload)

        self.app.push_screen(AskText(f"Rename {cell_text(old, 40)}", old), named)

    def action_delete(self) -> None:
        """Delete the collection; it can be undone."""
        if (current := self._current()) is not None:
            self._deeds.delete(current.known.name, self._reload)


def _line(each: Listed) -> Content:
    count = "cannot be read" if each.models is None else count_text(each.models, "model")
    return Content.assemble(
        (f" {fit(each.known.name, _NAME)} ", ""),
        (f"{count:>15}  ", "$error" if each.models is None else "$quiet"),
        (
            cell_text(each.known.query or "by hand", 120),
            "$secondary" if each.known.query else "$quiet",
        ),
    )
