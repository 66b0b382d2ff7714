"""A model's picture as large as the terminal; its neighbours are a key away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from PIL import Image
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from loradex.domain.models import ModelDetails
from loradex.errors import LoradexError
from loradex_tui.actions import bindings
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text
from loradex_tui.pictures.finding import ModelPicture, model_picture
from loradex_tui.pictures.stage import PictureStage
from loradex_tui.pictures.store import ZOOM
from loradex_tui.screens.staging import Staging
from loradex_tui.wording import kind_label, row_base, stars

_NO_PICTURE = (
    "This model has no picture yet.\n"
    "x in the library draws a grid of a LoRA; `loradex preview` draws previews."
)


class LargePictureScreen(Staging):
    """Shows the pictures of these models one at a time. Its result is where it was left."""

    HERE = "Library"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("picture")]
    DEFAULT_CSS = """
    LargePictureScreen #about { height: auto; max-height: 2; padding: 0 1; color: $quiet; }
    LargePictureScreen #none { display: none; height: 1fr; content-align: center middle;
                               color: $quiet; }
    LargePictureScreen.-none #none { display: block; }
    LargePictureScreen.-none PictureStage { display: none; }
    """

    def __init__(self, ids: Sequence[int], index: int) -> None:
        super().__init__()
        self.ids = ids
        self.index = index
        self._before: int | None = None
        self._turned = False

    def compose_body(self) -> ComposeResult:
        """The picture, and words about it."""
        yield PictureStage(self.place_app.pictures)
        yield Static(id="none")
        yield Static(id="about")

    def on_mount(self) -> None:
        """Show the first one."""
        super().on_mount()
        self._show()

    def _show(self, *, keep_view: bool = False) -> None:
        app, id_ = self.place_app, self.ids[self.index]

        def read() -> tuple[ModelDetails, ModelPicture | None]:
            details = app.catalog.details(id_)
            load = app.picture_store.load
            return details, model_picture(app.catalog, app.hub_access, details, ZOOM, load)

        def arrived(read: tuple[ModelDetails, ModelPicture | None]) -> None:
            self._arrived(*read, keep_view=keep_view)

        def failed(error: LoradexError) -> None:
            self._tell(None, error.message)

        in_background(self, "large", read, arrived, failed)

    def _arrived(
        self, details: ModelDetails, picture: ModelPicture | None, *, keep_view: bool
    ) -> None:
        row = details.row
        where = f"{self.index + 1:,} of {len(self.ids):,}"
        facts = (kind_label(row.kind), row_base(row), stars(row.rating))
        parts = [part for part in facts if part]
        if picture is not None and picture.image is not None:
            parts.append(picture.caption)
        self.query_one("#about", Static).update(
            Content.assemble(
                (cell_text(row.name), "bold $foreground"),
                f"  {' · '.join(parts)}",
                (f"   {where}", "$accent"),
            )
        )
        if picture is None:
            self._tell(
                None,
                _NO_PICTURE,
            )
        else:
            self._tell(picture.image, picture.caption, keep_view=keep_view)

    def _tell(self, image: Image.Image | None, why: str, *, keep_view: bool = False) -> None:
        self.set_class(image is None, "-none")
        self.query_one("#none", Static).update(Content(why))
        self.stage.show(image, keep_view=keep_view)

    def _turn_to(self, index: int) -> None:
        if index != self.index and 0 <= index < len(self.ids):
            self._before, self.index = self.index, index
            self._show()

    def do_previous(self) -> None:
        """The picture before."""
        self._turn_to(self.index - 1)

    def do_next(self) -> None:
        """The next picture."""
        self._turn_to(self.index + 1)

    def do_flip(self) -> None:
        """Show the one that was looked at before in the same place, and back."""
        other = self._before
        if other is None:
            other = self.index + 1 if self.index + 1 < len(self.ids) else self.index - 1
        if 0 <= other < len(self.ids):
            self._before, self.index = self.index, other
            self._show(keep_view=True)

    def do_back(self) -> None:
        """Back to the models."""
        self.dismiss()
