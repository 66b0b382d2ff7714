"""Emphasis in the text encoders of transformer checkpoints."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import CPU
from .families import clip_tokenizer, t5_tokenizer

pytestmark = pytest.mark.render

Folders = Callable[[str], Path]
READERS = ("sd3", "flux-dev", "chroma")
"""Families whose encoders read weights."""


def load(folder: Path) -> Any:
    from loradex.render.bases.load import load_base

    return load_base(folder, CPU)


def part(tokenizer: Any) -> Any:
    from loradex.render.parts import TextPart

    return TextPart(model=None, tokenizer=tokenizer, projects=False, layers=1)  # type: ignore[arg-type]


@pytest.mark.parametrize("maker", [clip_tokenizer, t5_tokenizer])
@pytest.mark.parametrize(
    ("text", "heavy"),
    [
        ("a (red:1.5) boat, fog", ["red"]),
        ("(a red:1.5) boat, fog", ["a", "red"]),
        ("a red ( boat, :1.5)fog", ["boat", ","]),
        ("a red  boat,(  fog:1.5)", ["fog"]),
        ("a red boat, fog BREAK (sea:1.5)", ["sea"]),
        (r"\(a\) red (boat\):1.5)", ["boat", ")"]),
    ],
)
def test_weights_lie_on_the_tokens_of_their_words(
    maker: Callable[[], Any], text: str, heavy: list[str]
) -> None:
    pytest.importorskip("transformers")
    from loradex.render.bases.weighing import weighed_tokens
    from loradex.render.prompts.emphasis import weigh

    tokenizer = maker()
    ids, weights = weighed_tokens(part(tokenizer), text, 100)
    # The words are the same tokens as without any weight.
    assert ids == tokenizer(weigh(text).plain, add_special_tokens=False)["input_ids"]
    assert set(weights) == {1.0, 1.5}
    chosen = [one for one, weight in zip(ids, weights, strict=True) if weight == 1.5]
    assert (
        tokenizer.decode(chosen).split()
        == tokenizer.decode(
            tokenizer(
                " ".join(heavy).replace(" ,", ",").replace(" )", ")"), add_special_tokens=False
            )["input_ids"]
        ).split()
    )


@pytest.mark.parametrize("family", READERS)
def test_a_weight_of_one_changes_no_bit(family: str, folders: Folders) -> None:
    import torch

    base = load(folders(family))
    plain = base.encode("a red boat, fog")
    for text in ("a (red:1) boat, fog", "(a red boat, fog:1.0)"):
        same = base.encode(text)
        assert torch.equal(plain.embeds, same.embeds)
        assert plain.pooled is None or torch.equal(plain.pooled, same.pooled)


@pytest.mark.parametrize("family", READERS)
def test_only_the_weighed_words_change(family: str, folders: Folders) -> None:
    import torch

    base = load(folders(family))
    plain, heavy = base.encode("a red boat, fog"), base.encode("a (red:1.4) boat, fog")
    nothing = base.encode("")
    changed = (plain.embeds != heavy.embeds).any(dim=-1)[0]
    assert 0 < int(changed.sum()) <= 2 + 77 * (family == "sd3")
    assert torch.allclose(
        heavy.embeds,
        nothing.embeds
        + torch.where(changed, 1.4, 1.0)[None, :, None] * (plain.embeds - nothing.embeds),
        atol=1e-5,
    )
    assert plain.pooled is None or torch.equal(plain.pooled, heavy.pooled)
    assert base.unread("a (red:1.4) boat") == ()


def test_sd3_without_t5_still_weighs(folders: Folders) -> None:
    base = load(folders("sd3"))
    del base._texts["text_encoder_3"]
    plain, heavy = base.encode("a red boat"), base.encode("a (red:1.4) boat")
    assert int((plain.embeds != heavy.embeds).any(dim=-1).sum()) == 1


@pytest.mark.parametrize("family", ["qwen", "z-image", "klein"])
def test_a_language_model_reads_weights_as_words_and_says_so(family: str, folders: Folders) -> None:
    import torch

    base = load(folders(family))
    (sentence,) = base.unread("a (red:1.4) boat")
    assert "read as words" in sentence
    assert base.unread("a red boat") == ()
    with_brackets = base.encode("a (red:1.4) boat").embeds
    assert with_brackets.shape != base.encode("a red boat").embeds.shape or not torch.equal(
        with_brackets, base.encode("a red boat").embeds
    )


def test_words_beyond_the_end_are_told_of(folders: Folders) -> None:
    base = load(folders("flux-schnell"))
    (sentence,) = base.unread("fog " * 300)
    assert "tokens of this prompt are not read" in sentence
