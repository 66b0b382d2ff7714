"""A1111's parameter text, both ways."""

from __future__ import annotations

import pytest

from loradex.domain.infotext import Infotext, format_infotext, parse_infotext

FIELDS = {"Steps": "20", "Sampler": "DPM++ 2M", "CFG scale": "7", "Seed": "1", "Size": "512x512"}


@pytest.mark.parametrize(
    "info",
    [
        Infotext("a cat", "", FIELDS),
        Infotext("a cat", "ugly, bad: really", FIELDS, {"model": "0123456789", "lora:x": "ab"}),
        Infotext("", "", FIELDS),
        Infotext("two\nlines: with, marks", "more\nlines", FIELDS),
        Infotext("x", "", {**FIELDS, "Model": 'a, "b": c\\d', "Lora hashes": "one: ab, two: cd"}),
        Infotext("x", "", {**FIELDS, "Model": " spaced "}, {"lora:a, b: c": "12"}),
        Infotext("Steps: a lot, really", "", FIELDS),
        Infotext("\u6f22 \U0001f98a", "\u00e4", {**FIELDS, "Model": "\u6f22"}),
    ],
)
def test_what_is_written_is_read_back(info: Infotext) -> None:
    assert parse_infotext(format_infotext(info)) == info


def test_text_of_a1111_itself() -> None:
    text = (
        "masterpiece, <lora:foo:0.8>\nNegative prompt: lowres,\nbad hands\n"
        "Steps: 28, Sampler: Euler a, Schedule type: Automatic, CFG scale: 6.5, Seed: 42, "
        'Size: 832x1216, Model hash: 1234abcd12, Model: foo, Lora hashes: "foo: 0f1e2d3c4b5a", '
        'Hashes: {"model": "1234abcd12", "lora:foo": "0f1e2d3c4b"}, Version: v1.10.1'
    )
    info = parse_infotext(text)
    assert info.prompt == "masterpiece, <lora:foo:0.8>"
    assert info.negative_prompt == "lowres,\nbad hands"
    assert info.fields["Version"] == "v1.10.1"
    assert info.fields["Seed"] == "42"
    assert info.lora_hashes == {"foo": "0f1e2d3c4b5a"}
    assert info.hashes == {"model": "1234abcd12", "lora:foo": "0f1e2d3c4b"}


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("", ""),
        ("just words", "just words"),
        ("words\nSteps: 20", "words\nSteps: 20"),
        ("a\nSize: 1, Seed: 2, Hashes: {broken", "a"),
    ],
)
def test_text_of_nobody(text: str, prompt: str) -> None:
    assert parse_infotext(text).prompt == prompt


@pytest.mark.parametrize("text", ["{" * 100_000, "a: " * 50_000, 'Hashes: {"a": 1}, ' * 3000])
def test_hostile_text_ends(text: str) -> None:
    assert isinstance(parse_infotext(text).prompt, str)
