"""The small rules: queries edited as text, tags typed, forms read, numbers told."""

from __future__ import annotations

import pytest
from textual.content import Content

from loradex.domain.axes import AxisKind
from loradex.domain.recipe import RenderSettings
from loradex.errors import QueryError, UsageError
from loradex.operations.child_job import JobStatus
from loradex.operations.grid_request import AxisRequest, GridRequest
from loradex.operations.tidying.examples import Example
from loradex_tui.grids.form import Side, form_of
from loradex_tui.jobs.running import progress_text
from loradex_tui.query_text import chosen, sort_of, toggle, with_sort, without
from loradex_tui.screens.organise_dialog import example_parts
from loradex_tui.screens.tag_editor import complete
from loradex_tui.widgets.result_text import empty_text
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


@pytest.mark.parametrize(
    ("source", "target", "told"),
    [
        ("a/old/neon.ckpt", "a/SDXL/style/neon.ckpt", ["neon.ckpt → a/SDXL/style/"]),
        ("a/neon.ckpt", "a/Neon v1.ckpt", ["neon.ckpt → a/Neon v1.ckpt"]),
        (
            "a/neon.ckpt",
            "a/Stable Diffusion XL/style/somebody/Neon v1.ckpt",
            ["neon.ckpt", "  → a/Stable Diffusion XL/style/somebody/Neon v1.ckpt"],
        ),
    ],
)
def test_examples_show_what_changes(source: str, target: str, told: list[str]) -> None:
    text = Content.assemble(*example_parts(Example(source, target), 60)).plain
    assert _squeezed(text) == _squeezed("\n".join(told))


def _squeezed(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


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
REQUEST = GridRequest(
    (
        AxisRequest(AxisKind.LORA, ("1", "2")),
        AxisRequest(AxisKind.PROMPT, ("a boat, at sea", "b")),
        AxisRequest(AxisKind.STRENGTH, ("0", "0.5", "1")),
        AxisRequest(AxisKind.PROMPT_PART, ("boat", "ship"), "boat"),
    ),
    x=(AxisKind.STRENGTH,),
    pages=(AxisKind.LORA,),
    title="boats",
)


def test_a_form_makes_the_request_it_was_made_of() -> None:
    form = form_of(REQUEST)
    made = form.request()
    assert {axis for axis in made.axes if axis.texts} == set(REQUEST.axes)
    assert (made.x, made.y, made.pages, made.title) == (REQUEST.x, (), REQUEST.pages, "boats")


def test_rows_go_elsewhere_are_emptied_and_leave() -> None:
    form = form_of(REQUEST)
    assert form.turned().request().y == (AxisKind.STRENGTH,)
    assert form.put(AxisKind.STRENGTH, 1).side(AxisKind.STRENGTH) is Side.DOWN
    assert form.put(AxisKind.STRENGTH, -1).side(AxisKind.STRENGTH) is Side.AUTO
    part = next(n for n, row in enumerate(form.rows) if row.kind is AxisKind.PROMPT_PART)
    assert len(form.without(part).rows) == len(form.rows) - 1
    strength = next(n for n, row in enumerate(form.rows) if row.kind is AxisKind.STRENGTH)
    emptied = form.without(strength)
    assert len(emptied.rows) == len(form.rows)
    assert emptied.request().x == ()
    assert form.with_row(form.rows[part]) is form
    with pytest.raises(UsageError):
        form.with_text(strength, '"0').request()


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


@pytest.mark.parametrize(
    ("libraries", "total", "scanning", "told"),
    [
        (0, 0, False, "n to add a folder"),
        (1, 0, False, "Press R to scan"),
        (1, 0, True, "models appear here as they are found"),
        (1, 9, True, "0 of 9 models match"),
    ],
)
def test_an_empty_list_says_what_helps(
    libraries: int, total: int, scanning: bool, told: str
) -> None:
    assert told in empty_text(libraries, total, scanning=scanning).plain
