"""The grids that were drawn, newest first."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from loradex.domain.grid import GridRecord
from loradex.operations.child_job import JobStatus
from loradex.operations.grid_deleting import GridDeletion, delete_grid, deletion_of
from loradex.operations.grid_listing import ListedGrid, listed_grids
from loradex_tui.actions.grids import GridSituation
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text
from loradex_tui.grids import starts
from loradex_tui.screens.cell_place import show_page
from loradex_tui.screens.confirm import Confirm
from loradex_tui.screens.grid_screen import GridScreen
from loradex_tui.screens.place import Place
from loradex_tui.widgets.grid_list import GridList
from loradex_tui.widgets.line_list import LineList
from loradex_tui.wording import count_text, size_text


class GridsScreen(Place):
    """Lists all grids; Enter opens one."""

    HERE = "Grids"
    DEFAULT_CSS = """
    GridsScreen #narrow { display: none; border: none; height: 1; padding: 0 1;
                          background: $panel; }
    GridsScreen.-narrowed #narrow { display: block; }
    GridsScreen #empty { display: none; padding: 2 3; color: $quiet; }
    GridsScreen.-empty #empty { display: block; }
    GridsScreen.-empty GridList { height: 0; }
    """

    def compose_body(self) -> ComposeResult:
        """The list, and what stands there when it is empty."""
        with Vertical(classes="pane") as pane:
            pane.border_title = "Grids"
            yield Input(placeholder="words of its title, LoRA, prompt, verdict, state", id="narrow")
            yield Static(id="empty")
            yield GridList(self.place_app.jobs)

    @property
    def listed(self) -> GridList:
        """The list."""
        return self.query_one(GridList)

    @property
    def _words(self) -> str:
        return self.query_one("#narrow", Input).value

    def on_mount(self) -> None:
        """Go to the list."""
        super().on_mount()
        self.listed.focus()

    def on_screen_resume(self) -> None:
        """A grid may have been drawn meanwhile."""
        super().on_screen_resume()
        self._reload()

    def _reload(self) -> None:
        catalog, words = self.place_app.catalog, self._words
        in_background(self, "grids", lambda: listed_grids(catalog, words), self._show)

    def _show(self, grids: list[ListedGrid]) -> None:
        self.set_class(not grids, "-empty")
        self.query_one("#empty", Static).update(_empty_text(self._words))
        self.listed.show(grids)
        self.query_one(".pane").border_subtitle = count_text(len(grids), "grid") if grids else ""
        self.refresh_hints()

    @property
    def situation(self) -> GridSituation:
        """What can be done with the grid under the cursor."""
        around, record = self.place_app.around, self.listed.current
        if record is None:
            return GridSituation(around)
        status = self.place_app.jobs.status(starts.JOB)
        return GridSituation(
            around,
            grid=True,
            lacks=record.cells_total - record.cells_done,
            drawing=status is not None and status.grid_id == record.id,
        )

    def job_moved(self, name: str, status: JobStatus) -> None:
        """A grid that is being drawn has more cells now."""
        super().job_moved(name, status)
        if name in (starts.JOB, "probe"):
            self._reload()

    def on_line_list_moved(self, _event: LineList.Moved) -> None:
        """Other keys may be possible now."""
        self.refresh_hints()

    def on_grid_list_wanted(self, event: GridList.Wanted) -> None:
        """Do what is asked of the grid under the cursor, or of the list."""
        record = self.listed.current
        if event.what in ("new", "search", "back"):
            getattr(self, f"_{event.what}")()
        elif record is not None:
            getattr(self, f"_{event.what}")(record)

    def _open(self, record: GridRecord) -> None:
        self.app.push_screen(GridScreen(record.id))

    def _new(self) -> None:
        from loradex_tui.screens.grid_builder import build_new  # noqa: PLC0415 - much behind it

        build_new(self.place_app, ())

    def _resume(self, record: GridRecord) -> None:
        starts.go_on(self.place_app, record.id)
        self._open(record)

    def _again(self, record: GridRecord) -> None:
        from loradex_tui.screens.grid_builder import build_again  # noqa: PLC0415 - much behind it

        build_again(self.place_app, record.id)

    def _page(self, record: GridRecord) -> None:
        show_page(self, record)

    def _copy(self, record: GridRecord) -> None:
        self.copy(record.page_path or record.folder, "path")

    def _delete(self, record: GridRecord) -> None:
        catalog = self.place_app.catalog

        def gone(_what: GridDeletion) -> None:
            self.app.notify(f"Deleted grid #{record.id}.", timeout=3)
            self._reload()

        def ask(what: GridDeletion) -> None:
            def answer(yes: bool | None) -> None:
                if yes:
                    in_background(
                        self, "delete", lambda: delete_grid(catalog, record.id), gone,
                        exclusive=False,
                    )  # fmt: skip

            self.app.push_screen(Confirm(deletion_words(what), "delete it", "keep it"), answer)

        in_background(self, "deletion", lambda: deletion_of(catalog, record.id), ask)

    def _search(self) -> None:
        self.add_class("-narrowed")
        self.query_one("#narrow", Input).focus()

    def _back(self) -> None:
        if self.has_class("-narrowed"):
            self._show_all()
        else:
            self.do_library()

    def _show_all(self) -> None:
        self.remove_class("-narrowed")
        self.query_one("#narrow", Input).value = ""
        self.listed.focus()

    def on_input_changed(self) -> None:
        """Narrow as one types."""
        self._reload()

    def on_input_submitted(self) -> None:
        """Go to what was found."""
        self.listed.focus()

    def key_escape(self, event: events.Key) -> None:
        """Leave the field first."""
        if isinstance(self.focused, Input):
            event.stop()
            self._show_all()

    def key_down(self, event: events.Key) -> None:
        """From the field down into the list."""
        if isinstance(self.focused, Input):
            event.stop()
            self.listed.focus()


def deletion_words(what: GridDeletion) -> str:
    """Return what deleting a grid means, as a question."""
    name = cell_text(what.title, 60)
    told = f"Delete grid #{what.grid_id}, {name}?\n"
    pictures = count_text(what.pictures, "picture")
    told += f"{pictures} and its sheets go for good: {size_text(what.size)}."
    if what.shared:
        told += f"\n{count_text(what.shared, 'picture')} that other grids show stay."
    if what.verdicts:
        told += f"\n{count_text(what.verdicts, 'verdict')} stay, without pictures to look at."
    return told


def _empty_text(words: str) -> Content:
    if words:
        return Content.assemble(
            f"No grid has “{cell_text(words, 60)}”. ", ("Esc", "bold $accent"), " shows all."
        )
    return Content.assemble(
        "No grids yet. Mark LoRAs in the library and press ",
        ("X", "bold $accent"),
        ", or press ",
        ("n", "bold $accent"),
        " here.",
    )
