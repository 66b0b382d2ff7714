"""Draw the cells of a plan: each checkpoint is loaded once, and its cells drawn in batches."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from importlib.metadata import version
from itertools import groupby
from pathlib import Path

from loradex.domain.grid import Cell, FailedCell, GridPlan, RenderedCell
from loradex.domain.progress import CancelToken, Problem, Progress, ProgressSink
from loradex.domain.recipe import Recipe, RenderSettings
from loradex.errors import LoradexError, NotRenderable
from loradex.render.device import Placed, micro_batch, place, require_extra
from loradex.render.loading import load_key, loaded
from loradex.render.memory import host_of, memory_plan, working_bytes
from loradex.render.session import Session

ENGINE = "loradex 3"
"""Raised whenever a change here changes pictures."""

_DEFAULTS = RenderSettings()


def engine_version(settings: RenderSettings = _DEFAULTS) -> str:
    """Return all that shapes a picture besides its recipe: our version, libraries, device, dtype.

    Raises `ExtraMissing` without torch and diffusers, and `UsageError` when `settings` asks for
    a device or dtype that is not to be had here.
    """
    require_extra()
    placed = _placed(settings.device, settings.dtype)
    batch = micro_batch(settings, placed.device)
    return f"{ENGINE}; {_libraries()}; {placed.kind} {placed.dtype}; batch {batch}"


def engine_of(recipe: Recipe) -> str:
    """Return the engine version that a recipe is drawn with."""
    return engine_version(recipe.settings)


@lru_cache(maxsize=8)
def _placed(device: str, dtype: str) -> Placed:
    return place(RenderSettings(device=device, dtype=dtype))


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
    groups = [tuple(group) for _, group in groupby(wanted, key=lambda c: load_key(c.recipe))]
    for cells in groups:
        try:
            yield from _draw_with(cells, folder, tokenizers, sink=sink, cancel=cancel)
        except NotRenderable as error:
            if len(groups) == 1:
                raise
            yield from (FailedCell(cell.key, _sentence(error)) for cell in cells)


def _draw_with(
    cells: Sequence[Cell],
    folder: Path,
    tokenizers: Sequence[Path],
    *,
    sink: ProgressSink,
    cancel: CancelToken,
) -> Iterator[RenderedCell | FailedCell]:
    """Draw cells that share a checkpoint, and leave no memory behind."""
    first = cells[0].recipe
    placed = _placed(first.settings.device, first.settings.dtype)
    cancel.check()
    sink.progress(Progress("Loading", 0, None, "steps", first.checkpoint.name))
    at_once = max(micro_batch(cell.recipe.settings, placed.device) for cell in cells)
    largest = max((cell.recipe for cell in cells), key=_pixels)
    plan = memory_plan(largest, placed, at_once=at_once)
    if plan == "staged":
        sink.problem(
            Problem(
                first.checkpoint.name,
                "The device has not the memory for all of it at once: texts, drawing and decoding"
                " take turns, so pictures come at the end.",
            )
        )
    base = loaded(first, host_of(placed, plan), tokenizers)
    for note in base.notes:
        sink.problem(Problem(first.checkpoint.name, note))
    session = Session(
        base,
        placed,
        folder,
        engine=engine_of,
        sink=sink,
        cancel=cancel,
        plan=plan,
        work=working_bytes(largest, at_once=at_once),
    )
    try:
        yield from session.run(cells)
    finally:
        session.close()
        del base, session
        _forget(placed)


def _pixels(recipe: Recipe) -> int:
    return recipe.settings.width * recipe.settings.height


def _forget(placed: Placed) -> None:
    """Give the device's memory back before the next checkpoint is loaded."""
    gc.collect()
    if placed.device != "cpu":
        import torch  # noqa: PLC0415 - heavy

        torch.cuda.empty_cache()


def _sentence(error: LoradexError) -> str:
    return f"{error} {error.hint}" if error.hint else str(error)
