"""What a person writes about models: it lands in the catalog and on the screen."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from loradex.catalog.catalog import Catalog
from loradex.settings import Settings
from loradex_tui.screens.note_editor import NoteEditor
from loradex_tui.screens.tag_editor import TagEditor
from tui.stage import showing


def tags(catalog: Catalog, id_: int) -> set[str]:
    """Return the tags of a model as the catalog has them."""
    return set(catalog.rows([id_])[0].tags)


async def test_tags_are_added_removed_and_completed(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        await stage.look_at("knight")
        await stage.press("t")
        editor = stage.app.screen
        assert isinstance(editor, TagEditor)
        await stage.until(lambda: "scifi" in stage.text)
        await stage.type("portrait, -neon")
        await stage.press("enter")
        await stage.until(lambda: tags(catalog, 1) == {"scifi", "style", "portrait"})
        await stage.type("po")
        assert "❯ portrait" in stage.text
        await stage.press("tab")
        assert editor.query_one("Input").value == "portrait"  # type: ignore[attr-defined]
        await stage.press("escape")
        await stage.until(lambda: "portrait" in stage.text)
        # The filters know the new tag as well.
        assert any("[ ] portrait" in line for line in stage.lines)


async def test_a_tag_goes_on_all_that_are_marked(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        await stage.search("kind:checkpoint")
        await stage.press("enter", "ctrl+a")
        assert "* 3 marked" in stage.text
        await stage.press("t")
        assert "Tags of 3 models" in stage.text
        await stage.type("base model")
        await stage.press("enter")
        await stage.until(lambda: all(tags(catalog, id_) == {"base model"} for id_ in (5, 6, 7)))
        await stage.until(lambda: "3 of 3" in stage.text)
        assert "✓ written: +base model on 3" in stage.text
        await stage.press("escape", "ctrl+a")
        assert "marked" not in stage.text


async def test_the_editor_is_left_at_once_whatever_is_written(catalog: Catalog) -> None:
    with closing(sqlite3.connect(catalog.home.catalog, isolation_level=None)) as other:
        async with showing(catalog, toasts=True) as stage:
            await stage.look_at("knight")
            await stage.press("t")
            await stage.until(lambda: "scifi" in stage.text)
            other.execute("BEGIN IMMEDIATE")  # nobody else writes now
            await stage.type("portrait")
            stage.post("enter")
            stage.post("escape")
            await stage.pilot.pause()
            assert stage.app.screen is stage.library
            await stage.pilot.pause()
            assert "written on" in stage.toasts
            assert "portrait" not in tags(catalog, 1)
            other.execute("ROLLBACK")
            await stage.until(lambda: "Tagged 1 model" in stage.toasts)
            assert "portrait" in tags(catalog, 1)
            await stage.press("u")
            await stage.until(lambda: "portrait" not in tags(catalog, 1))


async def test_a_tag_that_is_refused_says_why(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        await stage.press("t")
        field = stage.app.screen.query_one("Input")
        field.value = "x" * 101  # type: ignore[attr-defined]
        await stage.press("enter")
        await stage.until(lambda: "is longer than 100" in stage.text)


async def test_marks_stay_when_the_search_changes(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        await stage.search("neon")
        await stage.press("enter", "space")
        await stage.search("oil")
        await stage.press("enter", "space")
        assert stage.library.models.targets == [2, 4]
        assert "* 2 marked" in stage.text


async def test_a_note_is_written_in_lines(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        await stage.look_at("knight")
        await stage.press("e")
        await stage.until(lambda: isinstance(stage.app.screen, NoteEditor))
        assert "Works best at 0.8." in stage.text
        await stage.press("enter")
        await stage.type("Not with hires.")
        await stage.press("ctrl+s")
        wanted = "Works best at 0.8.\nNot with hires."
        await stage.until(lambda: catalog.details(1).note == wanted)
        await stage.until(lambda: "Not with hires." in stage.text)


async def test_a_changed_note_is_not_lost_by_one_escape(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        await stage.look_at("knight")
        await stage.press("e")
        await stage.until(lambda: isinstance(stage.app.screen, NoteEditor))
        await stage.press("x", "escape")
        assert "again drops what is not saved" in stage.text
        await stage.press("escape")
        assert catalog.details(1).note == "Works best at 0.8."


@pytest.mark.parametrize(("key", "rating"), [("4", 4), ("0", None)])
async def test_stars_and_favourites(catalog: Catalog, key: str, rating: int | None) -> None:
    async with showing(catalog) as stage:
        await stage.look_at("oil")
        await stage.press("*", key)
        await stage.until(lambda: catalog.rows([4])[0].rating == rating)
        await stage.press("*", "f")
        await stage.until(lambda: catalog.rows([4])[0].favourite)
        await stage.until(lambda: "♥" in stage.text)
        await stage.press("u")
        await stage.until(lambda: not catalog.rows([4])[0].favourite)
        await stage.press("u")
        await stage.until(lambda: catalog.rows([4])[0].rating == 5)


async def test_what_was_written_is_taken_back_in_turn(catalog: Catalog) -> None:
    catalog.person.remove_tags([2], ["style"])
    async with showing(catalog, toasts=True) as stage:
        await stage.search("neon")
        await stage.press("enter", "ctrl+a", "t")
        await stage.until(lambda: "neon 2 of 2" in stage.text)
        await stage.type("=style, new")
        await stage.until(lambda: "+style on 1, +new on 2, -neon on 2, -scifi on 2" in stage.text)
        await stage.press("enter")
        await stage.until(lambda: tags(catalog, 2) == {"style", "new"})
        await stage.press("escape", "*", "3")
        await stage.until(lambda: catalog.rows([1])[0].rating == 3)
        assert "for 2 models · u undo" in stage.toasts
        await stage.press("u")
        await stage.until(lambda: catalog.rows([1])[0].rating is None)
        assert "Took back: the rating of 2 models." in stage.toasts
        await stage.press("u")
        await stage.until(lambda: tags(catalog, 2) == {"neon", "scifi"})
        assert tags(catalog, 1) == {"neon", "scifi", "style"}
        assert catalog.person.removed_tags([1, 2]) == {2: frozenset({"style"})}
        await stage.press("u")
        assert "Nothing was done here that could be undone." in stage.toasts


async def test_a_note_is_taken_back_unless_it_was_changed_since(catalog: Catalog) -> None:
    async with showing(catalog, toasts=True) as stage:
        await stage.look_at("knight")
        await stage.press("e")
        await stage.until(lambda: isinstance(stage.app.screen, NoteEditor))
        await stage.type(" Mine.")
        await stage.press("ctrl+s")
        await stage.until(lambda: catalog.details(1).note == "Works best at 0.8. Mine.")
        catalog.person.set_note(1, "Theirs.")
        await stage.press("u")
        await stage.until(lambda: "1 model changed again meanwhile" in stage.toasts)
        assert catalog.details(1).note == "Theirs."
        await stage.press("E")
        await stage.until(lambda: "No other program can be shown here" in stage.toasts)


async def test_tags_are_copied_from_one_model_to_others(catalog: Catalog) -> None:
    async with showing(catalog, toasts=True) as stage:
        await stage.press("T")
        assert "No tags were copied" in stage.toasts
        await stage.look_at("knight")
        await stage.press("y", "g")
        assert stage.app.clipboard == "neon, scifi, style"
        await stage.search("kind:checkpoint")
        await stage.press("enter", "ctrl+a", "T")
        await stage.until(lambda: tags(catalog, 5) == {"neon", "scifi", "style"})
        await stage.press("u")
        await stage.until(lambda: not tags(catalog, 5))


@pytest.mark.parametrize(
    ("key", "copied"),
    [
        ("t", "neonkn, glowing armor"),
        ("l", "<lora:neon_knight_v3:0.7> neonkn, glowing armor"),
        ("p", "neon_knight_v3.safetensors"),
    ],
)
async def test_copying_puts_it_on_the_clipboard(catalog: Catalog, key: str, copied: str) -> None:
    catalog.preferences.set([1], {"strength": 0.7})
    async with showing(catalog, settings=Settings(hub_url="https://hub.invalid")) as stage:
        await stage.look_at("knight")
        await stage.press("y")
        await stage.until(lambda: "Copy" in stage.app.screen.query("#box").first().border_title)
        await stage.press(key)
        assert stage.app.clipboard.endswith(copied)
        assert "Copied the" in stage.toasts


async def test_a_click_chooses_and_a_second_one_opens(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        models = stage.library.models
        await stage.pilot.click(models, offset=(6, 3))
        await stage.until(lambda: models.cursor == 3)
        await stage.pilot.click(models, offset=(6, 3), times=2)
        await stage.until(lambda: stage.library.details.has_focus)
