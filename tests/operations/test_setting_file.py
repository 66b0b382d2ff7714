"""Settings are changed one at a time, and the rest of the file stays as a person wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest

from loradex.domain.content_level import ContentLimit
from loradex.errors import SettingsError
from loradex.operations.setting_file import (
    ABOUT,
    set_key,
    set_setting,
    settings_in_force,
    unset_setting,
)
from loradex.paths import Home
from loradex.settings import setting_names

WRITTEN = """# my settings
hub_timeout = 5 # the hub is slow here

[keys]
"library.tags" = "T"  # as in the other program
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.settings.write_text(WRITTEN)
    return home


def test_what_a_person_wrote_stays(home: Home) -> None:
    assert set_setting(home, "content_limit", "r").content_limit is ContentLimit.R
    assert set_setting(home, "hubs", "civitai, civarchive").hubs == ("civitai", "civarchive")
    assert set_key(home, "library.note", "N").keys == (("library.tags", "T"), ("library.note", "N"))
    text = home.settings.read_text()
    for line in WRITTEN.splitlines():
        assert line in text
    assert unset_setting(home, "hub_timeout").hub_timeout == 35.0
    assert set_key(home, "library.tags", None).keys == (("library.note", "N"),)
    assert set_key(home, "library.note", None).keys == ()
    assert "[keys]" not in home.settings.read_text()


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("downloads", "99", "a whole number from 1 to 8"),
        ("offline", "perhaps", "true or false"),
        ("hubs", "nobody", "a list of civitai"),
        ("theem", "x", "There is no setting"),
        ("hub_token", "s3cret", "There is no setting"),
        ("hub_url", "ftp://x", "https://"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    home: Home, name: str, value: str, told: str
) -> None:
    with pytest.raises(SettingsError, match=told):
        set_setting(home, name, value)
    assert home.settings.read_text() == WRITTEN


def test_a_file_that_is_wrong_is_not_written_over(home: Home) -> None:
    home.settings.write_text("workers = ")
    with pytest.raises(SettingsError, match="cannot be read"):
        set_setting(home, "workers", "2")
    assert home.settings.read_text() == "workers = "


def test_a_link_stays_a_link_and_its_file_keeps_its_mode(tmp_path: Path) -> None:
    kept, home = tmp_path / "dotfiles.toml", Home(tmp_path / "home")
    kept.write_text("workers = 1\n")
    kept.chmod(0o600)
    home.root.mkdir()
    home.settings.symlink_to(kept)
    set_setting(home, "workers", "2")
    assert home.settings.is_symlink()
    assert kept.read_text() == "workers = 2\n"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob(".dotfiles*"))


def test_each_setting_says_where_it_is_from(home: Home) -> None:
    found = {one.name: one for one in settings_in_force(home, {"LORADEX_DOWNLOADS": "4"})}
    assert set(found) == set(setting_names()) == set(ABOUT)
    assert (found["downloads"].value, found["downloads"].source) == ("4", "LORADEX_DOWNLOADS")
    assert (found["hub_timeout"].value, found["hub_timeout"].source) == ("5", "loradex.toml")
    assert found["hub_timeout"].usual == "35"
    assert found["workers"].source == "built in"
