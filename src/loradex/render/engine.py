"""Draw the cells of a plan: each checkpoint is loaded once, and its cells drawn in batches."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from loradex.domain.grid import FailedCell, GridPlan, RenderedCell
from loradex.domain.progress import CancelToken, ProgressSink
from loradex.domain.recipe import Recipe, RenderSettings
from loradex.render.device import micro_batch, placed_for, require_extra
from loradex.render.resident import Resident

ENGINE = "loradex 3"
"""Raised whenever a change here changes pictures."""

_DEFAULTS = RenderSettings()


def engine_version(settings: RenderSettings = _DEFAULTS) -> str:
    """Return all that shapes a picture besides its recipe: our version, libraries, device, dtype.

    Raises `ExtraMissing` without torch and diffusers, and `UsageError` when `settings` asks for
    a device or dtype that is not to be had here.
    """
    require_extra()
    placed = placed_for(settings)
    batch = micro_batch(settings, placed.device)
    return f"{ENGINE}; {_libraries()}; {placed.kind} {placed.dtype}; batch {batch}"


def engine_of(recipe: Recipe) -> str:
    """Return the engine version that a recipe is drawn with."""
    return engine_version(recipe.settings)


@lru_cache(maxsize=1)
def _libraries() -> str:
    return " ".join(f"{name} {version(name)}" for name in ("torch", "diffusers", "transformers"))


def draw(
    plan: GridPlan,
    keys_to_draw: Collection[str],
    folder: Path,
    *,
    tokenizers: Sequence[Path] = (),
    sink: ProgressSink,
    cancel: CancelToken,
) -> Iterator[RenderedCell | FailedCell]:
    """Draw the cells with these keys into `folder/<first two digits>/<key>.png`.

    `tokenizers` are folders of those that were downloaded. Yields each cell as it is finished; one
    that cannot be drawn is yielded as failed and the rest goes on. Raises `ExtraMissing`,
    `NotRenderable` or `UsageError` when nothing can be drawn at all, and `Cancelled` within one
    denoising step.
    """
    wanted = [cell for cell in plan.cells if cell.key in keys_to_draw]
    resident = Resident(engine_of, tokenizers)
    try:
        yield from resident.draw(wanted, folder, sink=sink, cancel=cancel)
    finally:
        resident.forget()
