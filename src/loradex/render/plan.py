"""From what a person asks for to the list of pictures to draw; knows nothing of torch."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import product

from loradex.domain.axes import Draft
from loradex.domain.grid import Cell, GridPlan, GridSpec, Place, Placement
from loradex.domain.recipe import Recipe, RenderSettings
from loradex.render.checks import MOST_CELLS, check_recipe, check_spec
from loradex.render.keys import cell_key
from loradex.render.recipes import filled, resolved, without_loras

__all__ = ["MOST_CELLS", "plan_grid"]


def plan_grid(spec: GridSpec, *, engine: Callable[[Recipe], str]) -> GridPlan:
    """Return every place of the grid and the distinct cells behind them, in drawing order.

    `engine` names all that shapes a picture besides its recipe (`engine_version`). Raises
    `UsageError` for the first cell that could not be drawn.
    """
    check_spec(spec)
    engine = _asked_once(engine)
    drafts = list(_drafts(spec))
    cells: dict[str, Cell] = {}
    keys: list[str] = []
    for _, draft in drafts:
        cell = _cell(spec, draft, engine)
        if cell.key not in cells:
            check_recipe(cell.recipe)
            cells[cell.key] = cell
        keys.append(cell.key)
    placements = [
        Placement(at, cells[key], _base_key(spec, draft, engine, cells, key))
        for (at, draft), key in zip(drafts, keys, strict=True)
    ]
    return GridPlan(spec, tuple(placements), drawing_order(cells.values()))


def _asked_once(engine: Callable[[Recipe], str]) -> Callable[[Recipe], str]:
    """Return `engine` asked once for all recipes of the same settings: it looks packages up."""
    known: dict[RenderSettings, str] = {}

    def answer(recipe: Recipe) -> str:
        if recipe.settings not in known:
            known[recipe.settings] = engine(recipe)
        return known[recipe.settings]

    return answer


def drawing_order(cells: Collection[Cell]) -> tuple[Cell, ...]:
    """Return cells so that what is dear to change changes seldom.

    Checkpoints are loaded once each, then texts and weights change once a LoRA set, then sizes,
    steps and samplers; the checkpoint alone comes before any LoRA. What is alike in all these
    keeps the order in which it was asked for.
    """
    ranks: dict[object, int] = {}

    def rank(value: object) -> int:
        return ranks.setdefault(value, len(ranks))

    def order(cell: Cell) -> tuple[object, ...]:
        recipe = cell.recipe
        settings = recipe.settings
        return (
            rank(("load", recipe.checkpoint.digest, recipe.companions, recipe.vae)),
            rank(("control", tuple(control.model.digest for control in recipe.controls))),
            bool(recipe.loras),
            rank(("loras", tuple(use.model.digest for use in recipe.loras))),
            rank(("size", settings.width, settings.height)),
            rank(("steps", settings.num_inference_steps, settings.sampler, settings.schedule)),
        )

    return tuple(sorted(cells, key=order))


def _drafts(spec: GridSpec) -> Iterator[tuple[Place, Draft]]:
    """Yield each place that is wanted with its draft, the last axis fastest."""
    ways = [list(enumerate(axis.values)) for axis in spec.axes]
    for chosen in product(*ways):
        at = tuple(number for number, _ in chosen)
        if any(_is_excluded(at, rule) for rule in spec.excluded):
            continue
        draft = spec.base
        for axis, (_, value) in zip(spec.axes, chosen, strict=True):
            draft = filled(draft, axis, value)
        yield at, draft


def _is_excluded(at: Place, rule: Mapping[int, frozenset[int]]) -> bool:
    return all(at[axis] in numbers for axis, numbers in rule.items())


def _cell(spec: GridSpec, draft: Draft, engine: Callable[[Recipe], str]) -> Cell:
    recipe = resolved(draft, spec.named, spec.embeddings)
    return Cell(recipe, cell_key(recipe, engine(recipe)))


def _base_key(
    spec: GridSpec,
    draft: Draft,
    engine: Callable[[Recipe], str],
    cells: Mapping[str, Cell],
    own: str,
) -> str | None:
    """Return the key of the cell's baseline when the grid has that picture too."""
    key = _cell(spec, without_loras(draft), engine).key
    return key if key != own and key in cells else None
