"""How models are best used: what a person types, what others tell, and who takes it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from catalog_kit import add_library, hashes, look
from loradex.catalog.catalog import Catalog
from loradex.catalog.library_store import Told
from loradex.domain.preferences import (
    Preferences,
    preference_value,
    read_preferences,
    told_preferences,
    told_values,
)
from loradex.errors import UsageError
from loradex.operations.grid_usual import usual_settings, usual_strength
from loradex.operations.preferring import cleared, prefer, read_changes


@pytest.fixture
def shelf(catalog: Catalog) -> Catalog:
    looks = [
        look("a.safetensors", 1),
        look("b.safetensors", 2),
        look("c.safetensors", 3, kind="checkpoint"),
        replace(
            look("d.safetensors", 4), metadata_json='{"modelspec.lora_default_weight": "0.65"}'
        ),
    ]
    catalog.looks.record(add_library(catalog), looks, "1")
    return catalog


def best(catalog: Catalog, id_: int) -> dict[str, object]:
    known = catalog.preferences.known([id_])
    return dict(known[id_].effective.said()) if known else {}


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("strength=0.8", {"strength": 0.8}),
        ("Strength = 0.6 .. 0.9", {"strength_min": 0.6, "strength_max": 0.9}),
        ("strength=-1..1", {"strength_min": -1.0, "strength_max": 1.0}),
        ("strength=", {"strength": None, "strength_min": None, "strength_max": None}),
        ("clip=0.5", {"clip_strength": 0.5}),
        ("clip-skip=2", {"clip_skip": 2}),
        ("cfg=5.5", {"guidance_scale": 5.5}),
        ("steps=28", {"steps": 28}),
        ("steps=", {"steps": None}),
        ("size=832x1216", {"width": 832, "height": 1216}),
        ("size=", {"width": None, "height": None}),
        ("sampler=dpm++ 2m karras", {"sampler": "DPM++ 2M", "schedule": "Karras"}),
        ("sampler=euler A", {"sampler": "Euler a"}),
        ("scheduler=sgmuniform", {"schedule": "SGM Uniform"}),
        ("negative=bad,\n worse", {"negative_prompt": "bad, worse"}),
    ],
)
def test_what_can_be_typed(text: str, changes: dict[str, object]) -> None:
    assert read_changes([text]) == changes


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["stregnth=1"], "Did you mean strength?"),
        (["strength"], "sets nothing"),
        (["strength=much"], "number from -10 to 10"),
        (["strength=1e400"], "number from -10 to 10"),
        (["strength=nan"], "number from -10 to 10"),
        (["strength=0.9..0.6"], "0.6..0.9?"),
        (["strength=0.6..0.9", "strength=1"], "lies outside"),
        (["steps=2.5"], "number from 1 to 1000"),
        (["size=big"], "832x1216"),
        (["size=833x1216"], "divided by 8"),
        (["sampler=DPM++ 2N"], "DPM++ 2M"),
        (["schedule=karas"], "Karras"),
    ],
)
def test_what_is_wrong_is_said(texts: list[str], said: str) -> None:
    with pytest.raises(UsageError) as error:
        read_changes(texts)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("strength", "0.80000001", 0.8),
        ("strength", True, None),
        ("strength", [1], None),
        ("strength", "1" * 10_000, None),
        ("steps", 20.0, 20),
        ("steps", 20.5, None),
        ("clip_skip", 0, None),
        ("width", 10**400, None),
        ("sampler", "  Euler \n a ", "Euler a"),
        ("sampler", "x" * 1_000, "x" * 64),
        ("sampler", "", None),
        ("negative_prompt", None, None),
    ],
)
def test_what_others_say_is_checked(name: str, value: object, kept: object) -> None:
    assert preference_value(name, value) == kept


def test_a_range_is_turned_and_nonsense_left_out() -> None:
    told = {"strength_min": 0.9, "strength_max": "0.5", "steps": "many", "colour": "red"}
    assert read_preferences(told) == Preferences(strength_min=0.5, strength_max=0.9)


def test_evidence_says_what_was_put_in() -> None:
    all_said = Preferences(0.8, 0.6, 1.0, 0.5, 2, "Euler a", "Karras", 28, 6.5, 832, 1216, "bad")
    assert told_preferences(told_values(all_said)) == all_said


@pytest.mark.parametrize(
    ("known", "usual"),
    [
        (Preferences(), None),
        (Preferences(strength=0.8, strength_min=0.2), 0.8),
        (Preferences(strength_min=0.6, strength_max=0.9), 0.75),
        (Preferences(strength_max=0.9), 0.9),
    ],
)
def test_the_strength_to_begin_with(known: Preferences, usual: float | None) -> None:
    assert known.usual_strength == usual


def test_a_persons_word_counts_before_what_others_tell(shelf: Catalog) -> None:
    told = Preferences(strength=0.5, strength_min=0.4, strength_max=0.6, steps=20)
    shelf.libraries.record_told([Told(1, "a tool", told_values(told))])
    prefer(shelf, [1, 2], {"strength_max": 1.0, "steps": 30})
    assert best(shelf, 1) == {"strength": 0.5, "strength_max": 1.0, "steps": 30}
    sources = shelf.preferences.known([1])[1].sources
    assert sources == {"strength_max": "person", "steps": "person", "strength": "sidecar"}
    prefer(shelf, [1, 2], cleared([]))
    assert best(shelf, 1) == dict(told.said())
    assert shelf.preferences.own([1, 2]) == {}


def test_the_header_says_so_too(shelf: Catalog) -> None:
    assert best(shelf, 4) == {"strength": 0.65}
    assert shelf.details(4).preferences.sources == {"strength": "header"}


def test_one_can_be_taken_back(shelf: Catalog) -> None:
    prefer(shelf, [1], read_changes(["strength=0.5..1", "strength=0.7", "size=512x768"]))
    prefer(shelf, [1], cleared(["size", "strength_min"]))
    assert best(shelf, 1) == {"strength": 0.7, "strength_max": 1.0}


def test_preferences_stay_when_two_contents_prove_equal(shelf: Catalog) -> None:
    prefer(shelf, [2], {"steps": 30})
    shelf.words.choose_groups(2, [])
    first, second, *_ = shelf.files.to_hash()
    shelf.looks.record_hashes([(first, hashes("c"))])
    (kept,) = shelf.looks.record_hashes([(second, hashes("c"))])
    assert best(shelf, kept) == {"steps": 30}


def test_grids_begin_where_the_person_likes_it(shelf: Catalog) -> None:
    assert usual_strength(shelf, [1, 2]) == 1.0
    prefer(shelf, [1], read_changes(["strength=0.6..0.8"]))
    assert usual_strength(shelf, [1]) == 0.7
    assert usual_strength(shelf, [1, 2]) == 1.0
    before = usual_settings(shelf, 3)
    prefer(shelf, [3], read_changes(["steps=44", "sampler=DPM++ 2M Karras", "size=640x768"]))
    after = usual_settings(shelf, 3)
    assert (after.num_inference_steps, after.sampler, after.schedule) == (44, "DPM++ 2M", "Karras")
    assert (after.width, after.height) == (640, 768)
    assert after.guidance_scale == before.guidance_scale
