"""Load what a recipe draws with."""

from __future__ import annotations

from pathlib import Path

from loradex.domain.recipe import Recipe
from loradex.render.bases.base import Base
from loradex.render.bases.load import load_base
from loradex.render.device import Placed


def load_key(recipe: Recipe) -> tuple[object, ...]:
    """Return what has to be alike for cells that one loaded checkpoint serves."""
    vae = recipe.vae.digest if recipe.vae else None
    companions = tuple(model.digest for model in recipe.companions)
    settings = recipe.settings
    return (recipe.checkpoint.digest, vae, companions, settings.device, settings.dtype)


def loaded(recipe: Recipe, placed: Placed) -> Base:
    """Return the recipe's checkpoint on `placed`. Raises `NotRenderable`."""
    return load_base(Path(recipe.checkpoint.path), placed)
