"""Queries are completed, remembered and saved; results tell why, and are narrowed."""

from __future__ import annotations

import pytest

from loradex.catalog.catalog import Catalog
from loradex.operations import query_history
from loradex_tui.screens.collections_dialog import CollectionsDialog
from loradex_tui.widgets.facet_pane import FacetPane, FilterBox
from tui.stage import NARROW, WIDE, Stage, showing


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_fields_and_values_are_offered(catalog: Catalog, size: tuple[int, int]) -> None:
    async with showing(catalog, size) as stage:
        bar = stage.library.search_bar
        await stage.press("/")
        await stage.type("ta")
        await stage.press("tab")
        await stage.until(lambda: bar.offers.is_open)
        assert "❯ tag:" in stage.text
        await stage.press("tab")
        await stage.until(lambda: "❯ neon" in stage.text)
        assert bar.text == "tag:"
        await stage.press("down", "down", "up", "tab")
        assert bar.text == "tag:scifi"
        assert not bar.offers.is_open
        await stage.until(lambda: stage.library.query_text == "tag:scifi")
        await stage.type(" base:pon")
        await stage.until(lambda: "❯ pony" in stage.text)
        await stage.press("escape")
        assert not bar.offers.is_open
        assert bar.field.has_focus
        await stage.press("ctrl+@", "enter")
        assert stage.library.models.has_focus


async def test_earlier_queries_come_back(catalog: Catalog) -> None:
    for query in ("kind:vae", "oil"):
        query_history.remember(catalog.home, query)
    async with showing(catalog) as stage:
        bar = stage.library.search_bar
        await stage.until(lambda: bar.earlier)
        await stage.press("/")
        await stage.type("neo")
        await stage.press("up")
        assert bar.text == "oil"
        await stage.press("up", "up")
        assert bar.text == "kind:vae"
        await stage.press("down", "down")
        assert bar.text == "neo", "what was being typed is not lost"
        await stage.press("enter")
        await stage.until(lambda: list(bar.earlier) == ["kind:vae", "oil", "neo"])
    assert query_history.asked(catalog.home)[-1] == "neo"


async def test_a_row_says_why_it_was_found(catalog: Catalog) -> None:
    async with showing(catalog, (160, 45)) as stage:
        await stage.search("glowing")
        await stage.press("enter")
        (line,) = (line for line in stage.lines if "❯" in line)
        assert "word glowing armor" in line
        await stage.until(lambda: "found by word glowing armor" in stage.text)
        await stage.search("knight")
        await stage.until(lambda: "found by" not in stage.text)


async def test_a_query_is_saved_gone_to_and_taken_back(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        library = stage.library
        await stage.press("S")
        assert "There is no query to save" in stage.toasts
        await stage.search("kind:checkpoint sort:size")
        await stage.press("enter", "S")
        assert "kind:checkpoint" in stage.text
        await stage.type("big ones")
        await stage.press("enter")
        await stage.until(lambda: catalog.collections.named("big ones"))
        await stage.press("F", "C")
        await stage.until(lambda: "3 models  kind:checkpoint" in stage.text)
        await stage.press("enter")
        await stage.until(lambda: library.query_text == 'collection:"big ones"')
        assert library.models.line_count == 3
        await stage.press("u")
        await stage.until(lambda: not catalog.collections.named("big ones"))


async def listed(stage: Stage, words: str) -> None:
    """Wait until the dialog lists a collection so."""
    dialog = stage.app.screen
    assert isinstance(dialog, CollectionsDialog)
    await stage.until(lambda: any(words in line for line in stage.lines))


async def test_models_are_picked_into_a_collection(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        await stage.search("neon")
        await stage.press("enter", "ctrl+a", "C")
        assert "No collection yet" in stage.text
        await stage.press("n")
        await stage.type("keepers")
        await stage.press("enter")
        await listed(stage, "2 models  by hand")
        await stage.press("r")
        await listed(stage, "0 models  by hand")
        await stage.press("a")
        await listed(stage, "2 models  by hand")
        await stage.press("e", "end")
        await stage.type("!")
        await stage.press("enter")
        await listed(stage, "keepers!")
        await stage.press("d")
        await stage.until(lambda: "No collection yet" in stage.text)
        await stage.press("escape", "u")
        await stage.until(lambda: catalog.collections.named("keepers!"))
        assert catalog.ids('collection:"keepers!"') == [2, 1]
        await stage.press("u")
        await stage.until(lambda: catalog.collections.named("keepers"))
        await stage.press("u")
        await stage.until(lambda: not catalog.ids("collection:keepers"))


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_the_filters_are_narrowed_and_complete(
    catalog: Catalog, size: tuple[int, int]
) -> None:
    catalog.person.add_tags([3], [f"tag {number:03d}" for number in range(150)])
    async with showing(catalog, size) as stage:
        pane = stage.library.query_one(FacetPane)
        await stage.press("f")
        fields = {line.field for line in pane.lines}
        assert {"kind", "base", "rating", "is", "tag"} <= fields
        assert "collection" not in fields
        assert any("53 more" in line.label for line in pane.lines)
        await stage.press("/")
        await stage.type("tag 149")
        await stage.until(lambda: [line.value for line in pane.lines] == [None, "tag 149"])
        await stage.press("enter", "space")
        await stage.until(lambda: stage.library.query_text == 'tag:"tag 149"')
        assert stage.library.models.line_count == 1
        await stage.press("escape")
        await stage.until(lambda: "kind" in {line.field for line in pane.lines})
        assert pane.has_focus
        await stage.press("escape")
        assert stage.library.models.has_focus
        await stage.press("f", "/")
        await stage.type("nothing has this")
        await stage.until(lambda: "None holds this" in stage.text)
        await stage.press("escape")
        assert stage.library.query_one(FilterBox).field.value == ""


async def test_two_ratings_mean_either(catalog: Catalog) -> None:
    catalog.person.set_rating([1], 3)
    async with showing(catalog) as stage:
        pane = stage.library.query_one(FacetPane)
        await stage.press("f")
        for value in ("5", "3"):
            place = [(line.field, line.value) for line in pane.lines].index(("rating", value))
            pane.move_to(place)
            await stage.press("enter")
            await stage.until(lambda value=value: value in stage.library.query_text)
        assert stage.library.query_text == "rating:5,3"
        assert set(stage.library.models.window.ids) == {1, 4}
