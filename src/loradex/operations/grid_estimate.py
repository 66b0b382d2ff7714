"""How long a grid will take and how much memory it needs, from earlier pictures and sizes."""

from __future__ import annotations

from collections.abc import Sequence

from loradex.catalog.catalog import Catalog
from loradex.domain.grid import Cell
from loradex.domain.infotext import parse_infotext
from loradex.domain.recipe import GridModel, Recipe

_RECENT = 200
_PIXELS = 512 * 512
_PICTURE_BYTES = 70_000_000
"""Of one 512 by 512 picture on its way through an SDXL U-Net in 16 bits: a rough figure."""
_OVERHEAD = 600_000_000
"""What Python, torch and the device's own libraries take."""


def estimated_seconds(catalog: Catalog, todo: Sequence[Cell]) -> float | None:
    """Return how long `todo` takes at the pace of the same checkpoints' last pictures.

    Pictures count that were approximated in the same way. None when nothing was drawn with one of
    them yet: a guess from other models would mislead.
    """
    total = 0.0
    paces: dict[int, float | None] = {}
    for cell in todo:
        content_id = cell.recipe.checkpoint.content_id
        if content_id not in paces:
            approximate = ", ".join(cell.recipe.settings.approximate)
            paces[content_id] = _pace(catalog, content_id, approximate)
        pace = paces[content_id]
        if pace is None:
            return None
        total += pace * _work(cell.recipe)
    return total


def needed_bytes(cells: Sequence[Cell]) -> int:
    """Return about how much memory drawing takes: the largest checkpoint and its company."""
    from loradex.render.memory import weights_bytes  # noqa: PLC0415 - beside its use

    largest: dict[tuple[GridModel, ...], int] = {}
    for cell in cells:
        models, settings = cell.recipe.models, cell.recipe.settings
        pixels = settings.width * settings.height
        largest[models] = max(pixels, largest.get(models, 0))
    one_of = {cell.recipe.models: cell.recipe for cell in cells}
    return max(
        (
            _OVERHEAD + weights_bytes(one_of[models]) + _PICTURE_BYTES * pixels // _PIXELS
            for models, pixels in largest.items()
        ),
        default=0,
    )


def _work(recipe: Recipe) -> float:
    """Return a cell's work: how often a network is asked for a 512 by 512 picture with guidance."""
    settings = recipe.settings
    calls = _calls(settings.sampler, settings.num_inference_steps)
    share = settings.width * settings.height / _PIXELS
    twice = 1.0 if settings.guidance_scale > 1 else 0.5
    return calls * share * twice


def _calls(sampler: str, steps: int) -> int:
    """Return how often the network is asked; flow's samplers ask as often as their namesakes."""
    from loradex.render.sampler_table import SAMPLERS  # noqa: PLC0415 - beside its use

    known = SAMPLERS.get(sampler)
    return known.asks(steps) if known else steps


def _pace(catalog: Catalog, checkpoint: int, approximate: str) -> float | None:
    """Return the seconds that a unit of work took lately, the middle one of those known."""
    paces = []
    for seconds, width, height, infotext in catalog.grids.lately(checkpoint, _RECENT):
        fields = parse_infotext(infotext).fields
        if fields.get("Approximate", "") != approximate:
            continue
        try:
            steps, guidance = int(fields["Steps"]), float(fields["CFG scale"])
        except (KeyError, ValueError):
            continue
        work = (
            _calls(fields.get("Sampler", ""), steps)
            * (width * height / _PIXELS)
            * (1.0 if guidance > 1 else 0.5)
        )
        if work > 0 and seconds > 0:
            paces.append(seconds / work)
    return sorted(paces)[len(paces) // 2] if paces else None
