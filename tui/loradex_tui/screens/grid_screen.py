"""One grid: its pictures as tiles, filling in while it is drawn."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from loradex.domain.grid import GridRecord, RecordCell
from loradex.domain.verdict_words import headline
from loradex.domain.verdicts import VerdictKind
from loradex.errors import LoradexError
from loradex.operations.child_job import JobStatus
from loradex.operations.grid_listing import grid_verdicts
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text
from loradex_tui.grids import starts
from loradex_tui.grids.sheet import GridSheet
from loradex_tui.grids.words import place_words, progress_words
from loradex_tui.jobs.running import progress_text
from loradex_tui.screens.cell_place import CellPlace
from loradex_tui.screens.zoom import ZoomScreen
from loradex_tui.widgets.cell_info import cell_info
from loradex_tui.widgets.cell_view import CellView


@dataclass(frozen=True, slots=True)
class _Found:
    """A grid as the catalog knows it now; what is said of its LoRA, when it has a single one."""

    record: GridRecord
    cells: list[RecordCell]
    best: float | None
    said: str


class GridScreen(CellPlace):
    """Shows a grid by its id; without one, the grid that is being started now."""

    HERE = "Grids"
    DEFAULT_CSS = """
    GridScreen #title { height: auto; max-height: 3; padding: 0 1; color: $quiet; }
    GridScreen #sheet { height: 1fr; }
    GridScreen #about { height: auto; max-height: 4; padding: 0 1; }
    GridScreen #waiting { padding: 2 3; }
    """

    def __init__(self, grid_id: int | None) -> None:
        super().__init__()
        self.grid_id = grid_id
        self._sheet: GridSheet | None = None
        self._said = ""
        self._stopped: JobStatus | None = None

    def compose_body(self) -> ComposeResult:
        """The title, the tiles once there are some, and words about the cell."""
        yield Static(id="title")
        with Vertical(id="sheet", classes="pane"):
            yield Static(Content.styled("Starting…", "$quiet"), id="waiting")
        yield Static(id="about")

    @property
    def grid_sheet(self) -> GridSheet | None:
        """The grid; None while there is none."""
        return self._sheet

    def on_mount(self) -> None:
        """Read the grid."""
        super().on_mount()
        self._reload()

    def on_screen_resume(self) -> None:
        """The cell may be another one after a zoom."""
        super().on_screen_resume()
        for view in self.query(CellView):
            view.turned()

    def job_moved(self, name: str, status: JobStatus) -> None:
        """More cells are there, or the job ended."""
        super().job_moved(name, status)
        if name != starts.JOB or not self._is_mine(status):
            return
        self.grid_id = self.grid_id or status.grid_id
        self._stopped = status if status.state in ("failed", "cancelled") else None
        if self.grid_id is not None:
            self._reload()
        elif status.state == "running":
            self._wait_for(Content.styled(progress_text(name, status), "$quiet"))
        else:
            self._wait_for(_told(status.message or "Nothing was drawn.", status.hint))

    def _is_mine(self, status: JobStatus) -> bool:
        return self.grid_id is None or self.grid_id == status.grid_id

    def _wait_for(self, told: Content) -> None:
        for waiting in self.query("#waiting").results(Static):
            waiting.update(told)

    def cells_changed(self) -> None:
        """Show the grid anew."""
        for view in self.query(CellView):
            view.turned()
        self._reload()

    def _reload(self) -> None:
        grid_id, catalog = self.grid_id, self.place_app.catalog
        if grid_id is None:
            return

        def find() -> _Found:
            record, cells = catalog.grids.grid(grid_id), catalog.grids.cells(grid_id)
            verdicts = grid_verdicts(catalog, grid_id)
            best = verdicts[0].of(VerdictKind.BEST) if verdicts else None
            return _Found(record, cells, best.low if best else None, headline(verdicts))

        in_background(self, "cells", find, self._show, self._cannot_show)

    def _cannot_show(self, error: LoradexError) -> None:
        self._wait_for(_told(error.message, error.hint))

    async def _open(self, sheet: GridSheet) -> None:
        pane = self.query_one("#sheet")
        await pane.remove_children()
        view = CellView(sheet, self.place_app.pictures)
        await pane.mount(view)
        view.focus()
        self.refresh_hints()

    def _show(self, found: _Found) -> None:
        if self._sheet is None:
            self._sheet = GridSheet(found.record, found.cells)
            self.call_later(self._open, self._sheet)
        changed = self._sheet.update(found.record, found.cells)
        changed |= self._sheet.best != found.best
        self._sheet.best, self._said = found.best, found.said
        self._draw_words()
        if changed:
            for view in self.query(CellView):
                view.redraw()

    def _draw_words(self) -> None:
        sheet = self._sheet
        if sheet is None:
            return
        record = sheet.record
        parts: list[tuple[str, str]] = [
            (f"#{record.id} ", "bold $accent"),
            (cell_text(record.title or ", ".join(record.loras), 120), "bold $foreground"),
            (f"  {progress_words(record, self.place_app.jobs)}", "$quiet"),
        ]
        if record.cells_failed:
            parts.append((f"  {record.cells_failed} failed", "$error"))
        if self._said:
            parts.append((f"  ◆ {cell_text(self._said, 120)}", "$secondary"))
        if self._stopped is not None:
            told = cell_text(self._stopped.message or "It was stopped: r goes on.")
            parts.append((f"\n✗ {told} ", "$error"))
            parts.append((cell_text(self._stopped.hint or ""), "$quiet"))
        if sheet.pages > 1:
            page = place_words(record, sheet.page_place)
            parts.append((f"\n[ ] {sheet.page + 1}/{sheet.pages}  {page}", "$primary"))
        self.query_one("#title", Static).update(Content.assemble(*parts))
        self.query_one("#about", Static).update(cell_info(sheet))
        self.refresh_hints()

    def on_cell_view_moved(self) -> None:
        """Tell about the other cell."""
        self._draw_words()

    def on_cell_view_zoomed(self) -> None:
        """Show the cell large."""
        if self._sheet is not None:
            self.app.push_screen(ZoomScreen(self._sheet, self.place_app.pictures))

    def on_cell_view_left(self) -> None:
        """Leave; a grid that is being drawn goes on."""
        self.dismiss()

    def key_escape(self, event: events.Key) -> None:
        """Leave while there are no tiles yet, too."""
        if self._sheet is None:
            event.stop()  # else the screen below would leave as well
            self.dismiss()


def _told(message: str, hint: str | None) -> Content:
    return Content.assemble(
        (f"✗ {cell_text(message)}", "$error"), (f"\n\n{cell_text(hint or '')}", "$quiet")
    )
