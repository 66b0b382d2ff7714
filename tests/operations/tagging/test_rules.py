"""Rules: which evidence gives which tag, and why."""

from __future__ import annotations

import pytest

from loradex.domain.kinds import BaseModel, ModelKind
from loradex.operations.tagging.rule_file import default_rules, default_text
from loradex.operations.tagging.rule_reading import read_rules
from loradex.operations.tagging.rules import Given, Matcher
from loradex.plugin_api import TaggerInput


def model(
    name: str = "x.safetensors",
    *,
    folder: str = "",
    kind: ModelKind = ModelKind.LORA,
    base: BaseModel | None = None,
    captions: tuple[tuple[str, int], ...] = (),
    derivative: str | None = None,
    hub_name: str = "",
    hub_type: str = "",
    hub_tags: tuple[str, ...] = (),
    training: tuple[str, ...] = (),
    level: int | None = None,
) -> TaggerInput:
    return TaggerInput(
        name,
        folder,
        kind,
        base,
        captions,
        derivative,
        hub_name,
        hub_type,
        hub_tags,
        training,
        level,
    )


def given(text: str, asked: TaggerInput) -> list[Given]:
    rules, problems = read_rules(text, None)
    assert problems == []
    return Matcher(rules).tags(asked)


def by_default(asked: TaggerInput) -> set[str]:
    return {each.tag for each in Matcher(default_rules()).tags(asked)}


def test_the_rules_that_come_with_loradex_are_right() -> None:
    assert read_rules(default_text(), None)[1] == []


@pytest.mark.parametrize(
    ("asked", "tags"),
    [
        (model("Watercolor_Landscape-v2.1_SDXL.safetensors"), {"watercolor", "landscape"}),
        (model("XLAnimeStyle_v2.safetensors"), {"anime", "style"}),
        (model("pixel_v2_art.safetensors"), {"pixel art"}),
        (model("oil-painting.safetensors"), {"oil painting"}),
        (model("cozy_bg_v1.safetensors"), {"background"}),
        (model("jane_doe-000010.safetensors"), set()),
        (model("jane_doe.safetensors", folder="characters/Anime"), {"character", "anime"}),
        (model("animefull-final-pruned.ckpt"), set()),
        (model("bad_hands.pt", kind=ModelKind.EMBEDDING), {"negative"}),
        (model("easynegative.pt", kind=ModelKind.EMBEDDING), {"negative"}),
        (model("bad_hands.safetensors"), {"hands"}),
        (model("anime.safetensors", kind=ModelKind.VAE), set()),
        (model("control_canny.pth", kind=ModelKind.CONTROLNET), {"control: canny"}),
        (model(hub_tags=("Art_Style", "girl")), {"style"}),
        (model(hub_tags=("anime style",)), set()),
        (model(hub_name="Kimono Collection"), {"clothing"}),
        (model(hub_type="Poses"), {"pose"}),
        (model(training=("ohwx woman",)), {"character"}),
        (model("x_style.safetensors", training=("ohwx woman",)), {"style"}),
        (model(kind=ModelKind.CHECKPOINT, derivative="illustrious"), {"anime"}),
        (model(derivative="illustrious"), set()),
        (model(level=8 | 1), {"mature"}),
        (model(level=4), set()),
        (model(level=32), set()),
        (model(captions=(("1girl", 40), ("pixel_art", 36), ("solo", 30))), {"pixel art"}),
        (model(captions=(("1girl", 40), ("pixel art", 10))), set()),
        (model(captions=(("pixel art", 4),)), set()),
        (model(captions=(("a sentence about a city at night", 1),)), set()),
    ],
)
def test_what_the_default_rules_make_of_it(asked: TaggerInput, tags: set[str]) -> None:
    assert by_default(asked) == tags


def test_no_caption_that_all_models_have_gives_a_tag() -> None:
    """Booru's commonest captions, each as if every picture had it."""
    ignored = sorted(default_rules().settings.ignore)
    assert len(ignored) > 100
    asked = model(captions=tuple((caption, 50) for caption in ignored))
    assert by_default(asked) == set()


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (model("a_neon.pt"), "The file's name has the word “neon”."),
        (model(folder="NEON/x"), "The folder's name has the word “neon”."),
        (model(hub_name="Neon!"), "The hub's name for it has the word “neon”."),
        (model(hub_tags=("Neon",)), "The hub's tags have “Neon”."),
        (model(training=("neons",)), "The name of a training folder has the word “neons”."),
        (
            model(captions=(("a", 8), ("neon", 6))),
            "It was trained on “neon” 6 times, the commonest caption 8 times.",
        ),
    ],
)
def test_the_reason_can_be_checked(asked: TaggerInput, reason: str) -> None:
    (tag,) = given('[rules.glow]\nwords = "neon"\ncaptions = ["neon"]', asked)
    assert (tag.tag, tag.rule, tag.reason) == ("glow", "glow", reason)
    assert 0.5 < tag.confidence < 1


@pytest.mark.parametrize(
    ("requires", "holds", "fails"),
    [
        ('kinds = ["vae"]', model("neon", kind=ModelKind.VAE), model("neon")),
        ('kinds = "any"', model("neon", kind=ModelKind.VAE), None),
        ('bases = ["flux1"]', model("neon", base=BaseModel.FLUX1), model("neon")),
        ('bases = ["pony"]', model("neon", derivative="pony"), model("neon")),
        ('hub_types = ["LoCon"]', model("neon", hub_type="locon"), model("neon")),
        ('levels = ["r"]', model("neon", level=1 | 4), model("neon", level=8 | 4)),
        ('without = ["sign"]', model("neon"), model("neon_sign")),
        ("share = 1", model(captions=(("neon", 9),)), model(captions=(("a", 9), ("neon", 8)))),
    ],
)
def test_all_that_is_required_has_to_hold(
    requires: str, holds: TaggerInput, fails: TaggerInput | None
) -> None:
    text = f'[rules.glow]\nwords = ["neon"]\ncaptions = ["neon"]\n{requires}'
    assert [each.tag for each in given(text, holds)] == ["glow"]
    assert fails is None or given(text, fails) == []


def test_a_longer_phrase_beats_its_parts() -> None:
    text = '[rules.paint]\nwords = ["oil"]\n[rules."oil painting"]\nwords = ["oil painting"]'
    assert [each.tag for each in given(text, model("oil_paintings_oily"))] == ["oil painting"]
    assert {each.tag for each in given(text, model("oil_painting_oil"))} == {
        "oil painting",
        "paint",
    }


def test_two_rules_may_give_one_tag() -> None:
    text = '[rules.a]\ntag = "t"\nwords = ["x"]\n[rules.b]\ntag = "t"\nwords = ["x"]'
    assert [(each.rule, each.tag) for each in given(text, model("x"))] == [("a", "t"), ("b", "t")]


def test_hostile_names_cost_nothing() -> None:
    long = "neon_" * 100_000
    asked = model(long, folder=long, hub_name=long, hub_tags=(long,), training=(long,))
    assert {each.tag for each in given('[rules.glow]\nwords = ["neon"]', asked)} == {"glow"}
