"""Which picture of a grid shows a model best."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.axes import AxisKind
from loradex.domain.grid import GridSpec, Place, RecordCell
from loradex.domain.models import ModelDetails
from loradex.domain.recipe import GridModel, Recipe
from loradex.errors import CatalogError, UsageError
from loradex.operations.grid_cells import recipe_at

_IsIt = Callable[[GridModel], bool]
_BEST = (0.0, 0)
_TELLS_NOTHING = frozenset(
    {
        AxisKind.SIZE, AxisKind.STEPS, AxisKind.SAMPLER, AxisKind.SCHEDULE, AxisKind.CLIP_SKIP,
        AxisKind.GUIDANCE, AxisKind.DENOISING, AxisKind.SEED,
    }
)  # fmt: skip
"""What changes a picture, but not which models are in it."""


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
    for at, path in _differing(spec, catalog.grids.cells(grid_id)):
        recipe = recipe_at(spec, at)
        strength = _strength(recipe, is_it)
        if strength is None and not _takes_part(recipe, is_it):
            continue
        others = len(recipe.loras)
        rank = (float(others), 0) if strength is None else (abs(strength - 1), others - 1)
        if best is None or rank < best[0]:
            best = rank, TellingCell(Path(path), strength)
        if rank == _BEST:
            break
    return None if best is None else best[1]


def shown_models(catalog: Catalog, grid_id: int) -> dict[int, Path]:
    """Return the models that a grid's finished pictures show, each with one of these.

    A LoRA is shown where it acts, a checkpoint where no LoRA does. A grid whose record cannot be
    read any more shows none.
    """
    shown: dict[int, Path] = {}
    try:
        spec = catalog.grids.spec(grid_id)
        for at, path in _differing(spec, catalog.grids.cells(grid_id)):
            recipe = recipe_at(spec, at)
            models = [use.model for use in recipe.loras if use.strength] or [recipe.checkpoint]
            for model in models:
                shown.setdefault(model.content_id, Path(path))
    except (CatalogError, UsageError):
        pass
    return shown


def _differing(spec: GridSpec, cells: Iterable[RecordCell]) -> Iterator[tuple[Place, str]]:
    """Yield place and picture of one finished cell for each combination of models and texts."""
    telling = [number for number, axis in enumerate(spec.axes) if axis.kind not in _TELLS_NOTHING]
    seen: set[Place] = set()
    for cell in cells:
        models = tuple(cell.at[axis] for axis in telling)
        if cell.path is not None and models not in seen:
            seen.add(models)
            yield cell.at, cell.path


def _same_as(details: ModelDetails) -> _IsIt:
    """Tell a model by its id, or by its bytes: two contents may have become one since."""
    sha256 = details.hashes.sha256 if details.hashes else None
    return lambda model: model.content_id == details.row.id or model.digest == sha256


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
