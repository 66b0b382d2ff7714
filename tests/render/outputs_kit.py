"""Made-up grids with pictures: what the tests of sheets and pages show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import product
from pathlib import Path

from PIL import Image

from loradex.domain.axes import Axis, AxisKind, AxisValue, Draft, Value
from loradex.domain.grid import (
    Cell,
    FailedCell,
    GridPlan,
    GridSpec,
    Layout,
    Placement,
    RenderedCell,
)
from loradex.domain.recipe import GridModel, LoraUse, Recipe, RenderSettings


def model(name: str) -> GridModel:
    return GridModel(1, name, f"/nowhere/{name[:20]}.safetensors", "d" * 64, None)


def axis(kind: AxisKind, *values: Value, find: str = "") -> Axis:
    return Axis(kind, tuple(AxisValue(value, _label(value)) for value in values), find)


def _label(value: Value) -> str:
    if isinstance(value, GridModel):
        return value.name
    return f"{value:g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Grid:
    """A plan with what became of its cells; unpacks into the arguments of the writers."""

    plan: GridPlan
    finished: dict[str, RenderedCell]
    failed: dict[str, FailedCell]

    def args(self) -> tuple[GridPlan, dict[str, RenderedCell], dict[str, FailedCell]]:
        return self.plan, self.finished, self.failed


def plan_of(
    axes: Sequence[Axis],
    layout: Layout | None = None,
    *,
    prompt: str = "a cat",
    title: str = "A grid",
    size: tuple[int, int] = (64, 64),
    excluded: Sequence[Mapping[int, frozenset[int]]] = (),
) -> GridPlan:
    """Every combination of the axes; a cell at strength 0 is the base of those beside it."""
    draft = Draft(
        model("base-model"),
        prompt,
        lora=model("my_style"),
        settings=RenderSettings(width=size[0], height=size[1]),
    )
    spec = GridSpec(
        draft,
        tuple(axes),
        layout or Layout(x=(0,), y=tuple(range(1, len(axes)))),
        tuple(excluded),
        title=title,
    )
    placements = []
    for at in product(*(range(length) for length in spec.lengths)):
        if any(all(at[number] in few for number, few in rule.items()) for rule in excluded):
            continue
        cell = _cell(spec, at)
        zero = _at_zero(spec, at)
        base = None if zero is None else _cell(spec, zero).key
        placements.append(Placement(at, cell, base if base != cell.key else None))
    cells = {placement.cell.key: placement.cell for placement in placements}
    return GridPlan(spec, tuple(placements), tuple(cells.values()))


def _at_zero(spec: GridSpec, at: tuple[int, ...]) -> tuple[int, ...] | None:
    for number, axis in enumerate(spec.axes):
        if axis.kind is AxisKind.STRENGTH:
            zeros = [place for place, value in enumerate(axis.values) if value.value == 0]
            return (*at[:number], zeros[0], *at[number + 1 :]) if zeros else None
    return None


def _cell(spec: GridSpec, at: tuple[int, ...]) -> Cell:
    chosen = {
        axis.kind: axis.values[number].value
        for axis, number in zip(spec.axes, at, strict=True)
        if axis.kind is not AxisKind.PROMPT_PART
    }
    parts = [
        axis.values[number].label
        for axis, number in zip(spec.axes, at, strict=True)
        if axis.kind is AxisKind.PROMPT_PART
    ]
    strength = chosen.get(AxisKind.STRENGTH, 1.0)
    assert isinstance(strength, float)
    settings = spec.settings
    size = chosen.get(AxisKind.SIZE)
    if isinstance(size, tuple):
        settings = replace(settings, width=size[0], height=size[1])
    lora = chosen.get(AxisKind.LORA, spec.base.lora)
    assert lora is None or isinstance(lora, GridModel)
    acting = (LoraUse(lora, strength, strength),) if strength and lora else ()
    seed = chosen.get(AxisKind.SEED, 1)
    assert isinstance(seed, int)
    recipe = Recipe(
        spec.base.checkpoint,
        str(chosen.get(AxisKind.PROMPT, spec.base.prompt)) + "".join(parts),
        "",
        seed,
        settings,
        acting,
    )
    others = {
        kind: value
        for kind, value in chosen.items()
        if kind is not AxisKind.STRENGTH and (acting or kind is not AxisKind.LORA)
    }
    return Cell(
        recipe, sha256(repr((others, parts, strength)).encode("ascii", "replace")).hexdigest()
    )


def colour(number: int) -> tuple[int, int, int]:
    return number * 9 % 256, 120, 200


def drawn(
    folder: Path, plan: GridPlan, *, failed: int = 0, missing: int = 0, text: str = "a cat"
) -> Grid:
    """A picture of its own colour for each cell but the last ones, which failed or are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = len(plan.cells) - failed - missing
    finished = {}
    for number, cell in enumerate(plan.cells[:whole]):
        path = folder / f"{number} #100%.png"
        size = (cell.recipe.settings.width, cell.recipe.settings.height)
        Image.new("RGB", size, colour(number)).save(path)
        about = f"{text}, {cell.recipe.prompt}\nSteps: 1, Seed: {cell.recipe.seed}"
        finished[cell.key] = RenderedCell(cell.key, str(path), *size, 1.25, about)
    broken = {
        cell.key: FailedCell(cell.key, f"It broke: {text}")
        for cell in plan.cells[whole : whole + failed]
    }
    return Grid(plan, finished, broken)
