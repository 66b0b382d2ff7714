"""One picture of a grid as large as the terminal; the arrows walk on."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from loradex.errors import LoradexError
from loradex_tui.actions import bindings
from loradex_tui.background import in_background
from loradex_tui.grids.sheet import GridSheet
from loradex_tui.pictures.choice import PictureMode
from loradex_tui.pictures.stage import PictureStage
from loradex_tui.pictures.store import ZOOM
from loradex_tui.screens.cell_place import CellPlace
from loradex_tui.screens.staging import Staging
from loradex_tui.widgets.cell_info import cell_info
from loradex_tui.widgets.sheet_walker import SheetWalker


class ZoomScreen(CellPlace, Staging, SheetWalker):
    """Shows the cell that the sheet looks at."""

    HERE = "Grids"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("sheet")]
    DEFAULT_CSS = """
    ZoomScreen #about { height: auto; max-height: 3; padding: 0 1; }
    """

    def __init__(self, sheet: GridSheet, mode: PictureMode) -> None:
        super().__init__()
        self.sheet = sheet
        self._mode = mode
        self._flipped = sheet.flipped

    def compose_body(self) -> ComposeResult:
        """The picture and words about it."""
        yield PictureStage(self._mode)
        yield Static(id="about")

    def on_mount(self) -> None:
        """Show the first cell."""
        super().on_mount()
        self.sheet_moved()

    @property
    def grid_sheet(self) -> GridSheet:
        """The grid that is walked through."""
        return self.sheet

    def cells_changed(self) -> None:
        """Show the cell as it is now."""
        self.sheet_moved()

    def sheet_moved(self) -> None:
        """Show the cell that is looked at now."""
        self.query_one("#about", Static).update(cell_info(self.sheet))
        self.refresh_hints()
        path, load = self.sheet.shown_cell.path, self.place_app.picture_store.load
        # What one picture is held against is shown in the same part of it.
        flipped = self.sheet.flipped != self._flipped
        self._flipped = self.sheet.flipped
        if path is None:
            self.stage.show(None)
            return

        def unreadable(error: LoradexError) -> None:
            self.stage.show(None)
            self.place_app.report(error)

        in_background(
            self,
            "picture",
            lambda: load(path, ZOOM),
            lambda image: self.stage.show(image, keep_view=flipped),
            unreadable,
        )

    def do_zoom(self) -> None:
        """Back to the tiles."""
        self.dismiss()

    def do_back(self) -> None:
        """Back to the tiles."""
        self.dismiss()
