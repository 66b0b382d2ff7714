"""A box that shows one picture as large as fits, in whatever way the terminal can."""

from __future__ import annotations

from PIL import Image
from textual.containers import Container
from textual.geometry import Size

from loradex_tui.background import in_background
from loradex_tui.pictures.choice import PictureMode
from loradex_tui.pictures.drawing import Drawing, draw_cells, fit_pixels
from loradex_tui.pictures.halfblock import fit_cells
from loradex_tui.pictures.sixel import sixels
from loradex_tui.pictures.views import SixelView, StripView


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
        self.image: Image.Image | None = None
        """What is shown where the mode shows any."""
        self._cells = (0, 0)

    @property
    def shown(self) -> bool:
        """True while there is a picture in the box."""
        return self.image is not None and self._mode is not PictureMode.OFF

    def on_mount(self) -> None:
        """Draw as the app does from now on, if it changes that."""
        if isinstance(getattr(self.app, "pictures", None), PictureMode):
            self.watch(self.app, "pictures", self.draw_as, init=False)

    def draw_as(self, mode: PictureMode) -> None:
        """Draw in another way from now on."""
        if mode is not self._mode:
            self._mode = mode
            self.show(self.image)

    def show(self, image: Image.Image | None) -> None:
        """Show another picture, or none."""
        self.image = image
        self.set_class(self.shown, "-shown")
        self._cells = (0, 0)
        self._lay_out()

    def on_resize(self) -> None:
        """Fit the picture to the new width."""
        self._lay_out()

    def _lay_out(self) -> None:
        image, width = self.image, self.size.width or self.container_size.width
        if image is None or not self.shown or width <= 0:
            return
        cells = fit_cells(image.width, image.height, width, self.most_rows)
        if cells != self._cells:
            self._cells = cells
            self.call_later(self._draw, image, Size(*cells))

    async def _draw(self, image: Image.Image, cells: Size) -> None:
        if image is not self.image or tuple(cells) != self._cells:
            return
        view = await self._view()
        view.styles.width, view.styles.height = cells
        if isinstance(view, SixelView):

            def encode() -> tuple[Image.Image, Size, str]:
                pixels = fit_pixels(image, *cells)
                return pixels, cells, sixels(pixels)

            in_background(self, "picture", encode, view.show)
            return
        mode, dark = self._mode, self.app.current_theme.dark

        def draw() -> Drawing:
            return draw_cells(image, mode, *cells, dark=dark)

        in_background(self, "picture", draw, view.show)

    async def _view(self) -> StripView | SixelView:
        """Return the widget that draws in the present mode."""
        wanted = SixelView if self._mode is PictureMode.SIXEL else StripView
        for child in self.children:
            if isinstance(child, wanted):
                return child
        await self.remove_children()
        view = wanted()
        await self.mount(view)
        return view
