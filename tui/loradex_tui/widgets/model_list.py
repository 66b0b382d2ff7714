"""The list of models: ids in memory, rows from the catalog when they are seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.message import Message

from loradex.domain.models import ModelRow
from loradex_tui.actions import bindings
from loradex_tui.background import in_background
from loradex_tui.cells import fit
from loradex_tui.widgets.columns import layout
from loradex_tui.widgets.line_list import LineList
from loradex_tui.widgets.row_window import RowWindow
from loradex_tui.wording import state_mark

FetchRows = Callable[[Sequence[int]], list[ModelRow]]


class ModelList(LineList):
    """Models with a cursor and marks. Marks are ids: they stay when the search changes."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("models")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "model--name",
        "model--kind",
        "model--base",
        "model--size",
        "model--rating",
        "model--tags",
        "model--mark",
        "model--cursor",
        "model--state",
        "model--wait",
    }
    DEFAULT_CSS = """
    ModelList > .model--name { color: $foreground; }
    ModelList > .model--kind { color: $quiet; }
    ModelList > .model--base { color: $primary; }
    ModelList > .model--size { color: $quiet; }
    ModelList > .model--rating { color: $accent; }
    ModelList > .model--tags { color: $chip; }
    ModelList > .model--mark { color: $accent; text-style: bold; }
    ModelList > .model--cursor { color: $primary; text-style: bold; }
    ModelList > .model--state { color: $error; }
    ModelList > .model--wait { color: $quiet; }
    """

    class Opened(Message):
        """The person wants to see the model under the cursor."""

    class MarksChanged(Message):
        """Other models are marked."""

    def __init__(self, fetch_rows: FetchRows, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.window = RowWindow()
        self.marks: set[int] = set()
        self._fetch_rows = fetch_rows
        self._fetching = False

    @property
    def current_id(self) -> int | None:
        """The id under the cursor; None when the list is empty."""
        return self.window.ids[self.cursor] if self.cursor < len(self.window.ids) else None

    @property
    def current_row(self) -> ModelRow | None:
        """The row under the cursor; None when there is none, or it is not here yet."""
        return self.window.row(self.cursor) if self.cursor < len(self.window.ids) else None

    @property
    def targets(self) -> list[int]:
        """The ids that an action is done to: those marked, else the one under the cursor."""
        if self.marks:
            return sorted(self.marks)
        return [] if self.current_id is None else [self.current_id]

    def show_ids(self, ids: Sequence[int], keep: int | None = None) -> None:
        """Show another result; the cursor goes to the id `keep` if that is in it, else on top."""
        cursor = 0
        if keep is not None:
            try:
                cursor = ids.index(keep)
            except ValueError:
                cursor = min(self.cursor, max(len(ids) - 1, 0))
        self.window.set_ids(ids)
        if keep is None:
            self.scroll_to(y=0, animate=False, force=True)
        self.set_line_count(len(ids), cursor)

    def reload(self, ids: Iterable[int] | None = None) -> None:
        """Read these rows again (all when None): they were changed."""
        self.window.forget(ids)
        self.refresh()

    def clear_marks(self) -> None:
        """Mark nothing."""
        self._mark(set())

    def draw(self, index: int, width: int, base: Style, *, cursor: bool) -> list[Segment]:
        """Return one model in the columns that fit, or a row that waits for its text."""
        row = self.window.row(index)
        marked = self.window.ids[index] in self.marks
        segments = [
            Segment("❯" if cursor else " ", base + self.tone("model--cursor")),
            Segment("*" if marked else " ", base + self.tone("model--mark")),
        ]
        if row is None:
            self._fetch_soon()
            return [*segments, Segment(fit("  ·", width - 2), base + self.tone("model--wait"))]
        segments.append(Segment(f"{state_mark(row.state)} ", base + self.tone("model--state")))
        for column, cells in layout(width):
            text = column.cell(row, cells - 1) + " "
            name = "mark" if marked and column.id == "name" else column.id
            segments.append(Segment(text, base + self.tone(f"model--{name}")))
        return segments

    def _fetch_soon(self) -> None:
        if not self._fetching:
            self._fetching = True
            self.call_later(self._fetch)

    def _fetch(self) -> None:
        """Read the windows that were asked for, one at a time, the latest first."""
        height = self.size.height
        for index in (self.scroll_offset.y - height, self.scroll_offset.y + 2 * height):
            self.window.want(index)
        self.window.want(self.scroll_offset.y)
        self.window.want(self.scroll_offset.y + max(height - 1, 0))
        ids = self.window.wanted()
        self._fetching = bool(ids)
        if not ids:
            return

        def arrived(rows: list[ModelRow]) -> None:
            current = self.current_id in ids
            self.window.store(ids, rows)
            self.refresh()
            if current:
                self.post_message(self.Moved(self))
            self._fetch()

        in_background(
            self, "rows", lambda: self._fetch_rows(ids), arrived, self._failed, exclusive=False
        )

    def _failed(self, error: Exception) -> None:
        self._fetching = False
        self.app.notify(str(error), severity="error")

    def _mark(self, marks: set[int]) -> None:
        self.marks = marks
        self.refresh()
        self.post_message(self.MarksChanged())

    def do_open(self) -> None:
        """Show the details."""
        self.post_message(self.Opened())

    def do_filters(self) -> None:
        """Go to the filters."""
        self.screen.action_do("filter", "library")  # type: ignore[attr-defined]

    def do_mark(self) -> None:
        """Mark or unmark the line, and step down."""
        if self.current_id is None:
            return
        self.marks ^= {self.current_id}
        self.redraw(self.cursor)
        self.post_message(self.MarksChanged())
        self.do_down()

    def do_mark_all(self) -> None:
        """Mark all of the result; unmark it when all of it is marked."""
        found = set(self.window.ids)
        self._mark(self.marks - found if found <= self.marks else self.marks | found)
