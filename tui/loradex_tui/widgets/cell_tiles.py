"""Pictures as tiles of cells, drawn in threads and kept while there is room."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from loradex.errors import FormatError
from loradex_tui.background import in_background
from loradex_tui.cells import fit
from loradex_tui.pictures.choice import PictureMode
from loradex_tui.pictures.drawing import Drawing, draw_within
from loradex_tui.pictures.store import PANE, TILE, LoadPicture
from loradex_tui.pictures.views import send

if TYPE_CHECKING:
    from loradex_tui.app import LoradexApp

_KEPT = 600
_BATCH = 12
_SMALL = 20
"""Columns up to which a tile is drawn from a small copy of its picture."""

Tile = tuple[Path, int, int]
"""A picture at a size in cells."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    tile: Tile
    drawing: Drawing
    aspect: float
    """Height by width; 0 where there is no picture."""


class CellTiles:
    """Draws tiles for a widget, what was asked for last first, and tells when some came.

    `drawn` gets the shape (height by width) of the last picture, 0 when none could be read.
    """

    def __init__(self, owner: Widget, mode: PictureMode, drawn: Callable[[float], None]) -> None:
        self.mode = mode
        self._owner = owner
        self._drawn = drawn
        self._kept: OrderedDict[Tile, Drawing] = OrderedDict()
        self._asked: OrderedDict[Tile, None] = OrderedDict()
        self._busy = False

    def get(self, tile: Tile) -> list[Strip] | None:
        """Return a tile; None when it is still to come."""
        if tile in self._kept:
            self._kept.move_to_end(tile)
            return self._kept[tile].strips
        self._asked[tile] = None
        if not self._busy:
            self._busy = True
            self._owner.call_later(self._draw_asked)
        return None

    def forget(self) -> None:
        """Drop all tiles, and let the terminal forget them."""
        for drawing in self._kept.values():
            send(self._owner.app, drawing.last)
        self._kept.clear()

    def _draw_asked(self) -> None:
        batch = [self._asked.popitem()[0] for _ in range(min(_BATCH, len(self._asked)))]
        self._asked.clear()
        self._busy = bool(batch)
        if not batch:
            return
        app = cast("LoradexApp", self._owner.app)
        load, mode, dark = app.picture_store.load, self.mode, app.current_theme.dark

        def draw() -> list[_Drawn]:
            return [_draw(load, tile, mode, dark=dark) for tile in batch]

        in_background(self._owner, "tiles", draw, self._keep, exclusive=False)

    def _keep(self, drawn: list[_Drawn]) -> None:
        for one in drawn:
            send(self._owner.app, one.drawing.first)
            self._kept[one.tile] = one.drawing
        while len(self._kept) > _KEPT:
            send(self._owner.app, self._kept.popitem(last=False)[1].last)
        self._busy = False
        self._drawn(max((one.aspect for one in drawn), default=0.0))


def _draw(load: LoadPicture, tile: Tile, mode: PictureMode, *, dark: bool) -> _Drawn:
    path, columns, rows = tile
    try:
        image = load(path, TILE if columns <= _SMALL else PANE)
    except FormatError:
        return _Drawn(tile, Drawing([Strip([Segment(fit("✗ no picture", columns))], columns)]), 0)
    return _Drawn(
        tile, draw_within(image, mode, columns, rows, dark=dark), image.height / image.width
    )
