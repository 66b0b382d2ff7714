"""The details of the model under the cursor: a picture, and all that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

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
from loradex_tui.pictures.picture_box import PictureBox
from loradex_tui.pictures.store import PANE
from loradex_tui.widgets.details_text import details_text, head_text

if TYPE_CHECKING:
    from loradex_tui.app import LoradexApp

DEBOUNCE = 0.08


class DetailsPane(VerticalScroll, Actor):
    """Shows one model. It waits a moment, so that a held key does not read every model passed."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("details")]
    DEFAULT_CSS = """
    DetailsPane { background: $surface; padding: 0 1; scrollbar-size-vertical: 1;
                  scrollbar-gutter: stable; }
    DetailsPane > Static { width: 1fr; }
    DetailsPane > #caption { color: $quiet; text-align: center; display: none; }
    DetailsPane > #caption.-shown { display: block; }
    DetailsPane > PictureBox { margin: 1 0 0 0; }
    DetailsPane > #facts { margin: 1 0 1 0; }
    """

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
        self._catalog = catalog
        self._hub_url = hub_url
        self._mode = mode
        self._access = access
        self._wait: Timer | None = None
        self._drawn_width = 0
        self._caption = ""
        self._beyond = Beyond()
        self.found_by = ""
        """The query that found the models: the head tells why where the name does not."""

    def compose(self) -> ComposeResult:
        """Make the parts, top to bottom."""
        yield Static(id="head")
        yield PictureBox(self._mode, 14, id="picture")
        yield Static(id="caption")
        yield Static(id="facts")

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
            self._wait = self.set_timer(DEBOUNCE, lambda: self._load(content_id))

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
        self.query_one(PictureBox).show(picture.image if picture else None)
        told = picture.caption if picture else ""
        if told != self._caption:
            # Each update lays all of the screen out again.
            self._caption = told
            caption = self.query_one("#caption", Static)
            caption.update(Content(told))
            caption.set_class(bool(told), "-shown")

    def _show_nothing(self) -> None:
        self.details = None
        self.workers.cancel_node(self)
        self._show_picture(None)
        self.query_one("#head", Static).update(Content.styled("Nothing to show", "$quiet"))
        self.query_one("#facts", Static).update("")
        self.post_message(self.Shown())

    def _draw(self) -> None:
        if self.details is None:
            return
        width = self._drawn_width = self.scrollable_content_region.width
        row = self.details.row
        self.query_one("#head", Static).update(head_text(row, width, why_found(self.found_by, row)))
        text = details_text(self.details, width, self._hub_url, self._beyond)
        self.query_one("#facts", Static).update(text)

    def on_resize(self) -> None:
        """Wrap the text again."""
        box = self.query_one(PictureBox)
        box.most_rows = max(min(self.size.height // 2, 24), 4)
        if self.scrollable_content_region.width != self._drawn_width:
            self._draw()

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
