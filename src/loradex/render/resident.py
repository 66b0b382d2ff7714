"""The checkpoint that was used last, kept loaded until another one is asked for."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from loradex.domain.grid import Cell, FailedCell, RenderedCell
from loradex.domain.progress import CancelToken, Problem, Progress, ProgressSink
from loradex.domain.recipe import Recipe
from loradex.errors import NotRenderable
from loradex.render.bases.base import Base
from loradex.render.device import Placed, placed_for
from loradex.render.loading import load_key, loaded
from loradex.render.memory import Plan, has_room, host_of, memory_plan, working_bytes
from loradex.render.session import Session
from loradex.render.ways import Way, at_once


@dataclass(frozen=True, slots=True)
class Loaded:
    """A checkpoint that is ready. `placed` is where it computes, `plan` how it uses the device."""

    key: tuple[object, ...]
    base: Base
    placed: Placed
    plan: Plan


class Resident:
    """Draws cells and answers questions with at most one checkpoint in memory.

    `tokenizers` are folders to look for one in. `engine` names all that shapes a picture besides
    its recipe. Not for several threads.
    """

    def __init__(self, engine: Callable[[Recipe], str], tokenizers: Sequence[Path] = ()) -> None:
        self._engine = engine
        self._tokenizers = tuple(tokenizers)
        self._loaded: Loaded | None = None

    def draw(
        self,
        cells: Sequence[Cell],
        folder: Path,
        *,
        way: Way = "usual",
        sink: ProgressSink,
        cancel: CancelToken,
    ) -> Iterator[RenderedCell | FailedCell]:
        """Draw cells, which stand in drawing order, into `folder/<first two digits>/<key>.png`.

        Yields each cell as it is finished; one that cannot be drawn is yielded as failed and the
        rest goes on. Raises `NotRenderable` or `UsageError` when nothing can be drawn at all, and
        `Cancelled` within one denoising step.
        """
        groups = [tuple(group) for _, group in groupby(cells, key=lambda c: load_key(c.recipe))]
        for group in groups:
            try:
                yield from self._draw_with(group, folder, way, sink=sink, cancel=cancel)
            except NotRenderable as error:
                if len(groups) == 1:
                    raise
                yield from (FailedCell(cell.key, str(error)) for cell in group)

    def at_hand(
        self, recipes: Sequence[Recipe], *, way: Way = "usual", sink: ProgressSink
    ) -> Loaded:
        """Return the checkpoint of these recipes, which share it; load it if it is another one.

        One whose parts take turns on the device serves once, since its text encoders are given
        up. Raises `NotRenderable`, and `UsageError` for a device that is not there.
        """
        first, largest = recipes[0], max(recipes, key=_pixels)
        placed = placed_for(first.settings)
        most = _most(recipes, way)
        key = load_key(first)
        known = self._loaded
        if (
            known is not None
            and known.key == key
            and known.plan == "resident"
            and has_room(largest, placed, at_once=most)
        ):
            return known
        known = None
        self.forget()
        sink.progress(Progress("Loading", 0, None, "steps", first.checkpoint.name))
        plan = memory_plan(largest, placed, at_once=most)
        if plan == "staged":
            sink.problem(
                Problem(
                    first.checkpoint.name,
                    "The device has not the memory for all of it at once: texts, drawing and"
                    " decoding take turns, so pictures come at the end.",
                )
            )
        base = loaded(first, host_of(placed, plan), self._tokenizers)
        for note in base.notes:
            sink.problem(Problem(first.checkpoint.name, note))
        self._loaded = Loaded(key, base, placed, plan)
        return self._loaded

    def forget(self) -> None:
        """Give the checkpoint and its memory up."""
        if self._loaded is None:
            return
        placed = self._loaded.placed
        self._loaded = None
        gc.collect()
        if placed.device != "cpu":
            import torch  # noqa: PLC0415 - heavy

            torch.cuda.empty_cache()

    def _draw_with(
        self,
        cells: Sequence[Cell],
        folder: Path,
        way: Way,
        *,
        sink: ProgressSink,
        cancel: CancelToken,
    ) -> Iterator[RenderedCell | FailedCell]:
        recipes = [cell.recipe for cell in cells]
        cancel.check()
        found = self.at_hand(recipes, way=way, sink=sink)
        session = Session(
            found.base,
            found.placed,
            folder,
            engine=self._engine if way == "usual" else self._otherwise,
            sink=sink,
            cancel=cancel,
            plan=found.plan,
            work=working_bytes(max(recipes, key=_pixels), at_once=_most(recipes, way)),
            way=way,
        )
        try:
            yield from session.run(cells)
        finally:
            session.close()

    def _otherwise(self, recipe: Recipe) -> str:
        """Say in the picture that it is not what its key promises to the last bit."""
        return f"{self._engine(recipe)}; drawn otherwise"


def _most(recipes: Sequence[Recipe], way: Way) -> int:
    """Return how many pictures go through the network at once, at most."""
    return max(
        at_once(recipe.settings, placed_for(recipe.settings).device, way) for recipe in recipes
    )


def _pixels(recipe: Recipe) -> int:
    return recipe.settings.width * recipe.settings.height
