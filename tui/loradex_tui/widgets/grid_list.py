"""The list of grids: a line for each, with its state in words."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.message import Message

from loradex.domain.grid import GridRecord
from loradex.operations.grid_listing import ListedGrid
from loradex_tui.actions import bindings
from loradex_tui.cells import fit
from loradex_tui.grids.words import progress_words
from loradex_tui.jobs.running import Jobs
from loradex_tui.widgets.line_list import LineList
from loradex_tui.wording import when_text

_WIDE = 100
_DRAWING, _DONE, _STOPPED, _FAILED = "▸", "✓", "‖", "✗"


class GridList(LineList):
    """One line for each grid."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("grids")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "grid--id",
        "grid--quiet",
        "grid--failed",
        "grid--said",
    }
    DEFAULT_CSS = """
    GridList > .grid--id { color: $accent; }
    GridList > .grid--quiet { color: $quiet; }
    GridList > .grid--failed { color: $error; }
    GridList > .grid--said { color: $secondary; }
    """

    class Wanted(Message):
        """The person wants something of the grid under the cursor, or of the list."""

        def __init__(self, what: str) -> None:
            super().__init__()
            self.what = what

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self.grids: list[ListedGrid] = []
        self._jobs = jobs

    def show(self, grids: list[ListedGrid]) -> None:
        """Show these grids; the cursor stays on the grid it is on."""
        before = self.current.id if self.current else None
        self.grids = grids
        ids = [grid.record.id for grid in grids]
        self.set_line_count(len(grids), ids.index(before) if before in ids else self.cursor)

    @property
    def current(self) -> GridRecord | None:
        """The grid under the cursor."""
        return self.grids[self.cursor].record if self.cursor < len(self.grids) else None

    def draw(self, index: int, width: int, base: Style, *, cursor: bool) -> list[Segment]:
        """Return number, title, verdict, state and date as the width allows."""
        grid = self.grids[index]
        record = grid.record

        def style(name: str) -> Style:
            return base + self.tone(f"grid--{name}")

        words = progress_words(record, self._jobs)
        if record.cells_failed:
            words += f" · {record.cells_failed} failed"
        wide = width >= _WIDE
        mark, tone = self._mark(record)
        tail = [(f"{mark} {words}", 34 if wide else 26, tone)]
        if wide:
            tail.append((f"◆ {grid.said}" if grid.said else "", 36, "said"))
            tail.append((when_text(record.created_at), 17, "quiet"))
        probe = "probe " if grid.probed else ""
        room = width - 9 - sum(cells for _, cells, _ in tail) - len(probe)
        title = record.title or ", ".join(record.loras)
        return [
            Segment("❯ " if cursor else "  ", style("id")),
            Segment(fit(f"#{record.id}", 6) + " ", style("id")),
            Segment(probe, style("said")),
            Segment(fit(title, max(room - 1, 0)) + " ", base),
            *(Segment(fit(text, cells - 1) + " ", style(name)) for text, cells, name in tail),
        ]

    def _mark(self, record: GridRecord) -> tuple[str, str]:
        running = self._jobs.status("grid")
        if running is not None and running.grid_id == record.id:
            return _DRAWING, "id"
        if record.cells_failed:
            return _FAILED, "failed"
        return (_DONE, "quiet") if record.cells_done == record.cells_total else (_STOPPED, "id")

    def on_line_list_clicked(self, event: LineList.Clicked) -> None:
        """A second click opens."""
        event.stop()
        if event.times > 1:
            self.do_open_grid()

    def do_open_grid(self) -> None:
        """Open the grid under the cursor."""
        self.post_message(self.Wanted("open"))

    def do_new_grid(self) -> None:
        """Put a new grid together."""
        self.post_message(self.Wanted("new"))

    def do_resume(self) -> None:
        """Draw what the grid lacks."""
        self.post_message(self.Wanted("resume"))

    def do_again(self) -> None:
        """Ask for the grid again, with changes."""
        self.post_message(self.Wanted("again"))

    def do_open_page(self) -> None:
        """Show the grid's page outside."""
        self.post_message(self.Wanted("page"))

    def do_copy_grid(self) -> None:
        """Copy where the grid lies."""
        self.post_message(self.Wanted("copy"))

    def do_delete_grid(self) -> None:
        """Delete the grid."""
        self.post_message(self.Wanted("delete"))

    def do_search_grids(self) -> None:
        """Narrow the list."""
        self.post_message(self.Wanted("search"))

    def do_back(self) -> None:
        """All grids again, or back to the library."""
        self.post_message(self.Wanted("back"))
