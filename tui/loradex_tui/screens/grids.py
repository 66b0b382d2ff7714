"""The grids that were drawn, newest first."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from loradex.domain.grid import GridRecord
from loradex.operations.child_job import JobStatus
from loradex_tui.actions import bindings
from loradex_tui.actions.grids import GridSituation
from loradex_tui.background import in_background
from loradex_tui.cells import fit
from loradex_tui.screens.grid_screen import GridScreen
from loradex_tui.screens.place import Place
from loradex_tui.widgets.line_list import LineList
from loradex_tui.wording import when_text


class GridList(LineList):
    """One line for each grid."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("grids")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"grid--id", "grid--quiet", "grid--failed"}
    DEFAULT_CSS = """
    GridList > .grid--id { color: $accent; }
    GridList > .grid--quiet { color: $quiet; }
    GridList > .grid--failed { color: $error; }
    """

    class Opened(Message):
        """The person wants to see a grid."""

        def __init__(self, record: GridRecord) -> None:
            super().__init__()
            self.record = record

    def __init__(self) -> None:
        super().__init__()
        self.records: list[GridRecord] = []

    def show(self, records: list[GridRecord]) -> None:
        """Show these grids and keep the place."""
        self.records = records
        self.set_line_count(len(records), self.cursor)

    @property
    def current(self) -> GridRecord | None:
        """The grid under the cursor."""
        return self.records[self.cursor] if self.cursor < len(self.records) else None

    def draw(self, index: int, width: int, base: Style, *, cursor: bool) -> list[Segment]:
        """Return number, title, how far it is, checkpoint and date as the width allows."""
        record = self.records[index]

        def style(name: str) -> Style:
            return base + self.tone(f"grid--{name}")

        done = f"{record.cells_done} of {record.cells_total}"
        failed = f"{record.cells_failed} failed" if record.cells_failed else ""
        tail = [
            (done, 13, "quiet"),
            (failed, 11, "failed"),
            (when_text(record.created_at), 17, "quiet"),
        ]
        if width >= 100:
            tail.insert(0, (record.checkpoint, 28, "quiet"))
        room = width - 9 - sum(cells for _, cells, _ in tail)
        return [
            Segment("❯ " if cursor else "  ", style("id")),
            Segment(fit(f"#{record.id}", 6) + " ", style("id")),
            Segment(fit(record.title or ", ".join(record.loras), max(room - 1, 0)) + " ", base),
            *(Segment(fit(text, cells - 1) + " ", style(name)) for text, cells, name in tail),
        ]

    def on_line_list_clicked(self, event: LineList.Clicked) -> None:
        """A second click opens."""
        event.stop()
        if event.times > 1:
            self.do_open_grid()

    def do_open_grid(self) -> None:
        """Open the grid under the cursor."""
        if self.current is not None:
            self.post_message(self.Opened(self.current))

    def do_back(self) -> None:
        """Go to the library."""
        self.screen.do_library()  # type: ignore[attr-defined]


class GridsScreen(Place):
    """Lists all grids; Enter opens one."""

    HERE = "Grids"
    DEFAULT_CSS = """
    GridsScreen #empty { display: none; padding: 2 3; color: $quiet; }
    GridsScreen.-empty #empty { display: block; }
    GridsScreen.-empty GridList { height: 0; }
    """

    def compose_body(self) -> ComposeResult:
        """The list, and what stands there when it is empty."""
        with Vertical(classes="pane") as pane:
            pane.border_title = "Grids"
            yield Static(
                Content.assemble(
                    "No grids yet. Point at a LoRA in the library and press ",
                    ("x", "bold $accent"),
                    ".",
                ),
                id="empty",
            )
            yield GridList()

    def on_mount(self) -> None:
        """Read the grids there are."""
        super().on_mount()
        self.query_one(GridList).focus()

    def on_screen_resume(self) -> None:
        """A grid may have been drawn meanwhile."""
        super().on_screen_resume()
        self._reload()

    def _reload(self) -> None:
        in_background(self, "grids", self.place_app.catalog.grids.grids, self._show)

    def _show(self, records: list[GridRecord]) -> None:
        self.set_class(not records, "-empty")
        self.query_one(GridList).show(records)
        self.refresh_hints()

    @property
    def situation(self) -> GridSituation:
        """Whether there is a grid to open."""
        there = self.query_one(GridList).current is not None
        return GridSituation(self.place_app.around, grid=there)

    def job_moved(self, name: str, status: JobStatus) -> None:
        """A grid that is being drawn has more cells now."""
        super().job_moved(name, status)
        if name == "grid":
            self._reload()

    def on_grid_list_opened(self, event: GridList.Opened) -> None:
        """Open a grid."""
        self.app.push_screen(GridScreen(event.record.id))
