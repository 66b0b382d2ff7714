"""What can be done with one cell of a grid, whether it is a tile or fills the screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType

from loradex.domain.grid import GridRecord
from loradex.errors import LoradexError
from loradex.operations.grid_cells import (
    CellStrength,
    GridCell,
    cell_strength,
    grid_cell,
    grid_lora,
    prompt_of,
)
from loradex.operations.grid_export import GridForm, export_folder, export_grid
from loradex.operations.grid_pages import open_page
from loradex.operations.own_verdicts import OwnWord, say_best, take_back
from loradex_tui.actions import bindings
from loradex_tui.actions.grids import GridSituation
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text
from loradex_tui.grids import starts
from loradex_tui.grids.sheet import GridSheet
from loradex_tui.screens.key_menu import Choice, KeyMenu
from loradex_tui.screens.place import Place
from loradex_tui.undo import Deed

_EXPORTS = (
    Choice("s", "Sheet", "sheet", "labelled PNG"),
    Choice("p", "Page", "page", "HTML to look through"),
    Choice("c", "Table", "table", "CSV of all cells"),
    Choice("f", "Pictures", "pictures", "a PNG for each cell"),
    Choice("a", "All of these", "all"),
)


class CellPlace(Place):
    """A screen that looks at one cell of `grid_sheet`."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("cell")]

    @property
    def grid_sheet(self) -> GridSheet | None:
        """The grid; None while there is none."""
        raise NotImplementedError

    def cells_changed(self) -> None:
        """Show the grid anew: what is known of it has changed, or it was turned."""
        raise NotImplementedError

    @property
    def situation(self) -> GridSituation:
        """What can be done with the cell that is looked at."""
        sheet, around = self.grid_sheet, self.place_app.around
        if sheet is None:
            return GridSituation(around)
        other = sheet.other
        status = self.place_app.jobs.status(starts.JOB)
        return GridSituation(
            around,
            grid=True,
            cell=sheet.at is not None,
            has_picture=sheet.shown_cell.path is not None,
            has_other=other is not None and other[1].path is not None,
            lora=sheet.record.loras[0] if sheet.record.loras else "",
            lacks=sheet.waiting,
            drawing=status is not None and status.grid_id == sheet.record.id,
        )

    def do_best(self) -> None:
        """Store the cell's strength as the best one of its LoRA."""
        sheet, catalog = self.grid_sheet, self.place_app.catalog
        at = sheet.shown_at if sheet else None
        if sheet is None or at is None:
            return
        grid_id = sheet.record.id

        def store() -> tuple[CellStrength, OwnWord]:
            found = cell_strength(catalog, grid_id, at)
            return found, say_best(catalog, found.content_id, found.strength)

        def stored(done: tuple[CellStrength, OwnWord]) -> None:
            found, before = done
            what = f"the best strength of {cell_text(found.name, 40)}"
            self.place_app.did(Deed(what, lambda: taken_back(before), self.cells_changed))
            self.app.notify(
                f"{cell_text(found.name, 40)} is best at {found.strength:g} · u undo", timeout=5
            )
            self.cells_changed()

        def taken_back(before: OwnWord) -> str:
            take_back(catalog, before)
            return "What you said before counts again."

        in_background(self, "best", store, stored, exclusive=False)

    def do_judge(self) -> None:
        """Say what the cell's LoRA does."""
        from loradex_tui.screens.verdict_dialog import judge  # noqa: PLC0415 - seldom used

        sheet, catalog = self.grid_sheet, self.place_app.catalog
        if sheet is None or sheet.at is None:
            return
        grid_id, at = sheet.record.id, sheet.at

        in_background(
            self,
            "judge",
            lambda: grid_lora(catalog, grid_id, at),
            lambda id_: judge(self, id_, self.cells_changed),
        )

    def do_info(self) -> None:
        """Show all that is known of the cell."""
        from loradex_tui.screens.cell_sheet import CellSheet  # noqa: PLC0415 - seldom used

        def show(cell: GridCell) -> None:
            self.app.push_screen(CellSheet(cell))

        self._with_cell(show)

    def _with_cell(self, done: Callable[[GridCell], None]) -> None:
        """Read the cell that is shown, then do something with it."""
        sheet, catalog = self.grid_sheet, self.place_app.catalog
        at = sheet.shown_at if sheet else None
        if sheet is not None and at is not None:
            grid_id = sheet.record.id
            in_background(self, "cell", lambda: grid_cell(catalog, grid_id, at), done)

    def do_copy_cell(self) -> None:
        """Offer what can be copied of the cell."""

        def offer(cell: GridCell) -> None:
            texts = {
                "path": cell.record.path or "",
                "prompt": prompt_of(cell),
                "recipe": cell.infotext,
                "digest": cell.record.key,
            }
            keys = {"path": "p", "prompt": "t", "recipe": "r", "digest": "h"}
            choices = [Choice(keys[name], name, name, text) for name, text in texts.items() if text]

            def copy(what: str | None) -> None:
                if what is not None:
                    self.copy(texts[what], what)

            self.app.push_screen(KeyMenu("Copy", choices), copy)

        self._with_cell(offer)

    def do_transpose(self) -> None:
        """Swap rows and columns."""
        if self.grid_sheet is not None:
            self.grid_sheet.transpose()
            self.cells_changed()

    def do_redraw(self) -> None:
        """Draw the cell again; where it has no picture, all that is missing."""
        sheet = self.grid_sheet
        if sheet is None:
            return
        cell = sheet.current
        redraw = (cell.key,) if cell.path is not None else ()
        starts.go_on(self.place_app, sheet.record.id, redraw)
        told = "this picture again" if redraw else "what is missing"
        self.app.notify(f"Drawing {told} · ctrl+x stops", timeout=3)

    def do_again(self) -> None:
        """Ask for the grid again, with changes."""
        from loradex_tui.screens.grid_builder import build_again  # noqa: PLC0415 - much behind it

        if self.grid_sheet is not None:
            build_again(self.place_app, self.grid_sheet.record.id)

    def do_export(self) -> None:
        """Offer what the grid can be written as, and say where it lies then."""
        sheet, catalog = self.grid_sheet, self.place_app.catalog
        if sheet is None:
            return
        grid_id = sheet.record.id

        def write(choice: str | None) -> None:
            if choice is None:
                return
            forms = list(GridForm) if choice == "all" else [GridForm(choice)]
            folder = export_folder(catalog, grid_id)
            self.app.notify("Writing …", timeout=2)
            in_background(
                self,
                "export",
                lambda: export_grid(catalog, grid_id, folder, forms),
                lambda done: self._told_files(done.files),
                exclusive=False,
            )

        self.app.push_screen(KeyMenu(f"Export grid #{grid_id}", _EXPORTS), write)

    def _told_files(self, files: Sequence[Path]) -> None:
        if len(files) == 1:
            self.copy(str(files[0]), "path; written to")
        elif files:
            self.copy(str(files[0].parent), f"folder of {len(files)} files; written to")

    def do_open_page(self) -> None:
        """Show the grid's page in a browser; where there is none, copy where it lies."""
        if self.grid_sheet is not None:
            show_page(self, self.grid_sheet.record)


def show_page(place: Place, record: GridRecord) -> None:
    """Show a grid's page outside, or copy its path where nothing can show it."""
    catalog = place.place_app.catalog

    def failed(error: LoradexError) -> None:
        if record.page_path:
            place.copy(record.page_path, "path of the page; no browser is here")
        else:
            place.place_app.report(error)

    in_background(
        place,
        "page",
        lambda: open_page(catalog, record.id),
        lambda page: place.app.notify(f"Shown in the browser: {page}", timeout=4),
        failed,
        exclusive=False,
    )
