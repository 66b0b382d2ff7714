"""The bundled tagger reads words out of names, and only words it knows."""

from __future__ import annotations

import pytest

from loradex.domain.kinds import ModelKind
from loradex.domain.name_words import split_words
from loradex.plugin_api import TaggerInput
from loradex_plugins.filename_tags import propose_tags


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("XLAnimeStyle_v2", "xl anime style v 2"),
        ("add_detail-xl", "add detail xl"),
        ("3DRenderStyle", "3d render style"),
        ("8BIT", "8bit"),
        ("lora000010", "lora 000010"),
        ("ＡＮＩＭＥ", "anime"),
        ("Кошка_v1", "кошка v 1"),
        ("...", ""),
        ("", ""),
    ],
)
def test_names_are_split_into_words(name: str, words: str) -> None:
    assert split_words(name) == words.split()


@pytest.mark.parametrize(
    ("name", "folder", "tags"),
    [
        ("Watercolor_Landscape-v2.1_SDXL.safetensors", "", "watercolor|landscape"),
        ("XLAnimeStyle_v2.safetensors", "", "anime|style"),
        ("PixelArtRedmond.safetensors", "", "pixel art"),
        ("pixel_v2_art.safetensors", "", "pixel art"),
        ("oil-painting.safetensors", "", "oil painting"),
        ("abstract_painting.safetensors", "", "painting"),
        ("Sci-Fi_Cars.safetensors", "", "sci-fi|vehicle"),
        ("more_details.safetensors", "", "detail"),
        ("realisticVisionV60B1_v51VAE.safetensors", "", "photorealistic"),
        ("animefull-final-pruned.ckpt", "", ""),
        ("jane_doe-000010.safetensors", "", ""),
        ("jane_doe.safetensors", "characters/Anime", ""),
        ("anime_girl.safetensors", "anime", "anime"),
        ("bad_hands.pt", "", "negative"),
        ("catastrophe.safetensors", "", ""),
        (".safetensors", "", ""),
        ("style", "", "style"),
        ("fp16_r32_e10.safetensors", "", ""),
    ],
)
def test_known_words_become_tags(name: str, folder: str, tags: str) -> None:
    model = TaggerInput(file_name=name, folder=folder, kind=ModelKind.LORA, base=None)
    assert [proposal.tag for proposal in propose_tags(model)] == [
        tag for tag in tags.split("|") if tag
    ]


def test_the_reason_names_the_word() -> None:
    (proposal,) = propose_tags(TaggerInput("cars.pt", "Toons", ModelKind.LORA, None))
    assert proposal.reason == "The file's name has the word “cars”."
