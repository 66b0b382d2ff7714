"""One picture on all the room there is: look closer, move about in it, hold another against it."""

from __future__ import annotations

from PIL import Image
from textual.app import ComposeResult
from textual.containers import Container
from textual.geometry import clamp

from loradex_tui.pictures.choice import PictureMode
from loradex_tui.pictures.picture_box import PictureBox

_STEP = 1.5
_MOST = 12.0
_PAN = 0.3
"""How much of what is seen one step moves."""


class PictureStage(Container):
    """Shows a picture, or the part of it that is looked at."""

    DEFAULT_CSS = """
    PictureStage { height: 1fr; align: center middle; background: $background; }
    """

    def __init__(self, mode: PictureMode, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._mode = mode
        self._image: Image.Image | None = None
        self.zoom = 1.0
        self._centre = (0.5, 0.5)

    def compose(self) -> ComposeResult:
        """A box that is as large as the stage."""
        yield PictureBox(self._mode, 20)

    @property
    def shown(self) -> bool:
        """True while there is a picture."""
        return self._image is not None

    def show(self, image: Image.Image | None, *, keep_view: bool = False) -> None:
        """Show another picture: all of it, or the same part as before when `keep_view`."""
        self._image = image
        if not keep_view:
            self.zoom, self._centre = 1.0, (0.5, 0.5)
        self._draw()

    def on_resize(self) -> None:
        """Use all rows there are."""
        self.query_one(PictureBox).most_rows = max(self.size.height, 1)
        self._draw()

    def zoom_by(self, steps: int) -> None:
        """Look closer, or from further away; 0 shows all again."""
        self.zoom = clamp(self.zoom * _STEP**steps, 1.0, _MOST) if steps else 1.0
        self._draw()

    def pan_by(self, columns: int, rows: int) -> None:
        """Look at a part beside this one."""
        if self._image is None:
            return
        left, top, right, bottom = self._part(self._image)
        width, height = self._image.size
        x, y = (left + right) / 2 / width, (top + bottom) / 2 / height
        x += columns * _PAN * (right - left) / width
        y += rows * _PAN * (bottom - top) / height
        self._centre = (clamp(x, 0.0, 1.0), clamp(y, 0.0, 1.0))
        self._draw()

    def _part(self, image: Image.Image) -> tuple[int, int, int, int]:
        """Return the box of pixels that is looked at: as much as the stage has room for."""
        columns, rows = max(self.size.width, 1), max(self.size.height, 1)
        scale = self.zoom * min(columns / image.width, rows * 2 / image.height)
        width = min(max(round(columns / scale), 1), image.width)
        height = min(max(round(rows * 2 / scale), 1), image.height)
        left = clamp(round(self._centre[0] * image.width - width / 2), 0, image.width - width)
        top = clamp(round(self._centre[1] * image.height - height / 2), 0, image.height - height)
        return left, top, left + width, top + height

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        image = self._image
        if image is not None and self.zoom > 1.0:
            image = image.crop(self._part(image))
        self.query_one(PictureBox).show(image)
