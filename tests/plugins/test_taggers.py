"""The bundled taggers for folders and headers."""

from __future__ import annotations

import pytest

from loradex.domain.kinds import ModelKind
from loradex.plugin_api import TaggerInput
from loradex_plugins import folder_tags, header_tags


@pytest.mark.parametrize(
    ("folder", "tags"),
    [
        ("", ""),
        ("loras/pony", ""),
        ("loras/Ghibli", "ghibli"),
        ("models/Lora/SDXL/characters/Studio_Ghibli-v2", "characters|studio ghibli"),
        ("2024-05-01", ""),
        ("new/misc/to sort", ""),
        ("a/b/c", ""),
        ("loras/_incoming", ""),
        ("this folder name is a whole sentence", ""),
        ("deep/one/two/three", "two|three"),
        ("тест/Кошки", "тест|кошки"),
    ],
)
def test_folders_that_say_something(folder: str, tags: str) -> None:
    model = TaggerInput("x.safetensors", folder, ModelKind.LORA, None)
    proposed = list(folder_tags.propose_tags(model))
    assert "|".join(tag.tag for tag in proposed) == tags
    assert all(tag.reason.startswith("It lies in the folder “") for tag in proposed)


@pytest.mark.parametrize(
    ("captions", "tags"),
    [
        ((), ""),
        ((("pixel_art", 40), ("1girl", 38), ("solo", 36), ("night city", 30)),
         "pixel art|night city"),
        ((("pixel art", 40), ("scenery", 10)), "pixel art"),
        ((("pixel art", 4),), ""),
        ((("ohwx", 40), ("n3onkn", 40), ("red hair", 39), ("looking at viewer", 38)), ""),
        ((("style name", 40), ("traditional media", 40)), "traditional media"),
        ((("2girls", 9), ("multiple_girls", 9), ("masterpiece", 9), ("white shirt", 9)), ""),
        ((("a woman standing in a field, smiling", 9),), ""),
        ((("evil\x1b[31m", 9), ("a" * 5_000, 9)), "a" * 100),
        ((("aaa", 9), ("eee", 9), ("iii", 9), ("ooo", 9)), "aaa|eee|iii"),
    ],
)  # fmt: skip
def test_captions_that_say_something(captions: tuple[tuple[str, int], ...], tags: str) -> None:
    model = TaggerInput(
        "x", "", ModelKind.LORA, None, captions, training_folders=("style_name", "ohwx woman")
    )
    assert "|".join(tag.tag for tag in header_tags.propose_tags(model)) == tags


def test_the_reason_counts() -> None:
    model = TaggerInput("x", "", ModelKind.LORA, None, (("1girl", 1_200), ("mecha", 900)))
    (tag,) = header_tags.propose_tags(model)
    assert tag.reason == "It was trained on “mecha” 900 times, at most 1,200."
    assert 0.5 <= tag.confidence < 0.6
