"""How long a grid will take and how much memory it needs, from earlier pictures and sizes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.grid import Cell
from loradex.domain.infotext import parse_infotext
from loradex.domain.recipe import Recipe

_RECENT = 200
_PIXELS = 512 * 512
_PICTURE_BYTES = 70_000_000
"""Of one 512 by 512 picture on its way through an SDXL U-Net in 16 bits: a rough figure."""
_OVERHEAD = 600_000_000
"""What Python, torch and the device's own libraries take."""


def estimated_seconds(catalog: Catalog, todo: Sequence[Cell]) -> float | None:
    """Return how long `todo` takes at the pace of the same checkpoints' last pictures.

    None when nothing was drawn with one of them yet: a guess from other models would mislead.
    """
    total = 0.0
    paces: dict[int, float | None] = {}
    for cell in todo:
        content_id = cell.recipe.checkpoint.content_id
        if content_id not in paces:
            paces[content_id] = _pace(catalog, content_id)
        pace = paces[content_id]
        if pace is None:
            return None
        total += pace * _work(cell.recipe)
    return total


def needed_bytes(cells: Sequence[Cell]) -> int:
    """Return about how much memory drawing takes: the largest checkpoint and its company."""
    return max((_OVERHEAD + _of_one(cell.recipe) for cell in cells), default=0)


def _work(recipe: Recipe) -> float:
    """Return a cell's work in steps of a 512 by 512 picture; without guidance half as much."""
    settings = recipe.settings
    share = settings.width * settings.height / _PIXELS
    twice = 1.0 if settings.guidance_scale > 1 else 0.5
    return settings.num_inference_steps * share * twice


def _pace(catalog: Catalog, checkpoint: int) -> float | None:
    """Return the seconds that a unit of work took lately, the middle one of those known."""
    paces = []
    for seconds, width, height, infotext in catalog.grids.lately(checkpoint, _RECENT):
        fields = parse_infotext(infotext).fields
        try:
            steps, guidance = int(fields["Steps"]), float(fields["CFG scale"])
        except (KeyError, ValueError):
            continue
        work = steps * (width * height / _PIXELS) * (1.0 if guidance > 1 else 0.5)
        if work > 0 and seconds > 0:
            paces.append(seconds / work)
    return sorted(paces)[len(paces) // 2] if paces else None


def _of_one(recipe: Recipe) -> int:
    models = [recipe.checkpoint, *recipe.companions, *(use.model for use in recipe.loras)]
    models += [recipe.vae] if recipe.vae else []
    settings = recipe.settings
    pictures = _PICTURE_BYTES * settings.width * settings.height // _PIXELS
    return sum(_size(Path(model.path)) for model in models) + pictures


def _size(path: Path) -> int:
    try:
        if path.is_dir():
            return sum(one.stat().st_size for one in path.rglob("*.safetensors"))
        return path.stat().st_size
    except OSError:
        return 0
