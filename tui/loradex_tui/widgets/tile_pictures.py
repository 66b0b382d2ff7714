"""Pictures for the tiles of a gallery: read for what is in view, kept while they may be seen again.

One thread reads what lies on this machine, what is in view first and the next page after it.
Another asks hubs, one picture at a time, and only for tiles on which the view has come to rest.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PIL import Image
from textual.timer import Timer
from textual.widget import Widget

from loradex.domain.models import ModelRow
from loradex_tui.background import in_background
from loradex_tui.pictures.choice import PictureMode
from loradex_tui.pictures.drawing import Drawing, draw_cells
from loradex_tui.pictures.finding import TilePicture
from loradex_tui.pictures.views import send

KEPT = 300
"""Drawn tiles that are kept, more if more are in view: some 40 kB each."""
_BATCH = 4
_REST = 0.5
"""Seconds that a view has to rest before a hub is asked."""
_HIGHER = 0.35
"""Where a picture is cut to the shape of a tile: faces are above the middle as a rule."""

Read = Callable[[ModelRow], TilePicture]


@dataclass(frozen=True, slots=True)
class Tile:
    """A drawn tile, or a word in its place."""

    drawing: Drawing | None
    word: str = ""


@dataclass(frozen=True, slots=True)
class TileShape:
    """How tiles are drawn: in so many cells, and in which way."""

    columns: int
    rows: int
    mode: PictureMode
    dark: bool


class TilePictures:
    """The drawn tiles of models by their ids."""

    def __init__(
        self, owner: Widget, here: Read, of_hub: Read, arrived: Callable[[list[int]], None]
    ) -> None:
        """`here` and `of_hub` are called in threads; `arrived` hears which tiles are there now."""
        self._owner = owner
        self._here = here
        self._of_hub = of_hub
        self._arrived = arrived
        self._shape: TileShape | None = None
        self._tiles: OrderedDict[int, Tile] = OrderedDict()
        self._for_hub: dict[int, ModelRow] = {}
        self._most = KEPT
        self._reading = False
        self._asking = False
        self._rest: Timer | None = None

    def use(self, shape: TileShape) -> None:
        """Draw in this shape from now on; tiles of another are forgotten."""
        if shape != self._shape:
            self.forget()
            self._shape = shape

    def forget(self) -> None:
        """Read all again: there may be other pictures."""
        for tile in self._tiles.values():
            self._free(tile)
        self._tiles.clear()
        self._for_hub.clear()

    def tile(self, id_: int) -> Tile | None:
        """Return a model's tile, None while it is not drawn yet."""
        if id_ in self._tiles:
            self._tiles.move_to_end(id_)
        return self._tiles.get(id_)

    def want(self, rows: Iterable[ModelRow]) -> None:
        """Read these if they are not there, the first of them first; what was wanted before is not.

        Call it again with what is in view then when some have arrived.
        """
        shape = self._shape
        seen = list(rows)
        self._most = max(KEPT, len(seen) + _BATCH)
        wanted = [row for row in seen if row.id not in self._tiles]
        if self._reading or shape is None or not wanted:
            return
        self._reading = True
        batch = wanted[:_BATCH]

        def read() -> list[tuple[ModelRow, Tile, bool]]:
            found = ((row, self._here(row)) for row in batch)
            return [(row, _drawn(each, shape), each.ask_hub) for row, each in found]

        def keep(read: list[tuple[ModelRow, Tile, bool]]) -> None:
            self._reading = False
            for row, tile, ask_hub in read:
                self._keep(row, tile, shape)
                if ask_hub and tile.drawing is None:
                    self._for_hub[row.id] = row
            self._arrived([row.id for row, _, _ in read])

        in_background(self._owner, "tiles", read, keep, exclusive=False)

    def rested(self, ids: Iterable[int]) -> None:
        """Ask the hubs for these, if they have none, when nothing else comes for a moment."""
        if self._rest is not None:
            self._rest.stop()
        seen = list(ids)
        if any(id_ in self._for_hub for id_ in seen):
            self._rest = self._owner.set_timer(_REST, lambda: self._ask_hub(seen))

    def _ask_hub(self, seen: list[int]) -> None:
        shape = self._shape
        row = next((self._for_hub.pop(id_) for id_ in seen if id_ in self._for_hub), None)
        if self._asking or shape is None or row is None:
            return
        self._asking = True
        asked = row

        def keep(tile: Tile) -> None:
            self._asking = False
            self._keep(asked, tile, shape)
            self._arrived([asked.id])

        in_background(
            self._owner,
            "hub tiles",
            lambda: _drawn(self._of_hub(asked), shape),
            keep,
            lambda _error: keep(Tile(None)),
            exclusive=False,
        )

    def _keep(self, row: ModelRow, tile: Tile, shape: TileShape) -> None:
        if shape != self._shape:
            return
        before = self._tiles.pop(row.id, None)
        if before is not None:
            self._free(before)
        self._tiles[row.id] = tile
        if tile.drawing is not None:
            send(self._owner.app, tile.drawing.first)
        while len(self._tiles) > self._most:
            self._free(self._tiles.popitem(last=False)[1])

    def _free(self, tile: Tile) -> None:
        if tile.drawing is not None:
            send(self._owner.app, tile.drawing.last)


def _drawn(found: TilePicture, shape: TileShape) -> Tile:
    if found.image is None:
        return Tile(None, found.word)
    cut = cut_to(found.image, shape.columns, shape.rows)
    return Tile(draw_cells(cut, shape.mode, shape.columns, shape.rows, dark=shape.dark))


def cut_to(image: Image.Image, columns: int, rows: int) -> Image.Image:
    """Return as much of a picture as fills so many cells; a cell is twice as high as wide."""
    width, height = image.size
    wanted = columns / (rows * 2)
    if width / height > wanted:
        kept = max(round(height * wanted), 1)
        left = (width - kept) // 2
        return image.crop((left, 0, left + kept, height))
    kept = max(round(width / wanted), 1)
    top = round((height - kept) * _HIGHER)
    return image.crop((0, top, width, top + kept))
