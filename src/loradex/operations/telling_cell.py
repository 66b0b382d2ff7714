"""Which picture of a grid shows a model best."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.grid import GridSpec, Place
from loradex.domain.models import ModelDetails
from loradex.domain.recipe import GridModel, Recipe
from loradex.render.recipes import filled, resolved

_IsIt = Callable[[GridModel], bool]


@dataclass(frozen=True, slots=True)
class TellingCell:
    """A finished picture; `strength` is that of the model in it, None when it is no LoRA."""

    path: Path
    strength: float | None


def telling_cell(catalog: Catalog, grid_id: int, details: ModelDetails) -> TellingCell | None:
    """Return the picture that shows a model best; None when it is in none that is drawn.

    Of a LoRA that is one where it acts at a strength nearest to 1, with as few others as can be;
    of any other model one with as few LoRAs as can be. Raises `CatalogError` for a grid whose
    record cannot be read, and `UsageError` for one whose prompts cannot be read any more.
    """
    spec = catalog.grids.spec(grid_id)
    is_it = _same_as(details)
    best: tuple[tuple[float, int], TellingCell] | None = None
    for cell in catalog.grids.cells(grid_id):
        if cell.path is None:
            continue
        recipe = _recipe(spec, cell.at)
        strength = _strength(recipe, is_it)
        if strength is None and not _takes_part(recipe, is_it):
            continue
        others = len(recipe.loras)
        rank = (float(others), 0) if strength is None else (abs(strength - 1), others)
        if best is None or rank < best[0]:
            best = rank, TellingCell(Path(cell.path), strength)
    return None if best is None else best[1]


def _same_as(details: ModelDetails) -> _IsIt:
    """Tell a model by its id, or by its bytes: two contents may have become one since."""
    sha256 = details.hashes.sha256 if details.hashes else None
    return lambda model: model.content_id == details.row.id or model.digest == sha256


def _recipe(spec: GridSpec, at: Place) -> Recipe:
    draft = spec.base
    for axis, number in zip(spec.axes, at, strict=True):
        draft = filled(draft, axis, axis.values[number])
    return resolved(draft, spec.named, spec.embeddings)


def _strength(recipe: Recipe, is_it: _IsIt) -> float | None:
    strengths = [use.strength for use in recipe.loras if is_it(use.model)]
    return min(strengths, key=lambda strength: abs(strength - 1), default=None)


def _takes_part(recipe: Recipe, is_it: _IsIt) -> bool:
    parts = [
        recipe.checkpoint,
        *recipe.companions,
        *(model for _, model in recipe.embeddings),
        *(control.model for control in recipe.controls),
        *((recipe.vae,) if recipe.vae else ()),
    ]
    return any(is_it(model) for model in parts)
