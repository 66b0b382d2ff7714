"""Help, palette, hints: made from what the keys really do."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from textual.binding import Binding

import loradex_tui
from loradex.catalog.catalog import Catalog
from loradex.cli.main import COMMANDS
from loradex_tui.actions import ACTIONS
from loradex_tui.actor import Actor
from loradex_tui.screens.confirm import Confirm
from loradex_tui.screens.grid_screen import GridScreen
from loradex_tui.screens.help import HelpScreen, help_lines
from loradex_tui.screens.library import LibraryScreen
from tui.stage import NARROW, showing


def actors(scope: str) -> list[type[Actor]]:
    """Return the screens and widgets that have the keys of a scope."""
    for found in pkgutil.walk_packages(loradex_tui.__path__, "loradex_tui."):
        importlib.import_module(found.name)
    waiting, all_of_them = [Actor], []
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        ids = [each.id or "" for each in kind.BINDINGS if isinstance(each, Binding)]
        if any(id_.startswith(f"{scope}.") for id_ in ids):
            all_of_them.append(kind)
    return all_of_them


@pytest.mark.parametrize("scope", sorted({each.scope for each in ACTIONS}))
def test_every_action_is_done_by_all_that_have_its_keys(scope: str) -> None:
    doers = actors(scope)
    assert doers
    for action in ACTIONS:
        if action.scope == scope:
            lacking = [doer for doer in doers if not callable(getattr(doer, f"do_{action.id}", 0))]
            assert not lacking, action


async def test_help_lists_what_is_live_here_and_does_it(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        await stage.press("?")
        assert isinstance(stage.app.screen, HelpScreen)
        assert "Add and remove tags" in stage.text
        assert "There is no search or filter to clear." in stage.text
        assert "One picture to the left" not in stage.text
        await stage.type("mark all")
        assert "Write a note" not in stage.text
        await stage.press("enter")
        await stage.until(lambda: len(stage.library.models.marks) == 10)


async def test_help_names_the_keys_a_keymap_gave(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        stage.app.set_keymap({"library.tags": "w"})
        lines = help_lines(stage.library, stage.library.situation)
        assert {line.keys for line in lines if line.title == "Add and remove tags"} == {"w"}


async def test_an_action_that_is_not_possible_says_why(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        await stage.look_at("dreamshaper")
        await stage.press("x")
        assert "A grid is drawn of LoRAs; this is none." in stage.toasts
        assert isinstance(stage.app.screen, LibraryScreen)


async def test_the_palette_finds_actions_by_name(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        await stage.press("ctrl+p")
        await stage.type("favourite")
        await stage.until(lambda: "Rate, or make a favourite" in stage.text)
        await stage.press("down", "enter", "f")
        await stage.until(lambda: catalog.rows([stage.library.models.current_id or 0])[0].favourite)


async def test_the_bottom_line_fits_and_ends_with_help(catalog: Catalog) -> None:
    async with showing(catalog, NARROW) as stage:
        bottom = stage.lines[-1]
        assert "space Mark" in bottom
        assert bottom.rstrip().endswith("? Help")
        await stage.press("/")
        assert "Mark" not in stage.lines[-1]


async def test_quit_ends_the_app_and_leaves_no_question(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        await stage.pilot.press("q")
        await stage.pilot.pause()
        assert not isinstance(stage.app.screen, Confirm)
        assert stage.app._exit
        assert not isinstance(stage.app.screen, GridScreen)


async def test_what_is_typed_ahead_goes_where_the_focus_goes(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        await stage.type("/oil")
        await stage.until(lambda: stage.library.query_text == "oil")
        await stage.press("down")
        assert stage.library.models.has_focus
        await stage.type("*3")
        await stage.until(lambda: catalog.rows([4])[0].rating == 3)


async def test_letters_are_text_in_a_text_field(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        await stage.press("/")
        await stage.type("qfx?/*1")
        assert stage.library.search_bar.text == "qfx?/*1"
        assert not stage.app._exit


def test_the_command_lines_in_the_help_exist() -> None:
    named = {each.cli.split()[1] for each in ACTIONS if each.cli}
    assert named <= set(COMMANDS)
    assert all(each.cli.startswith("loradex ") for each in ACTIONS if each.cli)


async def test_keys_typed_ahead_of_a_menu_do_not_leave_what_lies_below(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        for key in ("s", "s", "s", "s", "escape", "escape"):
            stage.post(key)
        await stage.settle()
        await stage.press("s")
        assert "Sort by" in stage.text
        await stage.press("escape")
        assert stage.app.screen is stage.library
