"""Prompts to encodings: diffusers' own, and A1111's language on top."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

from typing import Any

import pytest

from loradex.errors import UsageError

from .conftest import Stock, load_parts

pytestmark = pytest.mark.render

SHAPES = ["sd1", "sdxl"]
LONG = "a red boat under a dark tower, " * 12


@pytest.fixture(scope="module")
def loaded(stock: dict[str, Stock]) -> dict[str, Any]:
    return {shape: load_parts(stock[shape].folder) for shape in SHAPES}


def encode(parts: Any, text: str, **options: Any) -> Any:
    from loradex.render.text import encode as real

    return real(parts, text, **{"clip_skip": 1, "negative": False, **options})


def same(one: Any, two: Any) -> bool:
    import torch

    if one.pooled is not None and not torch.equal(one.pooled, two.pooled):
        return False
    return torch.equal(one.embeds, two.embeds)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_plain_prompt_is_encoded_as_diffusers_does(
    shape: str, stock: dict[str, Stock], loaded: dict[str, Any]
) -> None:
    import diffusers
    import torch

    from loradex.render.quiet import offline_and_quiet

    kind = "StableDiffusionXLPipeline" if shape == "sdxl" else "StableDiffusionPipeline"
    with offline_and_quiet(), torch.inference_mode():
        pipe = getattr(diffusers, kind).from_pretrained(
            stock[shape].folder, local_files_only=True, torch_dtype=torch.float32
        )
        for text in ("", "a red boat", "fog, (: unbalanced ]", r"boat \(red\)"):
            found = pipe.encode_prompt(
                text.replace("\\", ""),
                device="cpu",
                num_images_per_prompt=1,
                do_classifier_free_guidance=False,
            )
            ours = encode(loaded[shape], text)
            assert torch.equal(ours.embeds, found[0])
            if shape == "sdxl":
                assert torch.equal(ours.pooled, found[2])


@pytest.mark.parametrize("shape", SHAPES)
def test_a_long_prompt_is_its_chunks_in_a_row(shape: str, loaded: dict[str, Any]) -> None:
    import torch

    parts = loaded[shape]
    whole = encode(parts, f"{LONG} BREAK fog")
    chunks, rest = divmod(whole.embeds.shape[1], 77)
    assert chunks > 2
    assert rest == 0
    assert torch.equal(whole.embeds[:, -77:], encode(parts, "fog").embeds)
    first = encode(parts, "storm BREAK fog")
    assert torch.equal(first.embeds[:, :77], encode(parts, "storm").embeds)
    if shape == "sdxl":
        assert torch.equal(first.pooled, encode(parts, "storm").pooled)


def test_a_phrase_is_not_torn_at_the_end_of_a_chunk(loaded: dict[str, Any]) -> None:
    parts = loaded["sd1"]
    tokenizer = parts.texts[0].tokenizer
    for word in ("q", ","):
        assert len(tokenizer(word, add_special_tokens=False)["input_ids"]) == 1
    torn = encode(parts, "q " * 60 + ", " + "q " * 20)
    assert same(torn, encode(parts, "q " * 60 + ", BREAK " + "q " * 20))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("clip_skip", [1, 2])
def test_emphasis_scales_tokens_and_restores_the_mean(
    shape: str, clip_skip: int, loaded: dict[str, Any]
) -> None:
    import torch

    parts = loaded[shape]
    plain = encode(parts, "red boat fog", clip_skip=clip_skip)
    heavy = encode(parts, "red (boat:1.5) fog", clip_skip=clip_skip)
    tokenizer = parts.texts[0].tokenizer
    red, boat = (
        len(tokenizer(word, add_special_tokens=False)["input_ids"]) for word in ("red", "boat")
    )
    weights = torch.ones(77)
    weights[1 + red : 1 + red + boat] = 1.5
    widths = [part.model.config.hidden_size for part in parts.texts]
    expected = []
    for one in plain.embeds.split(widths, dim=-1):
        scaled = one * weights[None, :, None]
        expected.append(scaled * (one.mean() / scaled.mean()))
    assert torch.allclose(heavy.embeds, torch.cat(expected, dim=-1), atol=1e-6, rtol=1e-5)
    assert (heavy.embeds - plain.embeds).abs().max() > 0.01
    if shape == "sdxl":
        assert torch.equal(heavy.pooled, plain.pooled)


@pytest.mark.parametrize("shape", SHAPES)
def test_weights_of_one_change_nothing(shape: str, loaded: dict[str, Any]) -> None:
    assert same(encode(loaded[shape], "(red:1) boat"), encode(loaded[shape], "red boat"))


def _rows(parts: Any, text: str) -> tuple[Any, ...]:
    """Return what each encoder has for these words: an embedding that says the same."""
    import torch

    found = []
    for part in parts.texts:
        ids = part.tokenizer(text, add_special_tokens=False)["input_ids"]
        found.append(part.model.get_input_embeddings().weight[torch.tensor(ids)].detach())
    return tuple(found)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("asked", ["embedding:Style.pt", "style", "STYLE"])
def test_an_embedding_stands_in_the_place_of_words(
    shape: str, asked: str, loaded: dict[str, Any]
) -> None:
    parts = loaded[shape]
    table = {"style": _rows(parts, "red boat")}
    got = encode(parts, f"fog {asked}, storm", embeddings=table)
    assert same(got, encode(parts, "fog red boat, storm"))
    assert not same(got, encode(parts, f"fog {asked}, storm"))
    heavier = encode(parts, f"fog ({asked}:1.3), storm", embeddings=table)
    assert same(heavier, encode(parts, "fog (red boat:1.3), storm"))
    # The encoder is as it was.
    assert same(encode(parts, "fog"), encode(parts, "fog", embeddings=table))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: rows[:0], "does not fit"),
        (lambda rows: tuple(row[:, :-1] for row in rows), "does not fit"),
        (lambda rows: tuple(row[0] for row in rows), "does not fit"),
        (lambda rows: tuple(row[:1].repeat(76, 1) for row in rows), "76 vectors"),
        (lambda rows: tuple(row[:0] for row in rows), "0 vectors"),
    ],
)
def test_an_embedding_that_does_not_fit_is_refused(
    change: Any, words: str, loaded: dict[str, Any]
) -> None:
    table = {"style": change(_rows(loaded["sd1"], "red"))}
    with pytest.raises(UsageError, match=words):
        encode(loaded["sd1"], "style", embeddings=table)


def test_both_encoders_need_the_same_length(loaded: dict[str, Any]) -> None:
    first, second = _rows(loaded["sdxl"], "red")
    table = {"style": (first.repeat(70, 1), second)}
    with pytest.raises(UsageError, match="not as many vectors"):
        encode(loaded["sdxl"], "fog " * 20 + "style", embeddings=table)


@pytest.mark.parametrize("shape", SHAPES)
def test_an_empty_negative_is_zero_where_the_checkpoint_says_so(
    shape: str, loaded: dict[str, Any]
) -> None:
    negative = encode(loaded[shape], "", negative=True)
    assert bool((negative.embeds == 0).all()) == (shape == "sdxl")
