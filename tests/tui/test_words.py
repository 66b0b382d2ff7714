"""The small rules: queries edited as text, tags typed, forms read, numbers told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from loradex.domain.axes import AxisKind
from loradex.domain.recipe import RenderSettings
from loradex.errors import QueryError, UsageError
from loradex.operations.child_job import JobStatus
from loradex_tui.grid_form import GridForm, picture_count, read_form, usual_form
from loradex_tui.jobs import progress_text
from loradex_tui.query_text import chosen, sort_of, toggle, with_sort, without
from loradex_tui.screens.tag_editor import complete
from loradex_tui.wording import (
    base_label,
    content_level_text,
    count_text,
    kind_label,
    size_text,
    state_mark,
    when_text,
)


@pytest.mark.parametrize(
    ("query", "field", "value", "negated", "after"),
    [
        ("", "kind", "lora", False, "kind:lora"),
        ("neon", "kind", "lora", False, "neon kind:lora"),
        ("kind:lora", "kind", "vae", False, "kind:lora,vae"),
        ("kind:lora,vae neon", "kind", "lora", False, "kind:vae neon"),
        ("a kind:lora b", "kind", "lora", False, "a b"),
        ("kind:loras", "kind", "lora", False, ""),
        ("kind:lora", "kind", "lora", True, "-kind:lora"),
        ("-kind:lora", "kind", "lora", False, "kind:lora"),
        ("-kind:lora", "kind", "lora", True, ""),
        ("tag:a", "tag", "b", False, "tag:a tag:b"),
        ("tag:A x", "tag", "a", False, "x"),
        ("", "tag", "two words", False, 'tag:"two words"'),
        ('tag:"two words"', "tag", "two words", False, ""),
        ("", "tag", "a,b", False, 'tag:"a,b"'),
        ("", "tag", 'a"b', False, 'tag:a"b'),
        ('"two  gaps"  x', "tag", "a", False, '"two  gaps" x tag:a'),
        ("base:xl", "base", "sdxl", False, ""),
        ("kind:", "kind", "lora", False, "kind: kind:lora"),
        ('"open', "kind", "lora", False, '"open kind:lora'),
    ],
)
def test_toggle(query: str, field: str, value: str, negated: bool, after: str) -> None:
    assert toggle(query, field, value, negated=negated) == after


def test_what_the_language_cannot_write_is_refused() -> None:
    with pytest.raises(QueryError):
        toggle("", "tag", 'a "b')


def test_chosen_without_and_sort() -> None:
    query = "neon kind:lora,ckpt -tag:anime tag:style sort:size-"
    assert chosen(query, "kind") == {"lora": True, "checkpoint": True}
    assert chosen(query, "tag") == {"anime": False, "style": True}
    assert without(query, ["kind", "tag"]) == "neon sort:size-"
    assert sort_of(query) == "size-"
    assert sort_of("neon") == sort_of('"open') == "name"
    assert with_sort(query, "name") == "neon kind:lora,ckpt -tag:anime tag:style"
    assert with_sort("sort:size a", "added-") == "a sort:added-"


@pytest.mark.parametrize(
    ("text", "offers"),
    [
        ("", []),
        ("st", ["style", "lost"]),
        ("a, ST", ["style", "lost"]),
        ("-", ["mine"]),
        ("-st", []),
        ("zzz", []),
    ],
)
def test_complete(text: str, offers: list[str]) -> None:
    assert complete(text, ["lost", "mine", "style"], ["mine"]) == offers


USUAL = RenderSettings(sampler="DPM++ 2M")
FORM = GridForm(strengths="0 0.5,1", prompts="a\n\n b \na", seeds="1, 2", size="512")


def test_a_form_becomes_a_request() -> None:
    request = read_form(FORM, 6, (1, 2), USUAL)
    assert request.texts(AxisKind.CHECKPOINT) == ("6",)
    assert request.texts(AxisKind.LORA) == ("1", "2")
    assert request.texts(AxisKind.STRENGTH) == ("0", "0.5", "1")
    assert request.texts(AxisKind.PROMPT) == ("a", "b")
    assert request.texts(AxisKind.SEED) == ("1", "2")
    assert request.texts(AxisKind.SIZE) == ("512x512",)
    assert request.texts(AxisKind.TRIGGER) == ()
    assert request.texts(AxisKind.SAMPLER) == ("DPM++ 2M",)
    assert request.pages == (AxisKind.LORA,)


@pytest.mark.parametrize(
    ("changes", "loras", "pictures"),
    [
        ({}, (1, 2), 2 * 2 * (2 * 2 + 1)),
        ({"strengths": "0.5"}, (1, 2), 2 * 2 * (2 + 1)),
        ({"strengths": "0"}, (1, 2), 2 * 2),
        ({"strengths": "0..1:0.25", "seeds": "1..10"}, (1,), 2 * 10 * 5),
        ({"triggers": "off"}, (1, 2), 2 * 2 * (2 * 2 + 1)),
        ({"triggers": " On "}, (1, 2), 2 * 2 * (2 * 2 + 2)),
        ({"triggers": "both"}, (1, 2), 2 * 2 * (2 * 2 + 2 + 2 * 2 + 1)),
    ],
)
def test_pictures_are_counted(
    changes: dict[str, str], loras: tuple[int, ...], pictures: int
) -> None:
    assert picture_count(read_form(replace(FORM, **changes), 6, loras, USUAL)) == pictures


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("prompts", " \n", "at least one prompt"),
        ("prompts", "fine\n<hypernet:x>", "^Prompts: Hypernetworks"),
        ("prompts", "a <lora:>", "^Prompts: .*names no LoRA"),
        ("negative", "bad <lora:x:y>", "^Negative: "),
        ("strengths", " , ", "^Strengths: write at least one"),
        ("strengths", "9", "^Strengths: from -5 to 5"),
        ("strengths", "nan", "^Strengths: .*number"),
        ("strengths", "0..1", "^Strengths: .*its step"),
        ("seeds", "1.5", "^Seeds: .*whole number"),
        ("seeds", "-1", "^Seeds: from 0"),
        ("seeds", "1..999", "more than 5,000"),
        ("triggers", "maybe", "^Triggers: one of auto, on, off, both"),
        ("steps", "0", "^Steps: from 1 to 500"),
        ("guidance", "much", "^Guidance: a number"),
        ("size", "513x512", "steps of 8"),
        ("size", "wide", "512x768"),
    ],
)
def test_a_wrong_form_names_the_field(field: str, value: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        read_form(replace(FORM, **{field: value}), 6, (1, 2), USUAL)


def test_forms_start_with_what_is_usual() -> None:
    usual = RenderSettings(768, 1024, num_inference_steps=4, guidance_scale=3.50)
    form = usual_form(usual, has_triggers=True)
    assert (form.size, form.steps, form.guidance) == ("768x1024", "4", "3.5")
    assert form.prompts == "{trigger}"
    assert usual_form(usual).prompts == ""
    assert read_form(form, 6, (1,), usual).texts(AxisKind.SIZE) == ("768x1024",)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"), (999, "999 B"), (25_000, "25 kB"), (144_000_000, "144 MB"),
        (999_600_000, "1.0 GB"), (6_940_000_000, "6.9 GB"), (123_000_000_000, "123 GB"),
        (4_000_000_000_000, "4.0 TB"),
    ],
)  # fmt: skip
def test_size_text(size: int, text: str) -> None:
    assert size_text(size) == text


def test_words_for_ids() -> None:
    assert kind_label("lora") == "LoRA"
    assert kind_label("new\x1bkind") == "new\\x1bkind"
    assert base_label("sdxl", "noobai") == "NoobAI"
    assert base_label("sd1") == "SD 1.5"
    assert base_label(None) == ""
    assert content_level_text(1 | 4) == "R"
    assert content_level_text(None) == ""
    assert state_mark("missing") == "?"
    assert count_text(1, "copy", "copies") == "1 copy"
    assert count_text(20_000, "model") == "20,000 models"
    assert when_text(1e30) == ""


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (JobStatus(), "scan: starting"),
        (JobStatus(stage="walk", done=3_120, unit="files"), "scan: walk 3,120 files"),
        (JobStatus(stage="read", done=1, total=3), "scan: read 33 % (1 of 3)"),
        (JobStatus(stage="read", done=9, total=3), "scan: read 100 % (9 of 3)"),
    ],
)
def test_progress_text(status: JobStatus, text: str) -> None:
    assert progress_text("scan", status) == text
