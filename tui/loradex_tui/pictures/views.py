"""Widgets that show a drawn picture: strips of cells, or sixels over blank ones."""

from __future__ import annotations

from contextlib import suppress

from PIL import Image
from rich.segment import ControlType, Segment
from textual.app import App
from textual.errors import NoWidget
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from loradex_tui.pictures.drawing import Drawing, cell_pixels
from loradex_tui.pictures.sixel import sixels


def send(app: App[None], text: str) -> None:
    """Hand the terminal what is no text, in line with all that Textual writes to it."""
    driver = app._driver  # the one way that keeps the order
    if text and driver is not None:
        driver.write(text)


class StripView(Widget):
    """A picture in cells that was drawn elsewhere."""

    DEFAULT_CSS = "StripView { width: auto; height: auto; }"

    def __init__(self) -> None:
        super().__init__()
        self._drawing = Drawing()

    def show(self, drawing: Drawing) -> None:
        """Show this instead."""
        before, self._drawing = self._drawing, drawing
        if self.is_attached:
            send(self.app, drawing.first)
            send(self.app, before.last)
        self.refresh()

    def on_mount(self) -> None:
        """While the shell had the terminal, that forgot what it was given."""
        self.app.app_resume_signal.subscribe(self, lambda _app: self._again())

    def _again(self) -> None:
        send(self.app, self._drawing.first)
        self.refresh()

    def on_unmount(self) -> None:
        """Let the terminal forget it."""
        send(self.app, self._drawing.last)

    def render_line(self, y: int) -> Strip:
        """Return one strip."""
        if y < len(self._drawing.strips):
            return self._drawing.strips[y].apply_style(self.rich_style)
        return Strip.blank(self.size.width, self.rich_style)


class SixelView(Widget):
    """A picture in sixels. They go to the terminal after the last of the lines they cover.

    What is written over sixels erases them, so each part of the screen that is drawn again takes
    its part of the picture along.
    """

    DEFAULT_CSS = "SixelView { width: auto; height: auto; }"

    def __init__(self) -> None:
        super().__init__()
        self._image: Image.Image | None = None
        self._size = Size(0, 0)
        self._whole = ""
        self._was_covered = False

    def show(self, drawn: tuple[Image.Image, Size, str]) -> None:
        """Show a picture that has the pixels of so many cells, and its sixels."""
        self._image, self._size, self._whole = drawn
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return blank cells, and behind the last of them the picture."""
        blank = Strip.blank(crop.width, self.rich_style)
        lines = [blank] * crop.height
        # Below a dialog nothing may be drawn: sixels would lie above it.
        if self._image is None or not lines or not self.screen.is_active:
            return lines
        part = crop.intersection(self._size.region)
        covered = self._covered()
        if self._was_covered and not covered:
            # Only what the cover left free is drawn now: all of it has to be.
            self.call_later(self.refresh)
        self._was_covered = covered
        if not part or covered:
            return lines
        place = self.region.offset + part.offset
        # Save the cursor, go there, draw, and return (DECSC, CUP, DECRC).
        drawn = f"\x1b7\x1b[{place.y + 1};{place.x + 1}H{self._sixels(part)}\x1b8"
        command = Segment(drawn, None, [(ControlType.CURSOR_FORWARD, 0)])
        return [*lines[:-1], Strip([*blank, command], crop.width)]

    def _covered(self) -> bool:
        """Tell whether something of this screen lies above the picture, such as a toast."""
        with suppress(NoWidget):
            region = self.screen.find_widget(self).visible_region
            if not region:
                return False
            xs = (region.x, region.x + region.width // 2, region.right - 1)
            ys = (region.y, region.y + region.height // 2, region.bottom - 1)
            return any(self.screen.get_widget_at(x, y)[0] is not self for x in xs for y in ys)
        return False

    def _sixels(self, part: Region) -> str:
        if part == self._size.region or self._image is None:
            return self._whole
        width, height = cell_pixels()
        box = (part.x * width, part.y * height, part.right * width, part.bottom * height)
        return sixels(self._image.crop(box))
