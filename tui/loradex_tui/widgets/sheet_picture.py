"""The picture within a text that scrolls: it lies above the rows that the text leaves free."""

from __future__ import annotations

from PIL import Image
from textual import events

from loradex_tui.pictures.choice import PictureMode
from loradex_tui.pictures.halfblock import fit_cells
from loradex_tui.pictures.picture_box import PictureBox
from loradex_tui.widgets.sheet_view import SheetView

_ROWS = 14


class SheetPicture(PictureBox):
    """Shows the picture of `sheet`, whose sibling it is, and hands it the mouse."""

    DEFAULT_CSS = "SheetPicture { layer: over; position: absolute; }"

    def __init__(self, sheet: SheetView, mode: PictureMode) -> None:
        super().__init__(mode, _ROWS)
        self._sheet = sheet
        self._line = 0
        """The line of the text on which it begins."""

    def rows_in(self, width: int) -> int:
        """Return how many rows it takes in so many columns; 0 when there is none."""
        image: Image.Image | None = self.image
        if image is None or not self.shown or width <= 0:
            return 0
        return fit_cells(image.width, image.height, width, self.most_rows)[1]

    def place(self, line: int, width: int) -> None:
        """Begin at this line of the text."""
        self._line = line
        self.styles.width = width
        self.follow()

    def follow(self) -> None:
        """Go where the text has gone."""
        if self.shown:
            left = self._sheet.styles.padding.left
            self.styles.offset = (left, self._line - self._sheet.scroll_offset.y)

    def on_click(self) -> None:
        """The text is meant."""
        self._sheet.focus()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll the text."""
        event.stop()
        self._sheet.scroll_relative(y=self.app.scroll_sensitivity_y, animate=False)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll the text."""
        event.stop()
        self._sheet.scroll_relative(y=-self.app.scroll_sensitivity_y, animate=False)
