"""Plans: which cells a grid has, which are the same, and in which order they are drawn."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import Any

import pytest

from loradex.domain.grid import Cell, GridModel, GridSpec, RenderSettings
from loradex.errors import UsageError
from loradex.render.plan import plan_grid
from loradex.render.samplers import infotext_names


def named(name: str, digest: str) -> GridModel:
    return GridModel(1, name, f"/models/{name}.safetensors", digest, None)


SPEC = GridSpec(
    checkpoint=named("base", "c0"),
    loras=(named("one", "a1"), named("two", "b2")),
    strengths=(0.0, 0.5, 1.0),
    prompts=("cat", "dog"),
    seeds=(1, 2),
)


def keys(spec: GridSpec, engine: str = "e") -> list[str]:
    return [cell.key for cell in plan_grid(spec, engine=engine).cells]


def test_every_place_has_its_cell_and_the_base_is_shared() -> None:
    plan = plan_grid(SPEC, engine="e")
    assert len(plan.placements) == 2 * 3 * 2 * 2
    assert len(plan.cells) == 4 + 2 * 2 * 4
    at_zero = {place.cell.key for place in plan.placements if place.strength == 0}
    assert len(at_zero) == 4
    for place in plan.placements:
        cell, spec = place.cell, plan.spec
        assert cell.prompt == spec.prompts[place.prompt]
        assert cell.seed == spec.seeds[place.seed]
        assert cell.strength == spec.strengths[place.strength]
        assert cell.lora == (spec.loras[place.lora] if cell.strength else None)
        assert len(cell.key) == 64


def test_cells_of_one_weight_set_stand_together() -> None:
    def weights(cell: Cell) -> tuple[str, float]:
        return (cell.lora.digest if cell.lora else "", cell.strength)

    runs = [key for key, _ in groupby(plan_grid(SPEC, engine="e").cells, key=weights)]
    assert runs == [("", 0.0), ("a1", 0.5), ("a1", 1.0), ("b2", 0.5), ("b2", 1.0)]


def test_the_base_comes_first_whatever_the_order_of_strengths() -> None:
    spec = replace(SPEC, strengths=(1.0, -0.0, 0.5))
    cells = plan_grid(spec, engine="e").cells
    assert [cell.strength for cell in cells[:4]] == [0.0] * 4
    assert set(keys(spec)) == set(keys(SPEC))


def test_names_and_places_do_not_change_a_cell() -> None:
    moved = replace(
        SPEC,
        title="Other",
        checkpoint=replace(SPEC.checkpoint, name="x", path="/elsewhere", content_id=9),
        settings=RenderSettings(device="cpu", dtype="float32"),
    )
    assert keys(moved) == keys(SPEC)


@pytest.mark.parametrize(
    "change",
    [
        {"checkpoint": named("base", "c1")},
        {"negative_prompt": "ugly"},
        *(
            {"settings": RenderSettings(**setting)}  # type: ignore[arg-type]
            for setting in (
                {"width": 520},
                {"height": 520},
                {"num_inference_steps": 21},
                {"guidance_scale": 6.5},
                {"sampler": "DDIM"},
                {"clip_skip": 2},
            )
        ),
    ],
)
def test_what_shapes_a_picture_changes_every_key(change: dict[str, Any]) -> None:
    assert not set(keys(SPEC)) & set(keys(replace(SPEC, **change)))


def test_the_engine_changes_every_key() -> None:
    assert not set(keys(SPEC)) & set(keys(SPEC, engine="other"))


def test_a_negative_prompt_without_guidance_changes_nothing() -> None:
    free = replace(SPEC, settings=RenderSettings(guidance_scale=1.0))
    assert keys(replace(free, negative_prompt="ugly")) == keys(free)


def test_repeats_are_drawn_once() -> None:
    spec = replace(SPEC, prompts=("cat", "cat"), seeds=(1, 1), loras=(SPEC.loras[0],) * 2)
    assert len(plan_grid(spec, engine="e").cells) == 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"prompts": ()}, "at least one prompt"),
        ({"loras": ()}, "at least one LoRA"),
        ({"seeds": ()}, "at least one seed"),
        ({"strengths": ()}, "at least one strength"),
        ({"seeds": tuple(range(1000))}, "12,000 pictures"),
        ({"strengths": (float("nan"),)}, "strength nan"),
        ({"strengths": (11.0,)}, "strength 11"),
        ({"seeds": (-1,)}, "seed -1"),
        ({"prompts": ("x" * 30_000,)}, "too long"),
        ({"settings": RenderSettings(width=511)}, "width 511"),
        ({"settings": RenderSettings(height=8)}, "height 8"),
        ({"settings": RenderSettings(num_inference_steps=-1)}, "-1 steps"),
        ({"settings": RenderSettings(guidance_scale=float("inf"))}, "guidance scale inf"),
        ({"settings": RenderSettings(clip_skip=0)}, "Clip skip 0"),
        ({"settings": RenderSettings(sampler="euler")}, "no sampler called 'euler'"),
        ({"settings": RenderSettings(dtype="int8")}, "no dtype called 'int8'"),
        ({"settings": RenderSettings(device="gpu")}, "no device called 'gpu'"),
    ],
)
def test_an_impossible_grid_is_refused_with_words(change: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        plan_grid(replace(SPEC, **change), engine="e")


def test_karras_is_a_schedule_in_infotext() -> None:
    assert infotext_names("DPM++ 2M Karras") == ("DPM++ 2M", "Karras")
    assert infotext_names("Euler a") == ("Euler a", "Automatic")
