"""Small grids for the catalog: any axes, and cells that are called by their places."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from loradex.domain.axes import Axis, AxisKind, AxisValue, Draft, Value
from loradex.domain.grid import (
    Cell,
    GridModel,
    GridPlan,
    GridSpec,
    Layout,
    Placement,
    RenderedCell,
)
from loradex.domain.recipe import LoraUse, Recipe


def model(id_: int) -> GridModel:
    return GridModel(id_, f"model {id_}", f"/models/{id_}", f"{id_:064x}", "sdxl", ("a word",))


CHECKPOINT, LORA, OTHER, VAE, CONTROL, COMPANION, EMBEDDING = map(model, range(1, 8))


def axis(kind: AxisKind, *values: Value, find: str = "") -> Axis:
    return Axis(kind, tuple(AxisValue(value, f"<{number}>") for number, value in enumerate(values)),
                find)  # fmt: skip


STRENGTHS = axis(AxisKind.STRENGTH, 0.0, 0.5, 1.0)
SEEDS = axis(AxisKind.SEED, 1, 2)
PROMPTS = axis(AxisKind.PROMPT, "a fox", "a dog")
LORAS = axis(AxisKind.LORA, LORA, OTHER)


def spec_of(*axes: Axis, layout: Layout | None = None, **base: Any) -> GridSpec:
    draft = Draft(**{"checkpoint": CHECKPOINT, "prompt": "a fox", "lora": LORA, **base})
    rest = tuple(range(1, len(axes)))
    return GridSpec(draft, axes, layout or Layout(x=(0,) if axes else (), y=rest), title="a grid")


def plan_of(spec: GridSpec, *, without: Sequence[tuple[int, ...]] = ()) -> GridPlan:
    """Return a plan whose cells are called by their places, the first of an axis being the base."""
    placements = []
    for at in product(*map(range, spec.lengths)):
        if at in without:
            continue
        uses = (LoraUse(LORA, 1.0, 1.0),) if any(at) else ()
        recipe = Recipe(CHECKPOINT, "a fox", "", 1, loras=uses)
        base = _name((0, *at[1:])) if at and at[0] else None
        placements.append(Placement(at, Cell(recipe, _name(at)), base))
    return GridPlan(spec, tuple(placements), tuple(place.cell for place in placements))


def _name(at: Sequence[int]) -> str:
    return "-".join(("cell", *map(str, at)))


def rendered(key: str) -> RenderedCell:
    return RenderedCell(key, f"/renders/{key}.png", 64, 64, 0.5, "steps: 1")
