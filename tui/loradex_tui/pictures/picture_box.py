"""A box that shows one picture as large as fits, in whatever way the terminal can."""

from __future__ import annotations

from PIL import Image
from textual.app import ComposeResult
from textual.containers import Container
from textual.strip import Strip
from textual.widget import Widget

from loradex_tui.background import in_background
from loradex_tui.pictures.choice import PictureMode
from loradex_tui.pictures.halfblock import fit_cells, half_blocks


class HalfBlocks(Widget):
    """Strips that were made elsewhere."""

    DEFAULT_CSS = "HalfBlocks { width: auto; height: auto; }"

    def __init__(self) -> None:
        super().__init__()
        self._strips: list[Strip] = []

    def show(self, strips: list[Strip]) -> None:
        """Show these strips."""
        self._strips = strips
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Return one strip."""
        if y < len(self._strips):
            return self._strips[y]
        return Strip.blank(self.size.width, self.rich_style)


class PictureBox(Container):
    """Shows a picture, centred, at most `most_rows` high; it takes no room without one."""

    DEFAULT_CSS = """
    PictureBox { height: auto; align-horizontal: center; display: none; }
    PictureBox.-shown { display: block; }
    """

    def __init__(self, mode: PictureMode, most_rows: int, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._mode = mode
        self.most_rows = most_rows
        self._image: Image.Image | None = None
        self._cells = (0, 0)

    def compose(self) -> ComposeResult:
        """Half blocks have a widget of ours, graphics one that speaks the protocol."""
        if self._mode is PictureMode.HALF:
            yield HalfBlocks()

    @property
    def shown(self) -> bool:
        """True while there is a picture in the box."""
        return self._image is not None

    def show(self, image: Image.Image | None) -> None:
        """Show another picture, or none."""
        self._image = None if self._mode is PictureMode.OFF else image
        self.set_class(self._image is not None, "-shown")
        self._cells = (0, 0)
        self._lay_out()

    def on_resize(self) -> None:
        """Fit the picture to the new width."""
        self._lay_out()

    def _lay_out(self) -> None:
        image, width = self._image, self.size.width or self.container_size.width
        if image is None or width <= 0:
            return
        cells = fit_cells(image.width, image.height, width, self.most_rows)
        if cells == self._cells:
            return
        self._cells = cells
        if self._mode is PictureMode.HALF:
            blocks = self.query_one(HalfBlocks)
            in_background(self, "blocks", lambda: half_blocks(image, *cells), blocks.show)
        else:
            self.call_later(self._mount_graphics, image)
        for child in self.children:
            child.styles.width, child.styles.height = cells

    async def _mount_graphics(self, image: Image.Image) -> None:
        from textual_image.widget import SixelImage, TGPImage  # noqa: PLC0415 - asks the terminal

        if image is not self._image:
            return
        await self.remove_children()
        widget = (SixelImage if self._mode is PictureMode.SIXEL else TGPImage)(image)
        widget.styles.width, widget.styles.height = self._cells
        await self.mount(widget)
