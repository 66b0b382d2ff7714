"""A person's tastes: the theme and the keys of the settings, used now and when they change."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from textual.theme import Theme

from loradex.operations.setting_file import set_setting
from loradex_tui.background import in_background
from loradex_tui.keymap import read_keymap
from loradex_tui.themes import DARK

if TYPE_CHECKING:
    from loradex.settings import Settings
    from loradex_tui.app import LoradexApp


def apply_theme(app: LoradexApp, name: str) -> None:
    """Use a theme (empty: our own dark one), or tell that there is none of that name.

    Where no colours are wanted, or few bytes, the theme stays as it is.
    """
    wanted = name or DARK.name
    if app.ansi_color or wanted == app.theme:
        return
    if wanted in app.available_themes:
        app.theme = wanted
    else:
        near = get_close_matches(wanted, app.available_themes, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        app.notify(f"There is no theme {wanted!r}.{hint}", severity="warning", timeout=8)


def apply_keys(app: LoradexApp) -> None:
    """Use the keys of the settings, and tell what is wrong with them."""
    keymap = read_keymap(app.settings.keys)
    app.set_keymap(dict(keymap.keys))
    if keymap.faults:
        app.notify("\n".join(keymap.faults), severity="warning", timeout=12)


def keep_theme(app: LoradexApp, theme: Theme) -> None:
    """Write down the theme that a person chose, so that it is there the next time.

    One that was named for this time only is not written down.
    """
    usual = app.settings.theme or DARK.name
    if app.ansi_color or theme.name in (usual, app.launch.theme):
        return
    home = app.catalog.home

    def kept(settings: Settings) -> None:
        app.settings = settings

    in_background(
        app.screen,
        "theme",
        lambda: set_setting(home, "theme", theme.name),
        kept,
        exclusive=False,
    )
