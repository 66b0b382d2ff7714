"""Walking through a grid of any axes: pages, rows, columns, labels, what is left out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path

from loradex.domain.axes import AxisKind
from loradex.domain.grid import GridRecord, Layout, Place, RecordAxis, RecordCell, RenderSettings
from loradex_tui.grids.sheet import GridSheet, Head, SheetCell
from loradex_tui.grids.words import place_words, prompt_at
from loradex_tui.widgets.cell_info import cell_info

LORAS = RecordAxis(AxisKind.LORA, ("knight", "alley"), ("knight", "alley"))
STRENGTHS = RecordAxis(AxisKind.STRENGTH, ("0", "0.5", "1"), ("0", "0.5", "1"))
SAMPLERS = RecordAxis(AxisKind.SAMPLER, ("Euler", "DDIM"), ("Euler", "DDIM"))
SEEDS = RecordAxis(AxisKind.SEED, ("7", "8"), ("7", "8"))
PROMPTS = RecordAxis(AxisKind.PROMPT, ("a fox …", "a dog …"), ("a fox in snow", "a dog in snow"))
PARTS = RecordAxis(AxisKind.PROMPT_PART, ("rain", "none"), ("rain", ""), "snow")
TRIGGERS = RecordAxis(AxisKind.TRIGGER, ("on", "off"), ("on", "off"))
ONE_SIZE = RecordAxis(AxisKind.SIZE, ("512×512",), ("512x512",))


def record(axes: Sequence[RecordAxis], layout: Layout, prompt: str = "a fox in snow") -> GridRecord:
    return GridRecord(
        1, "a grid", 0.0, "base", ("knight",), tuple(axes), layout, RenderSettings(), prompt,
        0, 0, 0, "/g", None, None,
    )  # fmt: skip


def sheet_of(
    axes: Sequence[RecordAxis], layout: Layout, *, without: Sequence[Place] = ()
) -> GridSheet:
    """Return a sheet whose pictures are called by their places; the base is at strength 0."""
    kept = record(axes, layout)
    strengths = [number for number, axis in enumerate(axes) if axis.kind is AxisKind.STRENGTH]

    def base(at: Place) -> str | None:
        other = tuple(0 if number in strengths else value for number, value in enumerate(at))
        return None if other == at else _path(other)

    places = [at for at in product(*map(range, kept.lengths)) if at not in without]
    return GridSheet(kept, [RecordCell(at, _path(at), None, base(at)) for at in places])


def _path(at: Place) -> str:
    return "/" + "".join(map(str, at))


def paths(sheet: GridSheet) -> list[list[str | None]]:
    """Return the page as it is seen."""
    cells = [[sheet.cell(row, column) for column in range(sheet.columns)]
             for row in range(sheet.rows)]  # fmt: skip
    return [[cell.path.name if cell.path else None for cell in row] for row in cells]


def test_a_layout_makes_pages_rows_and_columns() -> None:
    sheet = sheet_of((LORAS, SEEDS, STRENGTHS), Layout(x=(2,), y=(1,), pages=(0,)))
    assert (sheet.pages, sheet.rows, sheet.columns) == (2, 2, 3)
    assert paths(sheet) == [["000", "001", "002"], ["010", "011", "012"]]
    sheet.turn(1)
    assert paths(sheet) == [["100", "101", "102"], ["110", "111", "112"]]
    sheet.turn(1)
    assert sheet.page == 0


def test_axes_go_where_the_layout_says_whatever_their_order() -> None:
    sheet = sheet_of((LORAS, SEEDS, STRENGTHS), Layout(x=(1, 0), y=(2,)))
    assert paths(sheet) == [
        ["000", "100", "010", "110"],
        ["001", "101", "011", "111"],
        ["002", "102", "012", "112"],
    ]
    assert sheet.heads() == [
        [Head(text, column, 1) for column, text in enumerate(["knight", "alley"] * 2)],
        [Head("7", 0, 2), Head("8", 2, 2)],
    ]


def test_one_cell_is_a_grid_too() -> None:
    sheet = sheet_of((), Layout())
    assert (sheet.pages, sheet.rows, sheet.columns, sheet.at) == (1, 1, 1, ())
    assert paths(sheet) == [[""]]
    assert sheet.heads() == [[Head("", 0, 1)]]
    assert "Prompt a fox in snow" in cell_info(sheet).plain


def test_a_grid_without_cells_has_nothing_to_look_at() -> None:
    sheet = GridSheet(record((SEEDS,), Layout(x=(0,))), [])
    assert (sheet.pages, sheet.rows, sheet.columns, sheet.at) == (0, 0, 0, None)
    sheet.move(1, 1)
    sheet.turn(1)
    assert (sheet.row, sheet.column, sheet.page) == (0, 0, 0)
    assert sheet.base_cell is None
    assert sheet.shown_cell == SheetCell(left_out=True)
    assert cell_info(sheet).plain == "There are no pictures in this grid."


def test_what_is_left_out_leaves_a_hole_or_no_row_at_all() -> None:
    without = [(0, 1), (1, 1), (1, 2), (1, 0)]
    sheet = sheet_of((SEEDS, STRENGTHS), Layout(x=(1,), y=(0,)), without=without)
    assert paths(sheet) == [["00", "02"]]
    assert sheet.heads() == [[Head("0", 0, 1), Head("1", 1, 1)]]
    sheet = sheet_of((SEEDS, STRENGTHS), Layout(x=(1,), y=(0,)), without=[(0, 1)])
    assert paths(sheet) == [["00", None, "02"], ["10", "11", "12"]]
    sheet.move(0, 1)
    assert sheet.shown_cell.left_out
    assert "left out" in cell_info(sheet).plain


def test_a_smaller_page_takes_the_cursor_back() -> None:
    without = [(1, 1, 0), (1, 1, 1), (1, 1, 2), (1, 0, 2)]
    sheet = sheet_of((LORAS, SEEDS, STRENGTHS), Layout(x=(2,), y=(1,), pages=(0,)), without=without)
    sheet.move(1, 2)
    assert sheet.at == (0, 1, 2)
    sheet.turn(-1)
    assert paths(sheet) == [["100", "101"]]
    assert sheet.at == (1, 0, 1)


def test_flipping_shows_the_picture_without_the_lora() -> None:
    sheet = sheet_of((LORAS, STRENGTHS), Layout(x=(1,), y=(0,)))
    assert sheet.base_cell is None, "it has no LoRA itself"
    sheet.move(1, 2)
    sheet.flipped = True
    assert sheet.shown_cell.path == Path("/10")
    told = cell_info(sheet).plain
    assert "base (without the LoRA)" in told
    assert "Strength" not in told
    assert "alley" not in told
    sheet.move(0, 0)
    assert sheet.shown_cell.path == Path("/12")
    assert "Strength 1 " in cell_info(sheet).plain


def test_an_update_tells_whether_a_cell_changed() -> None:
    kept = record((SEEDS,), Layout(x=(0,)))
    cells = [RecordCell((0,), None, None, None), RecordCell((1,), None, None, None)]
    sheet = GridSheet(kept, cells)
    assert not sheet.update(kept, cells)
    failed = [cells[0], RecordCell((1,), None, "no memory", None)]
    assert sheet.update(kept, failed)
    assert sheet.cell(0, 1) == SheetCell(error="no memory")
    drawn = [cells[0], RecordCell((1,), "/a.png", "no memory", None)]
    assert sheet.update(kept, drawn)
    assert sheet.cell(0, 1) == SheetCell(Path("/a.png"))


def test_an_axis_of_one_value_has_no_label_beside_others() -> None:
    layout = Layout(x=(0, 1), y=(2,))
    sheet = sheet_of((ONE_SIZE, STRENGTHS, SEEDS), layout)
    assert len(sheet.heads()) == 1
    assert place_words(sheet.record, sheet.row_place(1)) == "Seed 8"
    alone = sheet_of((ONE_SIZE, SEEDS), Layout(x=(0,), y=(1,)))
    assert alone.heads() == [[Head("512×512", 0, 1)]]


def test_words_of_a_place_put_sentences_last() -> None:
    kept = record((PROMPTS, TRIGGERS, SEEDS), Layout(y=(0, 1, 2)))
    assert (
        place_words(kept, {0: 1, 1: 1, 2: 0}) == "Seed 7  a dog in snow  Trigger words off"
    )  # a prompt whole, not its label
    hostile = RecordAxis(AxisKind.LORA, ("[red]\x1b[2J", "b"), ("", ""))
    assert place_words(record((hostile,), Layout(y=(0,))), {0: 0}) == "[red]\\x1b[2J"


def test_the_prompt_of_a_place_is_whole() -> None:
    kept = record((PROMPTS, PARTS), Layout(y=(0, 1)))
    prompts = [prompt_at(kept, at) for at in product(range(2), range(2))]
    assert prompts == ["a fox in rain", "a fox in ", "a dog in rain", "a dog in "]
    assert prompt_at(record((SEEDS,), Layout(x=(0,)), "mine"), (1,)) == "mine"
    sheet = sheet_of((PROMPTS, PARTS, SAMPLERS), Layout(x=(2,), y=(0, 1)))
    sheet.move(2, 1)
    assert cell_info(sheet).plain == "Sampler DDIM   Prompt 2/2 a dog in rain"
