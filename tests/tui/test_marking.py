"""Marks: one by one, as a range, all of a query, and what is not shown."""

from __future__ import annotations

import pytest

from loradex.catalog.catalog import Catalog
from loradex_tui.widgets.marks import Marks
from tui.stage import NARROW, WIDE, showing


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_a_range_follows_the_cursor(catalog: Catalog, size: tuple[int, int]) -> None:
    async with showing(catalog, size) as stage:
        models = stage.library.models
        ids = list(models.window.ids)
        await stage.press("j", "v", "j", "j")
        assert models.marks == set(ids[1:4])
        assert "range: v ends it" in stage.text
        await stage.press("k")
        assert models.marks == set(ids[1:3])
        await stage.press("k", "k")
        assert models.marks == set(ids[:2]), "it turns round its beginning"
        await stage.press("G")
        assert models.marks == set(ids[1:])
        await stage.press("escape", "k")
        assert models.marks == set(ids[1:]), "Esc ends the range, and leaves its marks"
        assert "* 9 marked of 10" in stage.text
        await stage.press("I")
        assert models.marks == {ids[0]}
        await stage.press("home", "shift+down", "shift+down", "shift+up")
        assert models.marks == set(ids[:2])
        await stage.press("j", "shift+down")
        assert models.marks == set(ids[:4]), "a new range is added to what was marked"


async def test_all_is_the_query_and_what_is_elsewhere_is_told(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        models = stage.library.models
        await stage.search("kind:checkpoint")
        await stage.press("enter", "ctrl+a")
        await stage.search("neon , dream")
        await stage.press("enter")
        assert "* 3 marked (2 not shown)" in stage.text
        assert models.marked.shown == 1
        await stage.press("ctrl+a")
        assert "* 5 marked (2 not shown)" in stage.text
        await stage.press("I")
        assert models.marks == {6, 7}
        await stage.press("escape")
        assert "marked" not in stage.text


async def test_clicks_mark(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        models = stage.library.models
        ids = list(models.window.ids)
        await stage.pilot.click(models, offset=(1, 2))
        assert models.marks == {ids[2]}
        await stage.pilot.click(models, offset=(8, 4), control=True)
        assert models.marks == {ids[2], ids[4]}
        await stage.pilot.click(models, offset=(8, 6), shift=True)
        assert models.marks == {ids[2], *ids[4:7]}


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_g_waits_for_where_to_go(catalog: Catalog, size: tuple[int, int]) -> None:
    async with showing(catalog, size) as stage:
        models = stage.library.models
        await stage.press("G", "g")
        assert "Go to" in stage.text
        assert "h Hub" in stage.text
        await stage.press("g")
        assert models.cursor == 0
        assert "Go to" not in stage.text
        await stage.press("g", "e")
        assert models.cursor == 9
        await stage.press("g", "t")
        assert stage.app.screen is stage.library, "t stood for no place, and not for tags either"
        await stage.press("g", "escape", "k")
        assert models.cursor == 8
        await stage.press("g", "x")
        await stage.until(lambda: getattr(stage.app.screen, "HERE", "") == "Grids")
        await stage.press("g", "l")
        assert stage.app.screen is stage.library


async def test_a_pane_gets_more_room(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        library = stage.library
        details = library.query_one("#details")
        usual = details.size.width
        await stage.press("enter", "enter")
        assert details.size.width > 130
        await stage.press("enter")
        assert details.size.width == usual
        await stage.press("+")
        assert usual < details.size.width < 80
        await stage.press("f")
        assert library.query_one("#filters").size.width > 10, "it comes back to be gone to"
        await stage.press("escape", "_")
        assert library.query_one("#models").size.width > 130
        await stage.press("escape")
        assert library.query_one("#details").size.width == usual
        await stage.press("+")
        await stage.pilot.resize_terminal(80, 24)
        await stage.settle()
        assert "10 of 10 models" in stage.text


def test_marks_know_how_many_are_shown() -> None:
    marks = Marks()
    marks.show(range(100, 200))
    marks.toggle_all()
    marks.show(range(150, 250))
    assert (len(marks.ids), marks.shown) == (100, 50)
    marks.begin_range(40, sticky=True)
    for index in (60, 45, 20, 99, 40):
        marks.extend(index)
        wanted = set(range(100, 200)) | {150 + n for n in range(min(40, index), max(40, index) + 1)}
        assert marks.ids == wanted, index
        assert marks.shown == len(wanted & set(range(150, 250)))
    marks.invert()
    assert marks.shown == 50
    assert not marks.in_range
