"""A spec comes back from its JSON as it was, and what is no spec is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from loradex.domain.axes import Axis, AxisKind, AxisValue, Draft, Value
from loradex.domain.grid import GridSpec, Layout
from loradex.domain.grid_json import spec_from_json, spec_to_json
from loradex.domain.recipe import GridModel, GridPicture, RenderSettings

TEXTS = ("", "a fox", "日本語 🦊", 'quote " \\ \n\t', "\udcff lone", "\x00\x1b[31m", "null", "0")
MODELS = {
    AxisKind.CHECKPOINT, AxisKind.VAE, AxisKind.CONTROL, AxisKind.LORA, AxisKind.LORA2,
}  # fmt: skip
WHOLE = {AxisKind.STEPS, AxisKind.CLIP_SKIP, AxisKind.SEED}
NUMBERS = {
    AxisKind.STRENGTH, AxisKind.STRENGTH_CLIP, AxisKind.STRENGTH2, AxisKind.GUIDANCE,
    AxisKind.CONTROL_STRENGTH, AxisKind.CONTROL_START, AxisKind.CONTROL_END, AxisKind.DENOISING,
}  # fmt: skip
PICTURES = {AxisKind.INIT_IMAGE, AxisKind.MASK, AxisKind.CONTROL_IMAGE}


def model(dice: Random) -> GridModel:
    number = dice.randrange(1, 10**6)
    words = tuple(dice.choices(TEXTS, k=dice.randrange(3)))
    base = dice.choice((None, "sdxl"))
    return GridModel(number, dice.choice(TEXTS), f"/m/{number}", f"{number:064x}", base, words)


def drawn(dice: Random) -> GridPicture:
    return GridPicture(dice.choice(TEXTS), "/p.png", f"{dice.randrange(99):064x}")


def value(kind: AxisKind, dice: Random) -> Value:
    choices: tuple[Value, ...] = TEXTS
    if kind in MODELS:
        choices = (None, model(dice))
    elif kind in PICTURES:
        choices = (None, drawn(dice))
    elif kind in WHOLE:
        choices = (0, 1, dice.randrange(2**63))
    elif kind in NUMBERS:
        choices = (0.0, 1.0, 0.1 + 0.2, -1e-9, dice.uniform(-5, 5))
    elif kind is AxisKind.SIZE:
        choices = ((dice.randrange(64, 4096, 8), 512),)
    elif kind is AxisKind.TRIGGER:
        choices = (True, False, None, dice.choice(TEXTS))
    return dice.choice(choices)


def axis(kind: AxisKind, dice: Random) -> Axis:
    values = [AxisValue(value(kind, dice), dice.choice(TEXTS)) for _ in range(dice.randrange(1, 4))]
    return Axis(kind, tuple(values), "fox" if kind is AxisKind.PROMPT_PART else "")


def draft(dice: Random) -> Draft:
    return Draft(
        checkpoint=replace(model(dice), companions=(model(dice), model(dice))),
        prompt=dice.choice(TEXTS),
        lora=dice.choice((None, model(dice))),
        strength=dice.uniform(-1, 2),
        strength_clip=dice.choice((None, 0.5)),
        trigger=dice.choice((None, True, False, "a word")),
        parts=(("fox", "wolf"),),
        seed=dice.randrange(2**63),
        settings=RenderSettings(width=640, schedule="Karras", guidance_scale=3.5),
        init_image=dice.choice((None, drawn(dice))),
        control=dice.choice((None, model(dice))),
        control_image=dice.choice((None, drawn(dice))),
        control_strength=0.7,
        control_start=0.1,
        control_end=0.9,
    )


def spec_of(kinds: list[AxisKind], dice: Random) -> GridSpec:
    axes = tuple(axis(kind, dice) for kind in kinds)
    numbers = list(range(len(axes)))
    dice.shuffle(numbers)
    cut = dice.randrange(len(axes) + 1)
    return GridSpec(
        base=draft(dice),
        axes=axes,
        layout=Layout(
            tuple(numbers[:cut]), tuple(numbers[cut : cut + 1]), tuple(numbers[cut + 1 :])
        ),
        excluded=({0: frozenset({0})},) if axes else (),
        named={"x": model(dice)},
        embeddings={"easynegative": model(dice)},
        title=dice.choice(TEXTS),
    )


def typed(spec: GridSpec) -> list[tuple[type, object]]:
    """The axes' values with their types: 1, 1.0 and True are equal, but not the same."""
    return [(type(v.value), v.value) for axis in spec.axes for v in axis.values]


@pytest.mark.parametrize("kind", AxisKind)
@pytest.mark.parametrize("seed", range(4))
def test_an_axis_of_every_kind_comes_back(kind: AxisKind, seed: int) -> None:
    spec = spec_of([kind], Random(f"{kind} {seed}"))
    text = spec_to_json(spec)
    assert text.isascii()
    again = spec_from_json(text)
    assert again == spec
    assert typed(again) == typed(spec)


@pytest.mark.parametrize("seed", range(30))
def test_any_grid_comes_back(seed: int) -> None:
    dice = Random(seed)
    spec = spec_of(dice.sample(list(AxisKind), dice.randrange(0, 8)), dice)
    again = spec_from_json(spec_to_json(spec))
    assert again == spec
    assert typed(again) == typed(spec)
    assert spec_to_json(again) == spec_to_json(spec)


def facts() -> dict[str, Any]:
    loaded = json.loads(spec_to_json(spec_of([AxisKind.LORA, AxisKind.SEED], Random(1))))
    assert isinstance(loaded, dict)
    return loaded


def test_what_a_newer_version_adds_is_passed_over() -> None:
    plain = facts()
    before = spec_from_json(json.dumps(plain))
    plain["note"] = {"deep": [1]}
    plain["base"]["temperature"] = 1.5
    plain["base"]["settings"]["eta"] = 0.1
    plain["base"]["checkpoint"]["shards"] = 3
    plain["axes"][1]["unit"] = "none"
    plain["layout"]["z"] = []
    assert spec_from_json(json.dumps(plain)) == before


def test_what_an_older_version_lacks_is_usual() -> None:
    plain = facts()
    before = spec_from_json(json.dumps(plain))
    del plain["excluded"], plain["named"], plain["embeddings"], plain["title"]
    del plain["base"]["settings"]["schedule"], plain["base"]["denoising"]
    settings = replace(before.base.settings, schedule="Automatic")
    assert spec_from_json(json.dumps(plain)) == GridSpec(
        replace(before.base, settings=settings, denoising=0.75), before.axes, before.layout
    )


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (lambda f: f.pop("base"), "base"),
        (lambda f: f.pop("axes"), "axes"),
        (lambda f: f.pop("layout"), "layout"),
        (lambda f: f["base"].pop("checkpoint"), "checkpoint"),
        (lambda f: f["base"].update(seed="one"), "seed"),
        (lambda f: f["base"]["settings"].update(width=1.5), "width"),
        (lambda f: f["axes"][0].update(kind="flavour"), "axes.0..kind"),
        (lambda f: f["axes"][0]["values"][0].pop("label"), "axes.0..values.0..label"),
        (lambda f: f["axes"][0]["values"][0].update(value={}), "axes.0..values.0."),
        (lambda f: f["axes"][0]["values"][0].update(value=[1]), "axes.0..values.0."),
        (lambda f: f["axes"][0]["values"][0].update(value={"x": 1}), "neither a model"),
        (lambda f: f["axes"][0]["values"][0].update(value={"model": {}}), "axes.0..values.0."),
        (lambda f: f["axes"][0]["values"][0].update(value={"size": [1]}), "axes.0..values.0."),
        (lambda f: f["layout"].update(x=[0, 0, 1], y=[], pages=[]), "every axis once"),
        (lambda f: f["layout"].update(x=[0], y=[], pages=[]), "every axis once"),
        (lambda f: f.update(excluded=[{"7": [0]}]), "excluded"),
        (lambda f: f.update(excluded=[{"0": [99]}]), "excluded"),
        (lambda f: f.update(excluded=[{"zero": [0]}]), "zero"),
        (lambda f: f.update(title=None), "title"),
    ],
)
def test_what_is_no_spec_is_said(broken: Callable[[dict[str, Any]], object], told: str) -> None:
    plain = facts()
    broken(plain)
    with pytest.raises(ValueError, match=told):
        spec_from_json(json.dumps(plain))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000, '{"axes": NaN}'])
def test_what_is_no_json_is_said(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        spec_from_json(text)
