"""From what a person asks for to a grid: models found, axes read, everything checked."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from grid_stock import Stock, request_of
from loradex.catalog.catalog import Catalog
from loradex.domain.axes import AxisKind as K
from loradex.domain.grid import GridSpec, Layout
from loradex.domain.library import FileState
from loradex.domain.progress import CancelToken
from loradex.domain.recipe import GridModel
from loradex.errors import BadReference, LoradexError, LoraMismatch, NotRenderable, UsageError
from loradex.operations import annotate
from loradex.operations.grid_reading import read_request
from loradex.operations.grid_request import AxisRequest, GridRequest
from progress_kit import Recorder

pytestmark = pytest.mark.render

PAINTER = {K.CHECKPOINT: "painter"}
NEON = {**PAINTER, K.LORA: "neon"}


@pytest.fixture
def known(stocked: Stock, catalog: Catalog) -> Iterator[Catalog]:
    yield catalog


def read(catalog: Catalog, request: GridRequest, sink: Recorder | None = None) -> GridSpec:
    return read_request(catalog, request, sink=sink or Recorder(), cancel=CancelToken())


def values(spec: GridSpec, kind: K) -> list[object]:
    """Return what an axis sets, models by their names."""
    return [
        one.value.name if isinstance(one.value, GridModel) else one.value
        for axis in spec.axes
        if axis.kind is kind
        for one in axis.values
    ]


@pytest.mark.parametrize(
    ("kind", "texts", "wanted"),
    [
        (K.CHECKPOINT, ("painter", "sketcher"), ["painter", "sketcher"]),
        (K.LORA, ("neon", "rain", "neon"), ["neon", "rain"]),
        (K.LORA, ("none", "rain"), [None, "rain"]),
        (K.LORA2, ("none", "rain"), [None, "rain"]),
        (K.VAE, ("none",), []),
        (K.STRENGTH, ("0..1.2:0.4",), [0.0, 0.4, 0.8, 1.2]),
        (K.STRENGTH, ("0", "0,0.5", "SKIP:2,1"), [0.0, 0.5, 1.0]),
        (K.STRENGTH_CLIP, ("same", "0.5"), [None, 0.5]),
        (K.BLOCKS, ("inall", "1,1,1"), ["INALL", ""]),
        (K.SIZE, ("64", "64x128"), [(64, 64), (64, 128)]),
        (K.STEPS, ("2..4",), [2, 3, 4]),
        (K.SAMPLER, ("Euler", "DPM++ 2M"), ["Euler", "DPM++ 2M"]),
        (K.SCHEDULE, ("karras", "Automatic"), ["Karras", "Automatic"]),
        (K.CLIP_SKIP, ("1,2",), [1, 2]),
        (K.PROMPT, ("a, b", "c"), ["a, b", "c"]),
        (K.TRIGGER, ("on", "OFF", "a word"), [True, False, "a word"]),
        (K.NEGATIVE, ("", "bad"), ["", "bad"]),
        (K.GUIDANCE, ("3..7:2",), [3.0, 5.0, 7.0]),
        (K.SEED, ("1..3", "7"), [1, 2, 3, 7]),
    ],
)
def test_every_kind_of_axis_is_read(
    known: Catalog, kind: K, texts: tuple[str, ...], wanted: list[object]
) -> None:
    asked = {**NEON, K.STRENGTH: "1", K.PROMPT: "a boat", kind: texts}
    spec = read(known, request_of(asked, baseline=False))
    assert values(spec, kind) == wanted
    assert [axis.kind for axis in spec.axes] == ([kind] if wanted else [])


def test_parts_of_a_prompt_vary_each_by_itself(known: Catalog) -> None:
    request = GridRequest(
        (
            AxisRequest(K.CHECKPOINT, ("painter",)),
            AxisRequest(K.PROMPT, ("a red boat",)),
            AxisRequest(K.PROMPT_PART, ("red", "blue, old"), "red"),
            AxisRequest(K.PROMPT_PART, ("boat", "house"), "boat"),
            AxisRequest(K.PROMPT_PART, ("the",), "a "),
        )
    )
    spec = read(known, request)
    assert [(axis.find, axis.labels) for axis in spec.axes] == [
        ("red", ("red", "blue, old")),
        ("boat", ("boat", "house")),
    ]
    assert spec.base.parts == (("a ", "the"),)


@pytest.mark.parametrize(
    ("asked", "baseline", "wanted"),
    [
        ({}, True, {K.STRENGTH: [0.0, 1.0]}),
        ({}, False, {}),
        ({K.STRENGTH: "0.5,0"}, True, {K.STRENGTH: [0.5, 0.0]}),
        ({K.STRENGTH: "0.5"}, True, {K.STRENGTH: [0.0, 0.5]}),
        ({K.LORA: ("none", "neon")}, True, {K.LORA: [None, "neon"]}),
        ({K.STRENGTH_CLIP: "0.5"}, True, {K.LORA: [None, "neon"]}),
        ({K.STRENGTH_CLIP: "same"}, True, {K.STRENGTH: [0.0, 1.0]}),
    ],
)
def test_the_checkpoint_alone_is_added(
    known: Catalog,
    asked: Mapping[K, str | Sequence[str]],
    baseline: bool,
    wanted: dict[K, list[object]],
) -> None:
    spec = read(known, request_of({**NEON, K.PROMPT: "x", **asked}, baseline=baseline))
    assert {axis.kind: values(spec, axis.kind) for axis in spec.axes} == wanted


def test_without_a_lora_there_is_no_strength_to_add(known: Catalog) -> None:
    spec = read(known, request_of({**PAINTER, K.PROMPT: "x", K.SEED: "1,2"}))
    assert [axis.kind for axis in spec.axes] == [K.SEED]
    assert spec.base.lora is None
    assert spec.title == "No LoRA on painter"


@pytest.mark.parametrize(
    ("loras", "wanted"), [(("neon",), "neonkn"), (("neon", "rain"), "{trigger}")]
)
def test_without_a_prompt_the_trigger_words_are_one(
    known: Catalog, loras: tuple[str, ...], wanted: str
) -> None:
    assert read(known, request_of({**PAINTER, K.LORA: loras})).base.prompt == wanted


def test_a_query_takes_what_fits_the_axis_and_is_there(known: Catalog) -> None:
    annotate.tag(known, known.ids("base:sd1"), add=["mine"])
    away = known.details(known.resolve("rain")).files[0]
    known.files.set_state([away.id], FileState.MISSING)
    heard = Recorder()
    asked = {**PAINTER, K.LORA: "query:tag:mine", K.PROMPT: "x"}
    spec = read(known, request_of(asked), heard)
    assert values(spec, K.LORA) == ["neon", "plain"]
    assert [(one.item, "file is missing" in one.message) for one in heard.problems] == [
        ("rain", True)
    ]


def test_the_only_fitting_checkpoint_is_taken(known: Catalog) -> None:
    spec = read(known, request_of({K.LORA: "glow", K.PROMPT: "x"}))
    assert spec.base.checkpoint.name == "painterXL"


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ({K.LORA: "neom"}, BadReference, "'neom' names no model"),
        ({K.LORA: "painter"}, LoraMismatch, "painter is no LoRA"),
        ({K.CHECKPOINT: "neon"}, NotRenderable, "neon is no checkpoint"),
        ({K.CHECKPOINT: "none"}, UsageError, "without a checkpoint"),
        ({K.LORA: "glow"}, LoraMismatch, "glow is for sdxl, and painter is sd1. Checkpoints that"
         " fit: 2 painterXL"),
        ({K.LORA: "query:zzz"}, UsageError, "'zzz' finds no lora"),
        ({K.LORA: "query:kind:vae"}, UsageError, "finds no lora"),
        ({K.LORA: "query:size:huge"}, UsageError, "size"),
        ({K.STRENGTH: "0..1"}, UsageError, "does not say its step"),
        ({K.STRENGTH: "a"}, UsageError, "no number that a strength can be"),
        ({K.GUIDANCE: "a"}, UsageError, "no number that a guidance scale can be"),
        ({K.SEED: "1..1000000000"}, UsageError, "More than 1000 seeds"),
        ({K.STEPS: "2.5"}, UsageError, "not a whole number"),
        ({K.SIZE: "big"}, UsageError, "This is no size"),
        ({K.SCHEDULE: "Karas"}, UsageError, "Karras"),
        ({K.BLOCKS: "QQQ"}, UsageError, "QQQ"),
        ({K.SEED: "1..200", K.GUIDANCE: "1..99"}, UsageError, "10,000 is the most"),
        ({K.PROMPT: "a <lora:nope:0.5>"}, BadReference, "<lora:nope> in a prompt"),
        ({K.PROMPT: "a <lora:glow>"}, LoraMismatch, "glow is for sdxl"),
        ({K.PROMPT: "a <lora:painter>"}, LoraMismatch, "painter is no LoRA"),
        ({K.PROMPT: "a <lora:neon:x>"}, UsageError, "no strength of a LoRA"),
        ({K.PROMPT: "embedding:nope"}, BadReference, "No embedding called 'nope'"),
        ({K.STRENGTH2: "1"}, UsageError, "strength2, which does nothing without lora2"),
        ({K.DENOISING: "0.5"}, UsageError, "nothing without init_image"),
        ({K.LORA: "none", K.TRIGGER: "on"}, UsageError, "nothing without lora"),
        ({K.INIT_IMAGE: "/no/such.png"}, UsageError, "No such file"),
        ({K.INIT_IMAGE: "~nobody-here/x.png"}, UsageError, "No such file"),
        ({K.INIT_IMAGE: "a\0b"}, UsageError, "cannot be read"),
        ({K.INIT_IMAGE: "/dev/zero"}, UsageError, "is no file"),
        ({K.INIT_IMAGE: __file__}, UsageError, "no picture that can be read"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_before_anything_is_drawn(
    known: Catalog,
    asked: Mapping[K, str | Sequence[str]],
    error: type[LoradexError],
    words: str,
) -> None:
    with pytest.raises(error) as caught:
        read(known, request_of({**NEON, K.PROMPT: "a boat", **asked}))
    assert words in str(caught.value)
    assert caught.value.message.endswith(".") or "\n" in caught.value.message


def test_several_fitting_checkpoints_are_named(known: Catalog) -> None:
    with pytest.raises(UsageError, match="1 painter; 3 sketcher"):
        read(known, request_of({K.LORA: "neon"}))


def test_loras_without_a_checkpoint_in_common_are_named(known: Catalog) -> None:
    with pytest.raises(UsageError, match=r"no checkpoint in common: neon and 1 more for sd1; glow"):
        read(known, request_of({K.LORA: ("neon", "rain", "glow")}))


def test_no_prompt_and_no_words_to_make_one_of(known: Catalog) -> None:
    with pytest.raises(UsageError, match="no trigger words of plain are known"):
        read(known, request_of({**PAINTER, K.LORA: ("neon", "plain")}))


def test_a_file_that_changed_or_went_is_said(
    known: Catalog, stocked: Stock, tmp_path: Path
) -> None:
    path = stocked.models / "loras" / "rain.safetensors"
    before = path.stat()
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 5_000_000_000))
    try:
        with pytest.raises(NotRenderable, match=r"rain.safetensors has changed since the last"):
            read(known, request_of({**PAINTER, K.LORA: "rain"}))
        path.rename(tmp_path / "rain")
        with pytest.raises(NotRenderable, match=r"rain.safetensors is not there"):
            read(known, request_of({**PAINTER, K.LORA: "rain"}))
    finally:
        if not path.exists():
            (tmp_path / "rain").rename(path)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_loras_and_embeddings_in_prompts_are_found(known: Catalog) -> None:
    request = GridRequest(
        (
            AxisRequest(K.CHECKPOINT, ("painter",)),
            AxisRequest(K.PROMPT, ("a WHO, <lora:WHO:0.5>", "<lora:6>")),
            AxisRequest(K.PROMPT_PART, ("neon", "rain"), "WHO"),
            AxisRequest(K.NEGATIVE, ("(easybad:1.2), blurry",)),
        )
    )
    spec = read(known, request)
    assert {name: model.name for name, model in spec.named.items()} == {
        "neon": "neon",
        "rain": "rain",
        "6": "neon",
    }
    assert {key: model.name for key, model in spec.embeddings.items()} == {"easybad": "EasyBad"}


def test_an_embedding_of_another_base_is_a_word_unless_asked_for(known: Catalog) -> None:
    glow = {K.LORA: "glow", K.NEGATIVE: "easybad"}
    assert read(known, request_of(glow)).embeddings == {}
    with pytest.raises(LoraMismatch, match="easybad is for sd1"):
        read(known, request_of({**glow, K.NEGATIVE: "embedding:easybad"}))


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({}, Layout(x=(1,), y=(0, 2, 3))),
        ({"x": (K.SEED,)}, Layout(x=(3,), y=(0, 1, 2))),
        ({"y": (K.PROMPT, K.LORA)}, Layout(x=(1,), y=(2, 0, 3))),
        ({"x": (K.SEED, K.STRENGTH), "pages": (K.LORA,)}, Layout((3, 1), (2,), (0,))),
        ({"pages": (K.LORA, K.STRENGTH, K.PROMPT, K.SEED)}, Layout(pages=(0, 1, 2, 3))),
        ({"x": (K.CHECKPOINT,)}, Layout(x=(1,), y=(0, 2, 3))),
    ],
)
def test_axes_go_where_they_are_asked_or_read_best(
    known: Catalog, asked: dict[str, Any], wanted: Layout
) -> None:
    axes = {K.LORA: ("neon", "rain"), K.STRENGTH: "0,1", K.PROMPT: ("a", "b"), K.SEED: "1,2"}
    assert read(known, request_of({**PAINTER, **axes}, **asked)).layout == wanted


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"x": (K.VAE,)}, "does not vary vae"),
        ({"x": (K.SEED,), "y": (K.SEED,)}, "seed is asked for across, down or on pages more"),
        ({"exclude": ({K.SEED: ("9",)},)}, "nothing to exclude at seed=9"),
        ({"exclude": ({K.LORA: ("neon",)},)}, "nothing to exclude at lora=neon"),
        ({"exclude": ({K.STEPS: ("2",), K.VAE: ("none",)},)}, "nothing to exclude at"),
    ],
)
def test_a_layout_or_an_exclusion_of_nothing_is_refused(
    known: Catalog, asked: dict[str, Any], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        read(known, request_of({**NEON, K.PROMPT: "a", K.SEED: "1,2"}, **asked))


def test_combinations_are_excluded_by_any_of_their_values(known: Catalog) -> None:
    request = request_of(
        {
            K.CHECKPOINT: ("painter", "sketcher"),
            K.LORA: "neon",
            K.STRENGTH: "0..1:0.25",
            K.PROMPT: "a",
        },
        exclude=(
            {K.CHECKPOINT: ("sketcher",), K.STRENGTH: ("0.5..1:0.25",), K.LORA: ("neon",)},
            {K.STRENGTH: ("0.25",)},
        ),
    )
    assert read(known, request).excluded == (
        {0: frozenset({1}), 1: frozenset({2, 3, 4})},
        {1: frozenset({1})},
    )


def test_checkpoints_that_suit_other_sizes_are_told_of(known: Catalog) -> None:
    heard = Recorder()
    asked = {K.CHECKPOINT: ("painter", "painterXL"), K.PROMPT: "a"}
    read(known, request_of(asked, quick=False), heard)
    assert ["drawn at 512x512, as suits painter" in one.message for one in heard.problems] == [True]
    heard = Recorder()
    read(known, request_of({**asked, K.SIZE: "64"}, quick=False), heard)
    assert heard.problems == []
