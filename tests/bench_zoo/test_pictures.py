"""What the zoo's models learn from: pictures, captions and the tokenizer's words."""

# ruff: noqa: PLC0415 - the repository is put on the path by a fixture

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
np = pytest.importorskip("numpy")


@pytest.fixture(autouse=True)
def repository(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `bench` be imported, as it is for whoever runs its scripts from the root."""
    monkeypatch.syspath_prepend(str(ROOT))


def test_the_same_generator_gives_the_same_pictures_and_captions() -> None:
    from bench.zoo.pictures import draw, random_scene
    from bench.zoo.words import caption

    def made(seed: int) -> tuple[bytes, str]:
        rng = np.random.default_rng(seed)
        scene = random_scene(rng)
        return draw(scene, rng).tobytes(), caption(scene, rng, nonsense=0.5)

    assert made(3) == made(3)
    assert made(3)[0] != made(4)[0]


@pytest.mark.parametrize("seed", range(25))
def test_a_caption_says_nothing_that_is_not_in_the_picture(seed: int) -> None:
    from bench.zoo.pictures import COLOURS, PLACES, SHAPES, TEXTURES, random_scene
    from bench.zoo.words import caption

    rng = np.random.default_rng(seed)
    scene = random_scene(rng)
    said = set(caption(scene, rng).replace(",", "").split())
    assert said & set(COLOURS) <= {scene.background, *(item.colour for item in scene.items)}
    assert said & set(SHAPES) <= {item.shape for item in scene.items}
    assert said & set(PLACES) <= {item.place for item in scene.items}
    assert said & set(TEXTURES) <= {scene.texture}


def test_a_picture_shows_the_colours_it_should() -> None:
    from bench.zoo.pictures import COLOURS, Item, Scene, draw

    rng = np.random.default_rng(0)
    picture = draw(Scene((Item("circle", "red", "large"),), "blue"), rng).astype(int)
    assert abs(picture[2, 2] - COLOURS["blue"]).max() < 12
    assert abs(picture[64, 64] - COLOURS["red"]).max() < 12


def test_every_style_changes_a_picture_and_keeps_its_form() -> None:
    from bench.zoo.pictures import Item, Scene, draw
    from bench.zoo.styles import STYLES

    picture = draw(Scene((Item("star", "yellow"),), "purple"), np.random.default_rng(0))
    for name, style in STYLES.items():
        styled = style(picture)
        assert styled.shape == picture.shape, name
        assert styled.dtype == np.uint8, name
        assert abs(styled.astype(int) - picture).mean() > 2, name


@pytest.mark.render
def test_every_word_is_one_token_and_comes_back(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    from bench.zoo.words import SPARE, TRIGGERS, WORDS

    from loradex.render.tiny_words import token_count, write_tokenizer

    assert write_tokenizer(tmp_path, pad_with_end=True, whole=WORDS) == token_count(WORDS)
    tokenizer = transformers.CLIPTokenizer.from_pretrained(tmp_path)
    for word in (*WORDS, *TRIGGERS, *SPARE):
        assert len(tokenizer.tokenize(word)) == 1, word
    text = "zorble, a large red circle on a blue background"
    assert tokenizer.decode(tokenizer(text).input_ids[1:-1]).replace(" ,", ",").strip() == text
    assert len(tokenizer.tokenize("xqgz")) > 1


def test_no_trigger_is_part_of_what_captions_say() -> None:
    from bench.zoo.words import SPARE, TRIGGERS, WORDS

    assert len(set(WORDS)) == len(WORDS)
    assert not set(TRIGGERS) & set(SPARE)
