"""The list of models: ids in memory, rows from the catalog when they are seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Offset
from textual.message import Message

from loradex.domain.models import ModelRow
from loradex.operations.why_found import why_found
from loradex_tui.actions import bindings
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text, fit
from loradex_tui.widgets.columns import layout
from loradex_tui.widgets.line_list import LineList
from loradex_tui.widgets.marks import Marks
from loradex_tui.widgets.row_window import RowWindow
from loradex_tui.wording import state_mark

_FOUND_BY = "  "
_LEAST_WHY = 8
_MARK_COLUMNS = 3
"""Cells on the left in which a click marks."""

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
        "model--why",
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
    ModelList > .model--why { color: $quiet; text-style: italic; }
    """

    class Opened(Message):
        """The person wants to see the model under the cursor."""

    class MarksChanged(Message):
        """Other models are marked."""

    def __init__(self, fetch_rows: FetchRows, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.window = RowWindow()
        self.marked = Marks()
        self.found_by = ""
        """What found the models: a row tells why where its name does not."""
        self.fetch_rows = fetch_rows
        self._fetching = False

    @property
    def marks(self) -> set[int]:
        """The ids that are marked, shown or not."""
        return self.marked.ids

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
        self.marked.show(ids)
        if keep is None:
            self.scroll_to(y=0, animate=False, force=True)
        self.set_line_count(len(ids), cursor)
        self._fetch_soon()

    def reload(self, ids: Iterable[int] | None = None) -> None:
        """Read these rows again (all when None): they were changed."""
        self.window.forget(ids)
        self.refresh()

    def clear_marks(self) -> None:
        """Mark nothing."""
        self.marked.set_ids(())
        self._marks_changed()

    def end_range(self) -> None:
        """Let the range be; what it marked stays marked."""
        self.marked.end_range()
        self.post_message(self.MarksChanged())

    def move_to(self, index: int) -> None:
        """Put the cursor on a line; a range that sticks follows it, another one ends."""
        if self.marked.in_range and not self.marked.sticky:
            self.marked.end_range()
        super().move_to(index)
        if self.marked.sticky:
            self._extend()

    def draw(self, index: int, width: int, base: Style, *, cursor: bool) -> list[Segment]:
        """Return one model in the columns that fit, or a row that waits for its text."""
        row = self.window.row(index)
        marked = self.window.ids[index] in self.marks
        segments = [
            Segment("❯" if cursor else " ", base + self.tone("model--cursor")),
            Segment("*" if marked else " ", base + self.tone("model--mark")),
        ]
        if self.window.lacks:
            self._fetch_soon()
        if row is None:
            return [*segments, Segment(fit("  ·", width - 2), base + self.tone("model--wait"))]
        segments.append(Segment(f"{state_mark(row.state)} ", base + self.tone("model--state")))
        for column, cells in layout(width):
            if column.id == "name":
                segments += self._name_cell(row, cells, base, marked=marked)
                continue
            text = column.cell(row, cells - 1) + " "
            segments.append(Segment(text, base + self.tone(f"model--{column.id}")))
        return segments

    def _name_cell(self, row: ModelRow, cells: int, base: Style, *, marked: bool) -> list[Segment]:
        """Return the name, and behind it why it was found where it does not show that."""
        style = base + self.tone("model--mark" if marked else "model--name")
        why = why_found(self.found_by, row) if self.found_by else ""
        name = cell_text(row.name)
        room = cells - cell_len(name) - len(_FOUND_BY) - 1
        if not why or room < _LEAST_WHY:
            return [Segment(fit(row.name, cells - 1) + " ", style)]
        reason = fit(why, room)
        return [
            Segment(f"{name}{_FOUND_BY}", style),
            Segment(f"{reason} ", base + self.tone("model--why")),
        ]

    def _fetch_soon(self) -> None:
        if not self._fetching:
            self._fetching = True
            # What is here already is drawn first.
            self.call_after_refresh(self._fetch)

    def _fetch(self) -> None:
        """Read the windows that were asked for, one at a time, the latest first."""
        view = self.in_view()
        for index in (view.start - len(view), view.stop + len(view), view.start, view.stop - 1):
            self.window.want(index)
        ids = self.window.wanted()
        self._fetching = bool(ids)
        if not ids:
            return

        def arrived(rows: list[ModelRow]) -> None:
            current = self.current_id in ids
            self.window.store(ids, rows)
            seen = self.in_view()
            if not set(ids).isdisjoint(self.window.ids[seen.start : seen.stop]):
                self.refresh()
            if current:
                self.post_message(self.Moved(self))
            self._fetch()

        in_background(
            self, "rows", lambda: self.fetch_rows(ids), arrived, self._failed, exclusive=False
        )

    def _failed(self, error: Exception) -> None:
        self._fetching = False
        self.app.notify(str(error), severity="error")

    def _marks_changed(self, places: range | None = None) -> None:
        """Draw the marks of these places (all when None) again, and tell of them."""
        if places is None or len(places) > self.size.height:
            self.refresh()
        else:
            for index in places:
                self.redraw(index)
        self.post_message(self.MarksChanged())

    def _extend(self) -> None:
        self._marks_changed(self.marked.extend(self.cursor))

    def _extend_by(self, step: int) -> None:
        if not self.line_count:
            return
        if not self.marked.in_range:
            self.marked.begin_range(self.cursor, sticky=False)
        super().move_to(self.cursor + step)
        self._extend()

    def on_click(self, event: events.Click) -> None:
        """Choose a line; with Ctrl, or in the column of marks, mark it; with Shift, up to it."""
        event.prevent_default()
        offset = event.get_content_offset(self)
        index = -1 if offset is None else self.index_at(offset)
        if offset is None or not self.selectable(index):
            return
        if event.shift:
            self._extend_by(index - self.cursor)
            return
        self.move_to(index)
        if event.ctrl or self.on_mark(offset):
            self._toggle()
        else:
            self.post_message(self.Clicked(self, offset.x, event.chain))

    def index_at(self, offset: Offset) -> int:
        """Return which model is shown at a place of the content."""
        return self.scroll_offset.y + offset.y

    def on_mark(self, offset: Offset) -> bool:
        """Tell whether a click there is meant for the mark."""
        return offset.x < _MARK_COLUMNS

    def in_view(self) -> range:
        """Return the places that are in view; some may be beyond the last."""
        top = self.scroll_offset.y
        return range(top, top + max(self.size.height, 1))

    def _toggle(self) -> None:
        self.marked.toggle(self.cursor)
        self._marks_changed(range(self.cursor, self.cursor + 1))

    def do_open(self) -> None:
        """Show the details."""
        self.post_message(self.Opened())

    def do_filters(self) -> None:
        """Go to the filters."""
        self.screen.action_do("filter", "library")  # type: ignore[attr-defined]

    def do_mark(self) -> None:
        """Mark or unmark the line, and step down."""
        if self.current_id is not None:
            self._toggle()
            self.do_down()

    def do_range(self) -> None:
        """Begin a range that follows the cursor, or end it."""
        if self.marked.sticky:
            self.end_range()
        elif self.current_id is not None:
            self.marked.begin_range(self.cursor, sticky=True)
            self._marks_changed(range(self.cursor, self.cursor + 1))

    def do_extend_down(self) -> None:
        """Mark on downwards."""
        self._extend_by(1)

    def do_extend_up(self) -> None:
        """Mark on upwards."""
        self._extend_by(-1)

    def do_mark_all(self) -> None:
        """Mark all of the result; unmark it when all of it is marked."""
        self.marked.toggle_all()
        self._marks_changed()

    def do_invert(self) -> None:
        """Mark of the result what is not marked."""
        self.marked.invert()
        self._marks_changed()
