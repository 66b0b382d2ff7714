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


@dataclass(frozen=True, slots=True)
class Company:
    """What else, besides what recipes say, has to be alike in a batch."""

    weights: object
    """What is merged into the weights or attached to them."""
    texts: tuple[tuple[int, ...], ...]
    """How long the encoded texts are, and from which step on."""
    welcomes: bool = False
    """Whether cells without LoRAs may take part: theirs run beside untouched weights."""


def in_batches(
    cells: Iterable[Cell],
    company: Callable[[Recipe], Company],
    size: Callable[[Recipe], int],
) -> list[Batch]:
    """Put cells that can share every step into full batches; the order of groups is kept.

    `size` gives how many pictures a batch of a recipe's kind has. Cells without LoRAs that fill
    no batch of their own go where others left places.
    """
    groups: dict[tuple[object, Company], list[Cell]] = {}
    with_whom: object
    for cell in cells:
        key = (_shared(cell.recipe), company(cell.recipe))
        groups.setdefault(key, []).append(cell)
    batches: list[tuple[object, Batch]] = []
    guests: list[tuple[object, Batch]] = []
    for (shared, own), group in groups.items():
        most = size(group[0].recipe)
        for batch in Batch(tuple(group), most).split(most):
            with_whom = (shared, own.texts) if own.welcomes else None
            alone = own.welcomes and len(batch.cells) < most and not group[0].recipe.loras
            (guests if alone else batches).append((with_whom, batch))
    for with_whom, guest in guests:
        _seat(guest, with_whom, batches)
    return [batch for _, batch in batches]


def _seat(guest: Batch, with_whom: object, batches: list[tuple[object, Batch]]) -> None:
    """Spread a batch's cells over the free places of others, or put it first if they are too few.

    Those of a batch that is drawn anyway cost nothing.
    """
    free = [
        (number, batch)
        for number, (whom, batch) in enumerate(batches)
        if whom == with_whom and len(batch.cells) < batch.size
    ]
    if sum(batch.size - len(batch.cells) for _, batch in free) < len(guest.cells):
        batches.insert(0, (with_whom, guest))
        return
    waiting = guest.cells
    for number, batch in free:
        room = batch.size - len(batch.cells)
        batches[number] = (with_whom, replace(batch, cells=batch.cells + waiting[:room]))
        waiting = waiting[room:]


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
