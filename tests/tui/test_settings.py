"""Settings and doctor: what can be set is set, what is wrong is told, and nothing else changes."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from loradex.catalog.catalog import Catalog
from loradex.settings import Settings, load_settings
from loradex_tui.app import LoradexApp
from loradex_tui.launch import Launch
from loradex_tui.pictures.choice import PictureMode
from loradex_tui.screens.confirm import Confirm
from loradex_tui.screens.keys import KeysDialog, PressKey
from loradex_tui.screens.setting_dialog import SettingDialog
from loradex_tui.screens.settings import SettingsScreen
from loradex_tui.settings_lines import LineKind
from tui.stage import NARROW, WIDE, Stage, showing


def screen(stage: Stage) -> SettingsScreen:
    found = stage.app.screen
    assert isinstance(found, SettingsScreen)
    return found


async def stand_on(stage: Stage, kind: LineKind, id_: str) -> None:
    """Walk to a line by the keys."""
    await stage.until(lambda: screen(stage).lines.line_count > 10)
    lines = screen(stage).lines
    for _ in range(lines.line_count):
        if lines.current and (lines.current.kind, lines.current.id) == (kind, id_):
            return
        await stage.press("j")
    raise AssertionError(f"there is no {kind} {id_} in:\n{stage.text}")


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_a_setting_is_changed_refused_and_let_be_as_usual(
    catalog: Catalog, size: tuple[int, int]
) -> None:
    async with showing(catalog, size) as stage:
        await stage.press("7")
        await stand_on(stage, LineKind.SETTING, "downloads")
        assert "Files that are downloaded at once." in stage.text
        assert "loradex config set downloads VALUE" in stage.text
        await stage.press("enter", "backspace", "9", "9", "enter")
        await stage.until(lambda: "a whole number from 1 to 8" in stage.text)
        assert isinstance(stage.app.screen, SettingDialog)
        await stage.press("backspace", "backspace", "4", "enter")
        await stage.until(lambda: stage.app.settings.downloads == 4)
        await stage.until(lambda: isinstance(stage.app.screen, SettingsScreen))
        assert load_settings(catalog.home, {}).downloads == 4
        await stage.until(lambda: "loradex.toml" in stage.text or size == NARROW)
        await stage.press("d")
        await stage.until(lambda: stage.app.settings.downloads == 2)


async def test_another_key_works_at_once_and_the_next_time(catalog: Catalog) -> None:
    async with showing(catalog, toasts=True) as stage:
        await stage.press("7")
        await stand_on(stage, LineKind.KEYS, "keys")
        await stage.press("enter")
        assert isinstance(stage.app.screen, KeysDialog)
        await stage.type("add and remove tags")
        await stage.press("enter")
        assert isinstance(stage.app.screen, PressKey)
        await stage.press("s")
        assert "both library.sort and library.tags" in stage.text
        await stage.press("Z")
        await stage.until(lambda: stage.app.settings.keys == (("library.tags", "Z"),))
        await stage.press("1", "?")
        line = next(line for line in stage.lines if "Add and remove tags" in line)
        assert " Z " in line
    assert load_settings(catalog.home, {}).keys == (("library.tags", "Z"),)


async def test_what_is_wrong_with_keys_and_theme_is_told_at_the_start(catalog: Catalog) -> None:
    settings = Settings(theme="loradex-lihgt", keys=(("library.tgs", "T"),))
    async with showing(catalog, settings=settings, toasts=True) as stage:
        await stage.until(lambda: "There is no theme" in stage.toasts)
        assert "Did you mean loradex-light?" in stage.toasts
        assert "Did you mean library.tags?" in stage.toasts


async def test_a_chosen_theme_is_there_the_next_time(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        stage.app.theme = "loradex-light"
        await stage.until(lambda: stage.app.settings.theme == "loradex-light")
    assert load_settings(catalog.home, {}).theme == "loradex-light"


async def test_a_plugin_is_switched_and_a_library_forgotten(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        await stage.press("7")
        await stand_on(stage, LineKind.PLUGIN, "folder_tags")
        await stage.press("enter")
        await stage.until(lambda: stage.app.settings.disabled_plugins == ("folder_tags",))
        await stage.press("enter")
        await stage.until(lambda: stage.app.settings.disabled_plugins == ())
        await stage.press("home")
        await stand_on(stage, LineKind.LIBRARY, "main")
        await stage.press("d")
        assert isinstance(stage.app.screen, Confirm)
        await stage.press("n", "d", "y")
        await stage.until(lambda: catalog.files.libraries() == [])


async def test_the_doctor_finds_says_why_and_what_mends_it(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        await stage.press("7")
        await stand_on(stage, LineKind.CHECK_UP, "check up")
        assert "not asked yet" in stage.text
        await stage.press("r")
        await stage.until(lambda: "Files that cannot be read as models" in stage.text)
        await stand_on(stage, LineKind.CHECK, "unreadable")
        assert "halved.safetensors" in stage.text
        assert "loradex doctor unreadable" in stage.text
        await stage.press("escape")
        assert stage.app.screen is stage.library


async def test_a_theme_for_this_time_is_not_kept_and_a_chosen_one_stays(catalog: Catalog) -> None:
    launch = Launch(theme="loradex-light")
    app = LoradexApp(catalog, Settings(), PictureMode.HALF, launch)
    async with app.run_test() as pilot:
        stage = Stage(app, pilot)
        await stage.until(lambda: app.theme == "loradex-light")
        assert load_settings(catalog.home, {}).theme == ""
        app.theme = "loradex-contrast"
        await stage.until(lambda: app.settings.theme == "loradex-contrast")
        app.take_settings(replace(app.settings, downloads=3))
        await stage.settle()
        assert app.theme == "loradex-contrast"
    await asyncio.to_thread(catalog.close)
