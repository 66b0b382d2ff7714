"""The keys of a screen that shows one picture: look closer, and move about in it."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from loradex_tui.actions import bindings
from loradex_tui.pictures.stage import PictureStage
from loradex_tui.screens.place import Place


class Staging(Place):
    """A place with a `PictureStage`."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("stage")]

    @property
    def stage(self) -> PictureStage:
        """Where the picture is."""
        return self.query_one(PictureStage)

    def do_larger(self) -> None:
        """Look closer."""
        self.stage.zoom_by(1)

    def do_smaller(self) -> None:
        """Show more of it."""
        self.stage.zoom_by(-1)

    def do_whole(self) -> None:
        """Show all of it."""
        self.stage.zoom_by(0)

    def do_pan_left(self) -> None:
        """Look further left."""
        self.stage.pan_by(-1, 0)

    def do_pan_right(self) -> None:
        """Look further right."""
        self.stage.pan_by(1, 0)

    def do_pan_down(self) -> None:
        """Look further down."""
        self.stage.pan_by(0, 1)

    def do_pan_up(self) -> None:
        """Look further up."""
        self.stage.pan_by(0, -1)
