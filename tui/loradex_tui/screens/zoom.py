"""One picture of a grid as large as the terminal; the arrows walk on."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widgets import Static

from loradex.errors import FormatError
from loradex_tui.actions import bindings
from loradex_tui.background import in_background
from loradex_tui.grid_sheet import GridSheet
from loradex_tui.pictures.choice import PictureMode
from loradex_tui.pictures.decode import load_picture
from loradex_tui.pictures.picture_box import PictureBox
from loradex_tui.screens.cell_place import CellPlace
from loradex_tui.widgets.cell_info import cell_info
from loradex_tui.widgets.sheet_walker import SheetWalker

_LONGEST_SIDE = 2048


class ZoomScreen(CellPlace, SheetWalker):
    """Shows the cell that the sheet looks at."""

    HERE = "Grids"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("sheet")]
    DEFAULT_CSS = """
    ZoomScreen #stage { height: 1fr; align: center middle; background: $background; }
    ZoomScreen #about { height: auto; max-height: 3; padding: 0 1; }
    """

    def __init__(self, sheet: GridSheet, mode: PictureMode) -> None:
        super().__init__()
        self.sheet = sheet
        self._mode = mode

    def compose_body(self) -> ComposeResult:
        """The picture and words about it."""
        with Container(id="stage"):
            yield PictureBox(self._mode, 20)
        yield Static(id="about")

    def on_mount(self) -> None:
        """Show the first cell."""
        super().on_mount()
        self.sheet_moved()

    def on_resize(self, event: events.Resize) -> None:
        """Use all rows there are."""
        super().on_resize(event)
        self.query_one(PictureBox).most_rows = max(event.size.height - 5, 3)

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
        path = self.sheet.shown_cell.path
        box = self.query_one(PictureBox)
        if path is None:
            box.show(None)
            return

        def unreadable(error: Exception) -> None:
            box.show(None)
            if isinstance(error, FormatError):
                self.place_app.report(error)

        in_background(
            self, "picture", lambda: load_picture(path, _LONGEST_SIDE), box.show, unreadable
        )

    def do_zoom(self) -> None:
        """Back to the tiles."""
        self.dismiss()

    def do_back(self) -> None:
        """Back to the tiles."""
        self.dismiss()
