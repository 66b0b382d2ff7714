"""The pictures that go into a drawing, opened once each, and the networks that look at them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.domain.recipe import ControlUse, GridPicture, Recipe
from loradex.errors import RenderError
from loradex.render.bases.base import Base
from loradex.render.bases.control import Control, load_control
from loradex.render.bases.steering import Steering
from loradex.render.device import Placed

if TYPE_CHECKING:
    from PIL.Image import Image

_MOST_PIXELS = 64_000_000
_KEPT = 64
"""Pictures kept open at a time; the oldest go first."""


class Inputs:
    """Opens init pictures, masks and steering pictures, and loads ControlNets and adapters."""

    def __init__(self, base: Base, placed: Placed) -> None:
        self._base = base
        self._placed = placed
        self._pictures: dict[str, Image] = {}
        self._controls: dict[str, Control] = {}

    def check(self, recipe: Recipe) -> None:
        """Open all that a recipe needs; raise `RenderError` or `NotRenderable` for what cannot."""
        if recipe.start is not None:
            self.picture(recipe.start.picture)
            if recipe.start.mask is not None:
                self.picture(recipe.start.mask)
        for use in recipe.controls:
            self.picture(use.picture)
            self.control(use)

    def starts(self, recipes: Sequence[Recipe]) -> tuple[list[Image], list[Image]]:
        """Return the init pictures and the masks of a batch: none, or one for each recipe."""
        starts = [recipe.start for recipe in recipes if recipe.start is not None]
        pictures = [self.picture(start.picture) for start in starts]
        return pictures, [self.picture(start.mask) for start in starts if start.mask is not None]

    def control(self, use: ControlUse) -> Control:
        """Return a use's network, loaded once for this checkpoint."""
        digest = use.model.digest
        if digest not in self._controls:
            path = Path(use.model.path)
            self._controls[digest] = load_control(path, self._base, self._placed)
        return self._controls[digest]

    def picture(self, wanted: GridPicture) -> Image:
        """Return a picture, whole and upright. Raises `RenderError` naming the file."""
        from PIL import Image, ImageOps, UnidentifiedImageError  # noqa: PLC0415 - beside its use

        known = self._pictures.pop(wanted.digest, None)
        if known is None:
            try:
                with Image.open(wanted.path) as opened:
                    if opened.width * opened.height > _MOST_PIXELS:
                        raise RenderError(f"The picture {wanted.name} is too large.")
                    known = ImageOps.exif_transpose(opened)
                    known.load()
            except (OSError, ValueError, SyntaxError, UnidentifiedImageError) as error:
                raise RenderError(
                    f"The picture {wanted.name} cannot be read.",
                    hint="PNG, JPEG and WebP files are read.",
                ) from error
            except Image.DecompressionBombError as error:
                raise RenderError(f"The picture {wanted.name} is too large.") from error
        self._pictures[wanted.digest] = known
        while len(self._pictures) > _KEPT:
            del self._pictures[next(iter(self._pictures))]
        return known


def steering(use: ControlUse) -> Steering:
    """Return how a use steers."""
    return Steering(use.strength, use.start, use.end)
