"""Recipes and cells through JSON and back."""

from __future__ import annotations

import json

import pytest

from loradex.domain.grid import Cell
from loradex.domain.recipe import (
    ControlUse,
    GridModel,
    GridPicture,
    LoraUse,
    Recipe,
    RenderSettings,
    StartUse,
)
from loradex.domain.recipe_json import (
    cell_from_plain,
    cell_to_plain,
    recipe_from_plain,
    recipe_to_plain,
)

VAE = GridModel(2, "vae", "/m/vae.safetensors", "b" * 64, None)
BASE = GridModel(1, "báse \ud800", "/m/base", "a" * 64, "sd1", ("word",), (VAE,), "v_prediction")
LORA = GridModel(3, "lora", "/m/lora.safetensors", "c" * 64, "sd1")
PHOTO = GridPicture("photo", "/p/photo.png", "d" * 64)
RECIPES = [
    Recipe(BASE, "", "", 0),
    Recipe(
        BASE,
        "a (red:1.2) boat\n",
        "fog",
        2**63,
        RenderSettings(width=64, sampler="Euler a", approximate=("taesd",)),
        loras=(LoraUse(LORA, 1, 0.1 + 0.2, "MIDD"), LoraUse(LORA, -0.5, 0)),
        vae=VAE,
        embeddings=(("neg", LORA),),
        start=StartUse(PHOTO, 0.3, PHOTO),
        controls=(ControlUse(LORA, PHOTO, 0.7, 0.1, 0.9),),
    ),
]


@pytest.mark.parametrize("recipe", RECIPES)
def test_what_is_written_is_read_again(recipe: Recipe) -> None:
    assert recipe_from_plain(json.loads(json.dumps(recipe_to_plain(recipe)))) == recipe
    cell = Cell(recipe, "e" * 64)
    assert cell_from_plain(json.loads(json.dumps(cell_to_plain(cell)))) == cell


@pytest.mark.parametrize(
    "change", [{"seed": "7"}, {"checkpoint": None}, {"loras": [{"strength": 1}]}, {"settings": 3}]
)
def test_what_is_no_recipe_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no recipe"):
        recipe_from_plain({**recipe_to_plain(RECIPES[0]), **change})
