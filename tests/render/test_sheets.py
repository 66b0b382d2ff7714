"""Sheets: labelled pictures of any grid, in as many files as it takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageFont

from loradex.domain.axes import AxisKind
from loradex.domain.grid import Layout
from loradex.render import sheet as sheet_module
from loradex.render.captions import axis_name, base_values, facts_line, shared_facts, value_text
from loradex.render.sheet import write_sheet
from loradex.render.sheet_table import parts, shown_layout, tables
from loradex.render.sheet_text import face, wrap, wrap_name
from render.outputs_kit import axis, colour, drawn, model, plan_of

HOSTILE = "</script><img src=x onerror=alert(1)>\x1b[31m\u202e%%DATA%% {{7*7}} '\"&\ud800"
STRENGTHS = axis(AxisKind.STRENGTH, 0.0, 0.5, 1.0)
PROMPTS = axis(AxisKind.PROMPT, "a cat", "a dog")
SEEDS = axis(AxisKind.SEED, 1, 2**60)
FAILED, EMPTY = (242, 232, 226), (243, 241, 236)


def colours(path: Path) -> set[object]:
    with Image.open(path) as sheet:
        return {found for _, found in sheet.getcolors(1 << 24) or []}


def test_a_sheet_shows_every_cell(tmp_path: Path) -> None:
    grid = drawn(tmp_path / "cells", plan_of([STRENGTHS, PROMPTS, SEEDS]), failed=1, missing=1)
    [path] = write_sheet(*grid.args(), tmp_path / "out" / "sheet.png")
    seen = colours(path)
    assert {colour(number) for number in range(len(grid.finished))} <= seen
    assert {FAILED, EMPTY} <= seen
    assert [file.name for file in path.parent.iterdir()] == ["sheet.png"]


def test_each_page_is_a_file(tmp_path: Path) -> None:
    plan = plan_of([STRENGTHS, SEEDS, PROMPTS], Layout(x=(0,), y=(2,), pages=(1,)))
    grid = drawn(tmp_path / "cells", plan)
    paths = write_sheet(*grid.args(), tmp_path / "sheet.png")
    assert [path.name for path in paths] == ["sheet.png", "sheet-2.png"]
    numbers = {cell.key: number for number, cell in enumerate(plan.cells)}
    for page, path in enumerate(paths):
        on_it = {
            colour(numbers[place.cell.key]) for place in plan.placements if place.at[1] == page
        }
        assert {colour(number) for number in numbers.values()} & colours(path) == on_it


def test_a_grid_without_axes_is_one_picture(tmp_path: Path) -> None:
    grid = drawn(tmp_path / "cells", plan_of([], Layout()))
    [path] = write_sheet(*grid.args(), tmp_path / "sheet.png")
    assert colour(0) in colours(path)


def test_rows_and_columns_that_are_wholly_left_out_take_no_room() -> None:
    first, second = frozenset({0}), frozenset({1})
    plan = plan_of([STRENGTHS, PROMPTS], excluded=[{0: second}, {0: first, 1: second}])
    [table] = tables(plan, shown_layout(plan))
    assert table.columns == ((0,), (2,))
    assert table.rows == ((0,), (1,))


def test_a_page_too_large_is_cut_into_whole_rows_and_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet_module, "LARGEST_SIDE", 1500)
    monkeypatch.setattr(sheet_module, "LARGEST_AREA", 1_800_000)
    grid = drawn(
        tmp_path / "cells",
        plan_of(
            [
                axis(AxisKind.STRENGTH, *(n / 10 for n in range(12))),
                axis(AxisKind.SEED, *range(9)),
            ],
            size=(256, 192),
        ),
    )
    paths = write_sheet(*grid.args(), tmp_path / "sheet.png")
    assert paths[0].name == "sheet.png"
    assert paths[1].name == f"sheet-{2:0{len(str(len(paths)))}}.png"
    seen: set[object] = set()
    for path in paths:
        with Image.open(path) as sheet:
            assert max(sheet.size) <= 1500
            assert sheet.width * sheet.height <= 1_800_000
        seen |= colours(path)
    assert {colour(number) for number in range(len(grid.finished))} <= seen
    with Image.open(paths[0]) as sheet:
        counts = {found: count for count, found in sheet.getcolors(1 << 24) or []}
    assert counts[colour(0)] == 256 * 192, "cut rather than shrunk"


@pytest.mark.parametrize(
    ("groups", "size", "heights"),
    [
        (1, 10, [4, 4, 2]),
        (3, 2, [4, 2]),
        (2, 3, [3, 3]),
        (2, 5, [3, 2, 3, 2]),
    ],
)
def test_groups_of_rows_stay_together_where_they_fit(
    groups: int, size: int, heights: list[int]
) -> None:
    plan = plan_of(
        [
            STRENGTHS,
            axis(AxisKind.LORA, *map(model, "abc"[:groups])),
            axis(AxisKind.SEED, *range(size)),
        ],
        Layout(x=(0,), y=(1, 2)),
    )
    [table] = tables(plan, shown_layout(plan))
    cut = parts(table, (100, 100), (0, 0), side=450, area=10**9)
    assert [len(part.rows) for part in cut] == heights
    assert tuple(row for part in cut for row in part.rows) == table.rows
    assert [part.part for part in cut] == list(range(1, len(cut) + 1))


def test_pictures_of_several_sizes_keep_their_shapes(tmp_path: Path) -> None:
    plan = plan_of([axis(AxisKind.SIZE, (256, 256), (512, 256), (256, 512))], size=(256, 256))
    grid = drawn(tmp_path / "cells", plan)
    [path] = write_sheet(*grid.args(), tmp_path / "sheet.png")
    with Image.open(path) as sheet:
        counts = {found: count for count, found in sheet.getcolors(1 << 24) or []}
    assert counts[colour(0)] == 512 * 512
    assert counts[colour(1)] == counts[colour(2)] == 512 * 256


def test_bases_are_marked_by_their_label_or_else_by_a_badge() -> None:
    plan = plan_of([STRENGTHS, PROMPTS])
    assert base_values(plan) == {(0, 0)}
    few = plan_of([STRENGTHS, PROMPTS], excluded=[{0: frozenset({1, 2}), 1: frozenset({1})}])
    assert (0, 0) not in base_values(few)


def test_a_sheet_survives_hostile_text_and_broken_pictures(tmp_path: Path) -> None:
    texts = axis(AxisKind.PROMPT, HOSTILE * 40, "日本語 Привет café")
    plan = plan_of([STRENGTHS, texts], prompt=HOSTILE, title=HOSTILE * 9)
    grid = drawn(tmp_path / "cells", plan, failed=2, text=HOSTILE)
    for cell in grid.finished.values():
        Path(cell.path).write_bytes(b"\x89PNG\r\n\x1a\n broken")
    [path] = write_sheet(*grid.args(), tmp_path / "sheet.png", notes=[HOSTILE])
    with Image.open(path) as sheet:
        assert sheet.width < 3000
        assert FAILED in {found for _, found in sheet.getcolors(1 << 24) or []}


def test_notes_are_printed(tmp_path: Path) -> None:
    grid = drawn(tmp_path / "cells", plan_of([STRENGTHS]))
    [plain] = write_sheet(*grid.args(), tmp_path / "plain.png")
    [noted] = write_sheet(*grid.args(), tmp_path / "noted.png", notes=["Approximate: TAESD."])
    ink = (146, 84, 10)
    assert ink not in colours(plain)
    assert ink in colours(noted)


def test_facts_tell_what_no_axis_varies() -> None:
    plan = plan_of([STRENGTHS, axis(AxisKind.SEED, 7), axis(AxisKind.SAMPLER, "Euler", "DDIM")])
    facts = {fact.kind: fact.text for fact in shared_facts(plan.spec)}
    assert facts[AxisKind.SEED] == "7"
    assert facts[AxisKind.PROMPT] == "a cat"
    assert not facts.keys() & {AxisKind.STRENGTH, AxisKind.SAMPLER, AxisKind.DENOISING}
    line = facts_line(shared_facts(plan.spec))
    assert line == "base-model  ·  LoRA my_style  ·  20 steps  ·  guidance 7  ·  64 × 64  ·  seed 7"


def test_facts_leave_out_what_is_not_there() -> None:
    plan = plan_of([STRENGTHS, axis(AxisKind.INIT_IMAGE, None), axis(AxisKind.NEGATIVE, "")])
    kinds = {fact.kind for fact in shared_facts(plan.spec)}
    assert not kinds & {AxisKind.INIT_IMAGE, AxisKind.DENOISING, AxisKind.NEGATIVE}


def test_axes_and_values_have_readable_names() -> None:
    part = axis(AxisKind.PROMPT_PART, "red", "", find="red")
    assert axis_name(part) == "Prompt part ‘red’"
    assert axis_name(axis(AxisKind.GUIDANCE, 7.0)) == "Guidance scale"
    assert [value_text(part, number) for number in range(2)] == ["red", "(no words)"]


def test_wrapping_breaks_at_spaces_and_marks_what_is_cut() -> None:
    font = ImageFont.load_default(16)
    lines = wrap("several words in a row " * 9, font, 200, 3)
    assert len(lines) == 3
    assert all(font.getlength(line) <= 200 for line in lines)
    assert lines[0].endswith(("several", "words", "in", "a", "row"))
    assert lines[-1].endswith("…")
    assert wrap("x" * 500, font, 40, 2)[-1].endswith("…")
    assert wrap("", font, 40, 2) == [""]


def test_names_are_shortened_in_their_middle() -> None:
    font = ImageFont.load_default(16)
    lines = wrap_name("a_style_of_lanterns_and_boats_by_somebody_v2-000008", font, 150, 2)
    assert len(lines) == 2
    assert all(font.getlength(line) <= 150 for line in lines)
    assert "…" in "".join(lines)
    assert lines[0].startswith("a_style")
    assert lines[-1].endswith("v2-000008")
    assert wrap_name("short", font, 150, 2) == ["short"]


def test_a_face_with_the_letters_is_found() -> None:
    assert face("plain", 16).getname() == ImageFont.load_default(16).getname()  # type: ignore[union-attr]
    try:
        ImageFont.truetype("DejaVuSans.ttf", 16)
    except OSError:
        pytest.skip("this system has no DejaVu Sans")
    assert face("café", 16).getname()[0] == "DejaVu Sans"  # type: ignore[union-attr]
