"""From the points of a probe to the cells that the renderer draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from loradex.domain.axes import Draft
from loradex.domain.grid import Cell
from loradex.domain.probing import ProbePoint
from loradex.domain.recipe import GridModel, Recipe, RenderSettings
from loradex.render.keys import cell_key
from loradex.render.recipes import PLACEHOLDER, resolved


@dataclass(frozen=True, slots=True)
class ProbeCells:
    """Makes the cells of a probe. Those at strength 0 are the same for every LoRA.

    `lora` is None for a checkpoint that is looked at alone. `engine` names all that shapes a
    picture besides its recipe.
    """

    checkpoint: GridModel
    lora: GridModel | None
    prompts: tuple[str, ...]
    negative_prompt: str
    settings: RenderSettings
    engine: Callable[[Recipe], str]
    _known: dict[ProbePoint, Cell] = field(default_factory=dict)

    def cell(self, point: ProbePoint) -> Cell:
        """Return the cell of a point."""
        if point not in self._known:
            recipe = resolved(self.draft(point), {}, {})
            self._known[point] = Cell(recipe, cell_key(recipe, self.engine(recipe)))
        return self._known[point]

    def draft(self, point: ProbePoint) -> Draft:
        """Return a point as the axes of a grid would fill it in."""
        return Draft(
            checkpoint=self.checkpoint,
            prompt=worded(self.prompts[point.prompt], point.words),
            lora=self.lora,
            strength=point.strength,
            # The words are in the prompt already, in front of the checkpoint alone as well.
            trigger=False,
            negative_prompt=self.negative_prompt,
            seed=point.seed,
            settings=self.settings,
        )


def worded(prompt: str, words: str) -> str:
    """Return the prompt with words where it says `{trigger}`, else in front of it."""
    if PLACEHOLDER in prompt:
        placed = prompt.replace(PLACEHOLDER, words)
        return placed if words else _tidied(placed)
    return ", ".join(part for part in (words, prompt) if part.strip())


def _tidied(prompt: str) -> str:
    """Remove what a missing word leaves: empty parts between commas, and double spaces."""
    parts = (" ".join(part.split()) for part in prompt.split(","))
    return ", ".join(part for part in parts if part)
