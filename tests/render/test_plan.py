"""Plans: which cells a grid has, which are the same, and in which order they are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import pytest

from loradex.domain.axes import Axis, AxisKind, AxisValue, Draft, Value
from loradex.domain.grid import GridPlan, GridSpec, Layout
from loradex.domain.recipe import GridModel, GridPicture, LoraUse, RenderSettings
from loradex.errors import UsageError
from loradex.render.plan import plan_grid

from .conftest import grid_of


def named(name: str, digest: str) -> GridModel:
    return GridModel(1, name, f"/models/{name}.safetensors", digest, None)


ONE, TWO = named("one", "a1"), named("two", "b2")
BASE = Draft(checkpoint=named("base", "c0"), prompt="")


def grid(
    base: Draft = BASE,
    loras: Sequence[GridModel | None] = (ONE, TWO),
    strengths: Sequence[float] = (0.0, 0.5, 1.0),
    prompts: Sequence[str] = ("cat", "dog"),
    seeds: Sequence[int] = (1, 2),
    *more: tuple[AxisKind, Sequence[Value]],
) -> GridSpec:
    return grid_of(
        base,
        (AxisKind.LORA, loras),
        (AxisKind.STRENGTH, strengths),
        (AxisKind.PROMPT, prompts),
        (AxisKind.SEED, seeds),
        *more,
    )


SPEC = grid()


def planned(spec: GridSpec, engine: str = "e") -> GridPlan:
    return plan_grid(spec, engine=lambda _recipe: engine)


def keys(spec: GridSpec, engine: str = "e") -> list[str]:
    return [cell.key for cell in planned(spec, engine).cells]


def test_every_place_has_its_cell_and_the_base_is_shared() -> None:
    plan = planned(SPEC)
    assert len(plan.placements) == 2 * 3 * 2 * 2
    assert len(plan.cells) == 4 + 2 * 2 * 4
    at_zero = {place.cell.key for place in plan.placements if place.at[1] == 0}
    assert len(at_zero) == 4
    for place in plan.placements:
        recipe = place.cell.recipe
        values = [
            axis.values[number].value for axis, number in zip(SPEC.axes, place.at, strict=True)
        ]
        assert [recipe.prompt, recipe.seed] == values[2:]
        assert [(use.model, use.strength) for use in recipe.loras] == (
            [tuple(values[:2])] if values[1] else []
        )
        assert len(place.cell.key) == 64


def test_each_place_knows_its_baseline() -> None:
    plan = planned(SPEC)
    for place in plan.placements:
        lora, strength, prompt, seed = place.at
        base = next(one for one in plan.placements if one.at == (lora, 0, prompt, seed))
        assert place.base_key == (base.cell.key if strength else None)
    alone = planned(grid(BASE, (ONE,), (1.0,)))
    assert {place.base_key for place in alone.placements} == {None}


def test_cells_of_one_lora_stand_together_after_the_base() -> None:
    spec = grid(BASE, (ONE, TWO), (1.0, -0.0, 0.5))
    cells = planned(spec).cells
    runs = [
        key
        for key, _ in groupby(
            cells, key=lambda cell: "".join(use.model.digest for use in cell.recipe.loras)
        )
    ]
    assert runs == ["", "a1", "b2"]
    assert set(keys(spec)) == set(keys(SPEC))


def test_a_checkpoint_is_loaded_once() -> None:
    checkpoints = (named("base", "c0"), named("other", "c1"))
    spec = grid(BASE, (ONE,), (0.0, 1.0), ("cat",), (1, 2), (AxisKind.CHECKPOINT, checkpoints))
    runs = [
        key for key, _ in groupby(planned(spec).cells, key=lambda c: c.recipe.checkpoint.digest)
    ]
    assert sorted(runs) == ["c0", "c1"]


def test_excluded_combinations_are_left_out() -> None:
    spec = replace(SPEC, excluded=({0: frozenset({1}), 1: frozenset({0, 2})},))
    places = [place.at for place in planned(spec).placements]
    assert len(places) == 24 - 2 * 4
    assert all(at[0] == 0 or at[1] == 1 for at in places)


def test_names_and_places_do_not_change_a_cell() -> None:
    moved = replace(
        BASE,
        checkpoint=replace(BASE.checkpoint, name="x", path="/elsewhere", content_id=9),
        settings=RenderSettings(device="cpu", dtype="float32"),
    )
    assert keys(replace(grid(moved), title="Other")) == keys(SPEC)


@pytest.mark.parametrize(
    "change",
    [
        {"checkpoint": named("base", "c1")},
        {"negative_prompt": "ugly"},
        {"vae": named("vae", "v1")},
        {"checkpoint": replace(named("base", "c0"), companions=(named("t5", "t1"),))},
        {"init_image": GridPicture("p", "/p.png", "p1")},
        {"control": named("canny", "n1"), "control_image": GridPicture("p", "/p.png", "p1")},
        *(
            {"settings": RenderSettings(**setting)}  # type: ignore[arg-type]
            for setting in (
                {"width": 520},
                {"height": 520},
                {"num_inference_steps": 21},
                {"guidance_scale": 6.5},
                {"sampler": "DDIM"},
                {"schedule": "Karras"},
                {"clip_skip": 2},
            )
        ),
    ],
)
def test_what_shapes_a_picture_changes_every_key(change: dict[str, Any]) -> None:
    assert not set(keys(SPEC)) & set(keys(grid(replace(BASE, **change))))


def test_block_strengths_leave_the_base_alone() -> None:
    mine, theirs = set(keys(SPEC)), set(keys(grid(replace(BASE, blocks="MIDD"))))
    assert len(mine & theirs) == 4


def test_the_engine_changes_every_key() -> None:
    assert not set(keys(SPEC)) & set(keys(SPEC, engine="other"))


def test_a_negative_prompt_without_guidance_changes_nothing() -> None:
    free = replace(BASE, settings=RenderSettings(guidance_scale=1.0))
    assert keys(grid(replace(free, negative_prompt="ugly"))) == keys(grid(free))


def test_repeats_are_drawn_once() -> None:
    spec = grid(BASE, (ONE, ONE), (0.0, 0.5, 1.0), ("cat", "cat"), (1, 1))
    assert len(planned(spec).cells) == 3


def test_sampler_and_schedule_are_one_cell_by_whatever_name() -> None:
    joined = replace(BASE, settings=RenderSettings(sampler="dpm++ 2m karras"))
    apart = replace(BASE, settings=RenderSettings(sampler="DPM++ 2M", schedule="Karras"))
    assert keys(grid(joined)) == keys(grid(apart))


@pytest.mark.parametrize(
    ("axis", "values", "prompt", "expected"),
    [
        (AxisKind.TRIGGER, (None,), "a boat", ["a boat", "w1, a boat"]),
        (AxisKind.TRIGGER, (True,), "a boat", ["w1, a boat", "w1, a boat"]),
        (AxisKind.TRIGGER, (False,), "a boat", ["a boat", "a boat"]),
        (AxisKind.TRIGGER, ("neon",), "a boat", ["neon, a boat", "neon, a boat"]),
        (AxisKind.TRIGGER, (None,), "a W2 boat", ["a W2 boat", "a W2 boat"]),
        (AxisKind.TRIGGER, (None,), "a {trigger}, boat", ["a, boat", "a w1, boat"]),
        (AxisKind.TRIGGER, (None,), "{trigger}, boat", ["boat", "w1, boat"]),
        (AxisKind.TRIGGER, (None,), "boat, {trigger}, sea", ["boat, sea", "boat, w1, sea"]),
        (AxisKind.TRIGGER, (None,), "", ["", "w1"]),
    ],
)
def test_trigger_words_follow_the_lora(
    axis: AxisKind, values: Sequence[Value], prompt: str, expected: list[str]
) -> None:
    lora = replace(ONE, trigger_words=("w1", "w2"))
    spec = grid(BASE, (lora,), (0.0, 1.0), (prompt,), (1,), (axis, values))
    assert [place.cell.recipe.prompt for place in planned(spec).placements] == expected


def test_a_part_of_the_prompt_is_varied() -> None:
    part = Axis(AxisKind.PROMPT_PART, (AxisValue("red", "red"), AxisValue("blue", "blue")), "red")
    spec = grid(replace(BASE, negative_prompt="red sky"), (ONE,), (1.0,), ("a red boat",), (1,))
    spec = replace(spec, axes=(*spec.axes, part), layout=Layout(y=tuple(range(5))))
    recipes = [place.cell.recipe for place in planned(spec).placements]
    assert [recipe.prompt for recipe in recipes] == ["a red boat", "a blue boat"]
    assert [recipe.negative_prompt for recipe in recipes] == ["red sky", "blue sky"]
    absent = replace(spec, axes=(*spec.axes[:-1], replace(part, find="green")))
    with pytest.raises(UsageError, match="'green' is in neither"):
        planned(absent)


def test_loras_in_prompts_are_used_and_taken_out() -> None:
    spec = grid(BASE, (None,), (1.0,), ("a boat <lora:extra:0.4:0.2>",), (1,))
    (cell,) = planned(replace(spec, named={"extra": TWO})).cells
    assert cell.recipe.prompt == "a boat"
    assert cell.recipe.loras == (LoraUse(TWO, 0.4, 0.2),)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (grid(BASE, ()), "axis lora has no value"),
        (grid(BASE, (ONE, TWO), (0.0, 0.5, 1.0), ("cat", "dog"), tuple(range(1000))), "12,000"),
        (grid(BASE, (ONE,), (float("nan"),)), "strength nan"),
        (grid(BASE, (ONE,), (11.0,)), "strength 11"),
        (grid(BASE, (ONE,), (1.0,), ("cat",), (-1,)), "seed -1"),
        (grid(BASE, (ONE,), (1.0,), ("x" * 30_000,)), "too long"),
        (replace(SPEC, layout=Layout(x=(0,))), "only once"),
        *(
            (grid(replace(BASE, settings=RenderSettings(**setting))), words)  # type: ignore[arg-type]
            for setting, words in (
                ({"width": 511}, "511x512: its sides are multiples of 8"),
                ({"height": 8}, "height 8"),
                ({"num_inference_steps": -1}, "-1 steps"),
                ({"guidance_scale": float("inf")}, "guidance scale inf"),
                ({"clip_skip": 0}, "Clip skip 0"),
                ({"sampler": "eulr"}, "eulr"),
                ({"dtype": "int8"}, "no dtype called 'int8'"),
                ({"device": "gpu"}, "no device called 'gpu'"),
            )
        ),
    ],
)
def test_an_impossible_grid_is_refused_with_words(spec: GridSpec, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        planned(spec)
