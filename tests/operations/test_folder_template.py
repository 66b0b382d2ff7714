"""Templates of folders, and names made from strangers' words."""

from __future__ import annotations

import pytest

from loradex.errors import UsageError
from loradex.operations.folder_template import read_template, safe_component

FIELDS = ("kind", "base")


@pytest.mark.parametrize(
    ("template", "folders"),
    [
        ("", ()),
        ("{kind}/{base}", ("LoRA", "SDXL")),
        ("my {kind}s", ("my LoRAs",)),
        ("{{{kind}}}", ("{LoRA}",)),
    ],
)
def test_a_template_is_filled(template: str, folders: tuple[str, ...]) -> None:
    values = {"kind": "LoRA", "base": "SDXL"}
    assert read_template(template, FIELDS).fill(values) == folders


def test_what_is_not_known_reads_unknown() -> None:
    assert read_template("{base}", FIELDS).fill({"base": None}) == ("unknown",)


@pytest.mark.parametrize(
    "template",
    [
        "/abs", "a//b", "a/", "..", "a/../b", ".", "{size}", "{}", "{0}", "{kind", "kind}",
        "{kind!r}", "{kind:>10}", "{kind.label}", "{kind[0]}", "a\\b", "a:b", "a\x1b", "a\u202eb",
        "/".join("abcdefghi"),
    ],
)  # fmt: skip
def test_a_template_that_cannot_be_meant_is_refused(template: str) -> None:
    with pytest.raises(UsageError):
        read_template(template, FIELDS)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SDXL", "SDXL"),
        ("..", "unknown"),
        ("", "unknown"),
        (" . ", "unknown"),
        ("../../etc", "_.._etc"),
        ("a/b\\c:d", "a_b_c_d"),
        (".hidden", "hidden"),
        ("dots...", "dots"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("com1", "_com1"),
        ("a\x00b\x1b[2J", "a_b_[2J"),
        ("\u202egnp.exe", "_gnp.exe"),
        ("\ud800", "_"),
        ("日本" * 100, "日本" * 20),
        ("é" * 100, "é" * 60),
    ],
)
def test_any_text_becomes_one_harmless_name(text: str, name: str) -> None:
    assert safe_component(text) == name
