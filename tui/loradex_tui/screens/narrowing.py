"""A dialog with a field above a list: what is typed narrows the list, Enter takes a line of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from loradex_tui.screens.dialog import Dialog, Result
from loradex_tui.widgets.line_list import LineList

Item = TypeVar("Item")


class ItemLines(LineList, Generic[Item]):
    """A line for each of some items. The field keeps the keys."""

    DEFAULT_CSS = "ItemLines { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.can_focus = False
        self.items: Sequence[Item] = ()

    def show(self, items: Sequence[Item]) -> None:
        """Show these."""
        self.items = items
        self.set_line_count(len(items))

    @property
    def current(self) -> Item | None:
        """The item under the cursor."""
        return self.items[self.cursor] if self.cursor < len(self.items) else None


class NarrowingDialog(Dialog[Result], Generic[Item, Result]):
    """A subclass says what the items are, which words find one, and what taking one means."""

    HEAD: ClassVar[str] = ""
    TOLD: ClassVar[str] = ""
    """What stands below the box."""
    ASKED: ClassVar[str] = ""
    """What stands in the empty field."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", "Down", show=False, priority=True),
        Binding("up", "move(-1)", "Up", show=False, priority=True),
        Binding("pagedown", "move(10)", "Page down", show=False, priority=True),
        Binding("pageup", "move(-10)", "Page up", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    NarrowingDialog > #box { width: 110; height: 90%; }
    NarrowingDialog #whole { height: auto; max-height: 3; border-top: solid $border-blurred; }
    """

    def __init__(self, items: Sequence[Item], lines: ItemLines[Item]) -> None:
        super().__init__()
        self._all = items
        self._lines = lines

    def words_of(self, item: Item) -> str:
        """Return the text in which what is typed is looked for."""
        raise NotImplementedError

    def whole(self, item: Item) -> Content:
        """Return all there is to say of an item, which its line may have cut."""
        raise NotImplementedError

    def take(self, item: Item) -> None:
        """Do what taking an item means."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """A field to narrow the list, and the list."""
        with Vertical(id="box") as box:
            box.border_title = Content(self.HEAD)
            box.border_subtitle = Content(self.TOLD)
            yield Input(placeholder=self.ASKED)
            yield self._lines
            yield Static(id="whole")

    def on_mount(self) -> None:
        """Show all."""
        self._show(self._all)

    def _show(self, items: Sequence[Item]) -> None:
        self._lines.show(items)
        self._tell()

    def _tell(self) -> None:
        item = self._lines.current
        told = Content() if item is None else self.whole(item)
        self.query_one("#whole", Static).update(told)

    def on_line_list_moved(self) -> None:
        """Say more of another one."""
        self._tell()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Keep what has all the words."""
        words = event.value.casefold().split()
        kept = [
            item
            for item in self._all
            if all(word in self.words_of(item).casefold() for word in words)
        ]
        self._show(kept)

    def action_move(self, step: int) -> None:
        """Move the cursor while the field keeps the keys."""
        self._lines.move_to(self._lines.cursor + step)

    def on_input_submitted(self) -> None:
        """Take what the cursor is on."""
        self._take()

    def on_line_list_clicked(self) -> None:
        """Take what was clicked."""
        self._take()

    def _take(self) -> None:
        if (item := self._lines.current) is not None:
            self.take(item)
