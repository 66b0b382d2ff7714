"""Which cells go through the network together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from loradex.domain.grid import Cell
from loradex.domain.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Batch:
    """Cells that are drawn at once, filled up to `size` so that company changes no last bit."""

    cells: tuple[Cell, ...]
    size: int

    @property
    def steps(self) -> int:
        """How many steps it takes."""
        return self.cells[0].recipe.settings.num_inference_steps

    def split(self, size: int) -> list[Batch]:
        """Return the same cells in batches of `size`."""
        return [
            replace(self, cells=self.cells[at : at + size], size=size)
            for at in range(0, len(self.cells), size)
        ]


def in_batches(
    cells: Iterable[Cell],
    company: Callable[[Recipe], object],
    size: Callable[[Recipe], int],
) -> list[Batch]:
    """Put cells that can share every step into full batches; the order of groups is kept.

    `company` gives what else, besides what the recipe says, has to be alike in a batch; `size`
    how many pictures one of a recipe's kind has.
    """
    groups: dict[object, list[Cell]] = {}
    for cell in cells:
        groups.setdefault((_shared(cell.recipe), company(cell.recipe)), []).append(cell)
    batches: list[Batch] = []
    for group in groups.values():
        most = size(group[0].recipe)
        batches += Batch(tuple(group), most).split(most)
    return batches


def _shared(recipe: Recipe) -> tuple[object, ...]:
    """Return what has to be alike for all pictures of a batch."""
    settings = recipe.settings
    size = (settings.width, settings.height)
    steps = (settings.num_inference_steps, settings.sampler, settings.schedule)
    # Where guidance is off, the network runs once instead of twice a step.
    guided = settings.guidance_scale > 1
    start = recipe.start and (recipe.start.denoising, recipe.start.mask is not None)
    controls = tuple(
        (control.model.digest, control.strength, control.start, control.end)
        for control in recipe.controls
    )
    return (size, steps, guided, start, controls)
