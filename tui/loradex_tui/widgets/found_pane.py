"""The details of a hub's model: a picture, and all that the hub tells."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PIL import Image
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

from loradex.domain.content_level import level_label
from loradex.domain.hub import HubImage
from loradex.errors import FormatError
from loradex_tui.background import in_background
from loradex_tui.pictures.choice import PictureMode
from loradex_tui.pictures.picture_box import PictureBox
from loradex_tui.pictures.store import PANE
from loradex_tui.widgets.found_list import FoundLine
from loradex_tui.widgets.found_text import found_head, found_text

if TYPE_CHECKING:
    from loradex_tui.app import LoradexApp

_PICTURE_AFTER = 0.3

FindPicture = Callable[[HubImage], Path | None]


class FoundPane(VerticalScroll, can_focus=True):
    """Shows one model at once; its picture comes when the cursor rests on it."""

    DEFAULT_CSS = """
    FoundPane { background: $surface; padding: 0 1; scrollbar-size-vertical: 1;
                scrollbar-gutter: stable; }
    FoundPane > Static { width: 1fr; }
    FoundPane > PictureBox { margin: 1 0 0 0; }
    FoundPane > #facts { margin: 1 0 1 0; }
    FoundPane > #caption { color: $quiet; text-align: center; }
    """

    class Rested(Message):
        """The picture of the line on which the cursor rests is there, or there is none."""

    def __init__(self, find: FindPicture, mode: PictureMode, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.line: FoundLine | None = None
        self._find = find
        self._mode = mode
        self._wait: Timer | None = None

    def compose(self) -> ComposeResult:
        """Make the parts, top to bottom."""
        yield Static(id="head")
        yield PictureBox(self._mode, 14, id="picture")
        yield Static(id="caption")
        yield Static(id="facts")

    def show(self, line: FoundLine | None) -> None:
        """Show a model, or nothing."""
        same = line is not None and self.line is not None and line.model.id == self.line.model.id
        self.line = line
        self._draw()
        if same:
            return
        self.scroll_to(y=0, animate=False)
        self._show_picture(None)
        if self._wait is not None:
            self._wait.stop()
            self._wait = None
        shown = cast("LoradexApp", self.app).pictures is not PictureMode.OFF
        if line is not None and shown:
            self._wait = self.set_timer(_PICTURE_AFTER, lambda: self._look_for(line))

    def _look_for(self, line: FoundLine) -> None:
        image = line.picture
        if image is None:
            self._arrived(None, _why_none(line))
            return
        find, store = self._find, cast("LoradexApp", self.app).picture_store

        def load() -> Image.Image | None:
            path = find(image)
            try:
                return None if path is None else store.load(path, PANE)
            except FormatError:
                return None

        in_background(self, "picture", load, self._arrived)

    def _arrived(self, image: Image.Image | None, caption: str = "") -> None:
        self._show_picture(image, caption)
        self.post_message(self.Rested())

    def _show_picture(self, image: Image.Image | None, caption: str = "") -> None:
        self.query_one(PictureBox).show(image)
        self.query_one("#caption", Static).update(Content(caption))

    def _draw(self) -> None:
        width = self.scrollable_content_region.width
        head, facts = self.query_one("#head", Static), self.query_one("#facts", Static)
        if self.line is None:
            head.update(Content.styled("Nothing to show", "$quiet"))
            facts.update("")
        else:
            head.update(found_head(self.line, width))
            facts.update(found_text(self.line, width))

    def on_resize(self) -> None:
        """Wrap the text again."""
        self.query_one(PictureBox).most_rows = max(min(self.size.height // 2, 24), 4)
        self._draw()


def _why_none(line: FoundLine) -> str:
    if any(version.images for version in line.model.versions):
        return f"its pictures are hidden: {level_label(line.model.content_level)}"
    return ""
