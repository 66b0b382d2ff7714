"""The details of the model under the cursor: a picture, and all that is known."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.timer import Timer

from loradex.catalog.catalog import Catalog
from loradex.domain.models import ModelDetails
from loradex.errors import BadReference, LoradexError
from loradex.operations.about_model import AboutModel, Beyond, about_model
from loradex.operations.why_found import why_found
from loradex_tui.actions import bindings
from loradex_tui.actor import Actor
from loradex_tui.background import in_background
from loradex_tui.hub_access import HubAccess
from loradex_tui.pictures.choice import PictureMode
from loradex_tui.pictures.finding import ModelPicture, model_picture
from loradex_tui.pictures.store import PANE
from loradex_tui.widgets.details_text import details_lines, head_lines
from loradex_tui.widgets.sheet_picture import SheetPicture
from loradex_tui.widgets.sheet_view import SheetView

if TYPE_CHECKING:
    from loradex_tui.app import LoradexApp

DEBOUNCE = 0.08
IN_A_BURST = 0.2
"""Seconds to wait when models follow each other: keys that are held come first."""
_BURST = 0.3
"""Seconds within which one model follows another."""


class DetailsPane(SheetView, Actor):
    """Shows one model. It waits a moment, so that a held key does not read every model passed.

    `picture` is to be mounted beside it, in the same container: it lies above the pane.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("details")]
    DEFAULT_CSS = "DetailsPane { background: $surface; padding: 0 1; }"

    class Left(Message):
        """The person wants to go to the models."""

    class Sheet(Message):
        """The person wants the whole width for it, or no longer."""

    class Shown(Message):
        """The details of another model are on the screen."""

    def __init__(
        self,
        catalog: Catalog,
        hub_url: str,
        mode: PictureMode,
        access: HubAccess,
        *,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.details: ModelDetails | None = None
        self.picture = SheetPicture(self, mode)
        self.found_by = ""
        """The query that found the models: the head tells why where the name does not."""
        self._catalog = catalog
        self._hub_url = hub_url
        self._access = access
        self._wait: Timer | None = None
        self._asked = 0.0
        self._drawn_width = 0
        self._caption = ""
        self._beyond = Beyond()
        self._head: Sequence[Content] = ()
        self._facts: Sequence[Content] = ()

    def on_mount(self) -> None:
        """Give a picture other room when pictures are drawn in another way."""
        self.watch(self.app, "pictures", self._fill_soon, init=False)

    def _fill_soon(self) -> None:
        self.call_later(self.fill)

    def show(self, content_id: int | None, *, now: bool = False) -> None:
        """Show this model soon, or at once when `now`; None shows nothing."""
        if self._wait is not None:
            self._wait.stop()
            self._wait = None
        if content_id is None:
            self._show_nothing()
        elif now:
            self._load(content_id)
        else:
            moment, before = time.monotonic(), self._asked
            self._asked = moment
            wait = IN_A_BURST if moment - before < _BURST else DEBOUNCE
            self._wait = self.set_timer(wait, lambda: self._load(content_id))

    def _load(self, content_id: int) -> None:
        in_background(
            self,
            "details",
            lambda: about_model(self._catalog, content_id),
            self._show_about,
            self._failed,
        )

    def _failed(self, error: LoradexError) -> None:
        if isinstance(error, BadReference):
            self._show_nothing()
        else:
            self.app.notify(str(error), severity="error", timeout=8)

    def _show_about(self, about: AboutModel) -> None:
        details, self._beyond = about.details, about.beyond
        other = self.details is None or self.details.row.id != details.row.id
        self.details = details
        self._draw()
        if other:
            self.scroll_to(y=0, animate=False)
        self.post_message(self.Shown())
        if cast("LoradexApp", self.app).pictures is not PictureMode.OFF:
            load = cast("LoradexApp", self.app).picture_store.load
            in_background(
                self,
                "picture",
                lambda: model_picture(self._catalog, self._access, details, PANE, load),
                self._show_picture,
            )

    def _show_picture(self, picture: ModelPicture | None) -> None:
        image, caption = (picture.image, picture.caption) if picture else (None, "")
        if image is not self.picture.image or caption != self._caption:
            self._caption = caption
            self.picture.show(image)
            self.fill()

    def _show_nothing(self) -> None:
        self.details = None
        self.workers.cancel_node(self)
        self._head = [Content.styled("Nothing to show", "$quiet")]
        self._facts = ()
        self._show_picture(None)
        self.fill()
        self.post_message(self.Shown())

    def _draw(self) -> None:
        """Write the text for the width there is."""
        if self.details is None:
            return
        width = self._drawn_width = self.scrollable_content_region.width
        row = self.details.row
        self._head = head_lines(row, width, why_found(self.found_by, row))
        self._facts = details_lines(self.details, width, self._hub_url, self._beyond)
        self.fill()

    def fill(self) -> None:
        """Put text and picture together: head, picture, caption, facts."""
        width = self.scrollable_content_region.width
        if width <= 0:
            return
        blank = Content()
        lines = list(self._head)
        rows = self.picture.rows_in(width)
        if rows:
            lines.append(blank)
            self.picture.place(len(lines), width)
            lines += [blank] * rows
        if self._caption:
            told = Content.styled(self._caption, "$quiet")
            lines += [part.pad_left((width - part.cell_length) // 2) for part in told.wrap(width)]
        if self._facts:
            lines += [blank, *self._facts, blank]
        self.show_sheet(lines)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Take the picture along."""
        super().watch_scroll_y(old_value, new_value)
        self.picture.follow()

    def on_resize(self) -> None:
        """Wrap the text again."""
        self.picture.most_rows = max(min(self.size.height // 2, 24), 4)
        if self.details is not None and self.scrollable_content_region.width != self._drawn_width:
            self._draw()
        else:
            self.fill()

    def do_sheet(self) -> None:
        """The whole width, or as before."""
        self.post_message(self.Sheet())

    def do_line_down(self) -> None:
        """Scroll down."""
        self.scroll_relative(y=2, animate=False)

    def do_line_up(self) -> None:
        """Scroll up."""
        self.scroll_relative(y=-2, animate=False)

    def do_leave(self) -> None:
        """Go to the models."""
        self.post_message(self.Left())
