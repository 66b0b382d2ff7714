"""A person's order and choice of trigger words, and how models are copied."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from catalog_kit import add_library, hashes, look, model, version
from loradex.catalog.catalog import Catalog
from loradex.domain.evidence import Evidence, Source
from loradex.domain.identity import Identity
from loradex.domain.kinds import ModelKind
from loradex.errors import UsageError
from loradex.operations.copying import CopyForm, copied
from loradex.operations.matching import found
from loradex.operations.preferring import prefer
from loradex.operations.word_choices import (
    add_words,
    describe_group,
    move_word,
    numbered,
    remove_words,
    switch_words,
    use_groups,
)

HUB_WORDS = ("neonkn", "red coat, boots", "<lora:neon:0.8>", "blue dress, boots, ")


@pytest.fixture
def shelf(catalog: Catalog) -> Catalog:
    """1: a LoRA with two outfits; 2: the same stem elsewhere; 3 an embedding; 4 a checkpoint."""
    library = add_library(catalog)
    catalog.libraries.set_folders(library, {"models/loras": ModelKind.LORA})
    looks = [
        look("models/loras/sdxl/neon.safetensors", 1, words=("neonkn", "glow")),
        look("models/loras/sd1/neon.pt", 2),
        replace(look("easy.pt", 3, kind="embedding"), identity=Identity(ModelKind.EMBEDDING)),
        look("base.safetensors", 4, kind="checkpoint"),
    ]
    catalog.looks.record(library, looks, "1")
    refresh(catalog)
    return catalog


def refresh(catalog: Catalog, words: tuple[str, ...] = HUB_WORDS) -> None:
    """Match the first model, as `hub refresh` does."""
    waiting = [each for each in catalog.files.to_hash() if each.content_id == 1]
    catalog.looks.record_hashes([(each, hashes("a")) for each in waiting])
    told = version(words=words)
    catalog.hub.record_models("civitai", [model()])
    catalog.hub.record_versions("civitai", [told])
    catalog.hub.record_matches("civitai", [found(1, told, model(), "sha256")])


def listed(catalog: Catalog) -> list[str]:
    """What `loradex words` shows, in short: ✓ is copied, brackets are off."""
    return [
        f"{'✓' if each.group.on else '·'} {each.label}: "
        + ", ".join(word.text if word.on else f"({word.text})" for word in each.group.words)
        for each in numbered(catalog.words.groups(1))
    ]


BEFORE = [
    "✓ always: neonkn, glow",
    "✓ red coat: red coat, boots",
    "· blue dress: blue dress, boots",
]


def test_words_of_hub_and_header_in_groups(shelf: Catalog) -> None:
    assert listed(shelf) == BEFORE
    assert shelf.rows([1])[0].trigger_words == (
        "neonkn",
        "glow",
        "red coat, boots",
        "blue dress, boots",
    )


def test_a_persons_word_outlives_any_refresh(shelf: Catalog) -> None:
    add_words(shelf, 1, ["mine, too"])
    switch_words(shelf, 1, ["glow"], on=False)
    remove_words(shelf, 1, ["boots"], "red coat")
    use_groups(shelf, 1, ["blue dress"])
    describe_group(shelf, 1, "blue dress", name="Ball", note="0.7 or more", place=1)
    wanted = [
        "✓ always: neonkn, (glow), mine, too",
        "✓ Ball: blue dress, boots",
        "· red coat: red coat",
    ]
    assert listed(shelf) == wanted
    refresh(shelf)
    assert listed(shelf) == wanted
    assert shelf.words.groups(1)[1].note == "0.7 or more"
    refresh(shelf, words=("neonkn", "new word"))
    assert listed(shelf)[0] == "✓ always: neonkn, new word, (glow), mine, too"
    shelf.words.forget(1)
    assert listed(shelf)[1:] == BEFORE[1:]


def test_order_and_groups_are_the_persons(shelf: Catalog) -> None:
    move_word(shelf, 1, "GLOW", 1)
    assert listed(shelf)[0] == "✓ always: glow, neonkn"
    move_word(shelf, 1, "glow", 0)
    assert listed(shelf)[0] == "✓ always: neonkn, glow"
    move_word(shelf, 1, "glow", 1, "red coat")
    assert listed(shelf)[:2] == ["✓ always: neonkn", "✓ glow: glow, red coat, boots"]
    add_words(shelf, 1, ["snow"], "Winter")
    move_word(shelf, 1, "neonkn", 0, "winter")
    assert "· Winter: snow, neonkn" in listed(shelf)
    remove_words(shelf, 1, ["snow"])
    add_words(shelf, 1, ["boots"], "winter")
    assert "· Winter: neonkn, boots" in listed(shelf)


def test_what_was_removed_can_be_added_again(shelf: Catalog) -> None:
    remove_words(shelf, 1, ["neonkn"])
    assert listed(shelf)[0] == "✓ always: glow"
    assert "neonkn" not in shelf.rows([1])[0].trigger_words
    add_words(shelf, 1, ["NeonKn"])
    assert listed(shelf)[0] == "✓ always: NeonKn, glow"
    remove_words(shelf, 1, ["neonkn"])
    assert listed(shelf)[0] == "✓ always: glow"


def test_a_group_that_is_refused(shelf: Catalog) -> None:
    describe_group(shelf, 1, "1", refused=True)
    assert [each.group.on for each in numbered(shelf.words.groups(1))] == [True, False, True]
    assert "red coat, boots" not in shelf.rows([1])[0].trigger_words
    describe_group(shelf, 1, "1", refused=False)
    assert listed(shelf) == BEFORE


def test_what_cannot_be_meant(shelf: Catalog) -> None:
    with pytest.raises(UsageError, match="no group 'rde coat'") as error:
        use_groups(shelf, 1, ["rde coat"])
    assert "red coat" in str(error.value.hint)
    with pytest.raises(UsageError, match="no group '9'"):
        add_words(shelf, 1, ["x"], "9")
    with pytest.raises(UsageError, match="no trigger word 'neonk'") as error:
        switch_words(shelf, 1, ["neonk"], on=False)
    assert "neonkn" in str(error.value.hint)
    with pytest.raises(UsageError, match="cannot be empty"):
        add_words(shelf, 1, [" , <lora:x:1>"])
    with pytest.raises(UsageError, match="1,024"):
        add_words(shelf, 1, ["x" * 2_000])


@pytest.mark.parametrize(
    ("form", "options", "text"),
    [
        ("words", {}, "neonkn, glow, red coat, boots"),
        ("words", {"groups": ["2"]}, "neonkn, glow, blue dress, boots"),
        ("words", {"every": True}, "neonkn, glow, red coat, boots, blue dress"),
        ("a1111", {}, "<lora:neon:te=0.5:unet=0.8> neonkn, glow, red coat, boots"),
        ("a1111", {"strength": 0.6}, "<lora:neon:0.6> neonkn, glow, red coat, boots"),
    ],
)
def test_a_copy_for_each_tool(
    shelf: Catalog, form: str, options: dict[str, object], text: str
) -> None:
    prefer(shelf, [1], {"strength": 0.8, "clip_strength": 0.5})
    assert copied(shelf, 1, CopyForm(form), **options).text == text  # type: ignore[arg-type]


def test_comfyui_gets_the_path_as_it_lists_it(shelf: Catalog) -> None:
    made = copied(shelf, 1, CopyForm.COMFYUI)
    assert json.loads(made.text) == {
        "lora_name": "sdxl/neon.safetensors",
        "strength_model": 1.0,
        "strength_clip": 1.0,
    }
    assert made.words == ("neonkn", "glow", "red coat", "boots")
    assert json.loads(copied(shelf, 4, CopyForm.COMFYUI).text) == {"ckpt_name": "base.safetensors"}


def test_two_files_of_one_name_are_told_of(shelf: Catalog) -> None:
    (note,) = copied(shelf, 1, CopyForm.A1111).notes
    assert note.startswith("1 other file has the name 'neon'")
    assert copied(shelf, 1, CopyForm.COMFYUI).notes == ()


def test_embeddings_are_words_and_checkpoints_are_not(shelf: Catalog) -> None:
    assert copied(shelf, 3, CopyForm.WORDS).text == "easy"
    assert copied(shelf, 3, CopyForm.A1111, strength=0.5).text == "(easy:0.5)"
    assert copied(shelf, 3, CopyForm.COMFYUI).text == "embedding:easy"
    with pytest.raises(UsageError, match="not called from a prompt"):
        copied(shelf, 4, CopyForm.A1111)


def test_a_name_that_no_prompt_can_have(shelf: Catalog) -> None:
    shelf.looks.record(1, [look("models/loras/a:b>.safetensors", 9)], "1")
    with pytest.raises(UsageError, match="one of the signs"):
        copied(shelf, shelf.resolve("a:b>"), CopyForm.A1111)


def test_a_hostile_sidecar_costs_nothing(shelf: Catalog) -> None:
    words = tuple(f"{n}, " * 2_000 for n in range(20))
    shelf.looks.record(
        1, [replace(look("odd.safetensors", 8), trigger_words=words, facts=(
            Evidence("kind", "lora", Source.TENSORS),))], "1"
    )  # fmt: skip
    assert len(copied(shelf, shelf.resolve("odd"), CopyForm.WORDS, every=True).words) <= 20
