"""A few models side by side: their pictures, and what differs between them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from loradex.domain.models import ModelDetails
from loradex.operations.model_comparison import Comparison, compare_models
from loradex_tui.actions import bindings
from loradex_tui.actions.pictures import CompareSituation
from loradex_tui.background import in_background
from loradex_tui.cells import fit
from loradex_tui.pictures.finding import ModelPicture, model_picture
from loradex_tui.pictures.picture_box import PictureBox
from loradex_tui.pictures.store import PANE
from loradex_tui.screens.grid_screen import GridScreen
from loradex_tui.screens.large_picture import LargePictureScreen
from loradex_tui.screens.place import Place
from loradex_tui.widgets.compare_text import TITLE, column_width, compare_text


class CompareScreen(Place):
    """Shows two to four models. `wants_grid` tells at its end that a grid of them is wanted."""

    HERE = "Library"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("compare")]
    DEFAULT_CSS = """
    CompareScreen #pane { height: 1fr; padding: 0 1; }
    CompareScreen #pictures { height: auto; }
    CompareScreen #pictures Vertical { height: auto; }
    CompareScreen #pictures Vertical > Static { height: 1; }
    CompareScreen #pictures .none { color: $quiet; }
    CompareScreen #pictures PictureBox { align-horizontal: left; }
    CompareScreen #facts { height: 1fr; margin: 1 0 0 0; scrollbar-size-vertical: 1;
                           scrollbar-gutter: stable; background: $surface; }
    """

    def __init__(self, ids: Sequence[int]) -> None:
        super().__init__()
        self.ids = list(ids)
        self.index = 0
        self.wants_grid = False
        self._found: Comparison | None = None
        self._only_different = False

    def compose_body(self) -> ComposeResult:
        """The pictures in a row, the facts below them."""
        with Vertical(id="pane", classes="pane") as pane:
            pane.border_title = f"{len(self.ids)} models side by side"
            with Horizontal(id="pictures"):
                yield Static(id="corner")
                for number in range(len(self.ids)):
                    with Vertical(id=f"model{number}"):
                        yield Static(id=f"name{number}")
                        yield PictureBox(self.place_app.pictures, 8, id=f"box{number}")
                        yield Static(id=f"word{number}", classes="none")
            with VerticalScroll(id="facts", can_focus=True):
                yield Static(id="table")

    def on_mount(self) -> None:
        """Read the models."""
        super().on_mount()
        self.set_focus(self.query_one("#facts"))
        app, ids = self.place_app, self.ids
        in_background(self, "compare", lambda: compare_models(app.catalog, ids), self._show)

    @property
    def situation(self) -> CompareSituation:
        """Whether there is a grid to open."""
        return CompareSituation(self.place_app.around, grid=self._grid() is not None)

    def on_resize(self, event: events.Resize) -> None:
        """Give the columns their width anew."""
        super().on_resize(event)
        self.call_after_refresh(self._draw)

    def _show(self, found: Comparison) -> None:
        self._found = found
        self._draw()
        self.refresh_hints()
        for number, details in enumerate(found.models):
            in_background(
                self,
                f"picture{number}",
                partial(self._read, details),
                partial(self._arrived, number),
            )

    def _read(self, details: ModelDetails) -> ModelPicture | None:
        app = self.place_app
        return model_picture(app.catalog, app.hub_access, details, PANE, app.picture_store.load)

    def _arrived(self, number: int, picture: ModelPicture | None) -> None:
        self.query_one(f"#box{number}", PictureBox).show(picture.image if picture else None)
        word = "no picture" if picture is None else ""
        if picture is not None and picture.image is None:
            word = picture.caption
        told = self.query_one(f"#word{number}", Static)
        told.update(Content(word))
        told.display = bool(word)

    def _draw(self) -> None:
        """Lay all out for the width there is."""
        width = self.query_one("#facts").scrollable_content_region.width
        if self._found is None or not width:
            return
        column = column_width(width, len(self.ids))
        self.query_one("#corner").styles.width = TITLE
        for number, details in enumerate(self._found.models):
            self.query_one(f"#model{number}").styles.width = column
            box = self.query_one(f"#box{number}", PictureBox)
            box.most_rows = max(self.size.height * 2 // 5, 4)
            box.styles.width = column - 2
            here = number == self.index
            name = Content.assemble(
                ("❯ " if here else "  ", "$accent"),
                (fit(details.row.name, column - 4).rstrip(), "bold $foreground" if here else ""),
            )
            self.query_one(f"#name{number}", Static).update(name)
        table = compare_text(self._found.facts, width, only_different=self._only_different)
        self.query_one("#table", Static).update(table)

    def _grid(self) -> int | None:
        """Return the newest grid of all of them, else the newest of the model that is chosen."""
        if self._found is None:
            return None
        grids = self._found.grids or self._found.models[self.index].grids
        return grids[0] if grids else None

    def _choose(self, index: int) -> None:
        if 0 <= index < len(self.ids):
            self.index = index
            self._draw()
            self.refresh_hints()

    def do_left(self) -> None:
        """The model to the left."""
        self._choose(self.index - 1)

    def do_right(self) -> None:
        """The model to the right."""
        self._choose(self.index + 1)

    def do_line_down(self) -> None:
        """Scroll down."""
        self.query_one("#facts").scroll_relative(y=2, animate=False)

    def do_line_up(self) -> None:
        """Scroll up."""
        self.query_one("#facts").scroll_relative(y=-2, animate=False)

    def do_only_different(self) -> None:
        """Show only what differs, or all."""
        self._only_different = not self._only_different
        self._draw()

    def do_large(self) -> None:
        """Show this model's picture as large as the terminal."""
        screen = LargePictureScreen(self.ids, self.index)
        self.app.push_screen(screen, lambda _nothing: self._choose(screen.index))

    def do_render(self) -> None:
        """Draw a grid of them: the library knows how."""
        self.wants_grid = True
        self.dismiss()

    def do_open_grid(self) -> None:
        """Look at the grid in which they are."""
        grid = self._grid()
        if grid is not None:
            self.app.push_screen(GridScreen(grid))

    def do_back(self) -> None:
        """Back to the models."""
        self.dismiss()
