"""Settings: the file, the environment above it, and sentences for what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from loradex.domain.content_level import ContentLimit
from loradex.errors import SettingsError
from loradex.paths import Home
from loradex.settings import Settings, load_settings


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ('hub_url = "http://nas:8765/"', "hub_url", "http://nas:8765"),
        ('hubs = ["civitai", "civarchive"]', "hubs", ("civitai", "civarchive")),
        ("offline = true", "offline", True),
        ('content_limit = "R"', "content_limit", ContentLimit.R),
        ("downloads = 4", "downloads", 4),
        ("speed_limit = 2.5", "speed_limit", 2.5),
        ("speed_limit = 0", "speed_limit", 0.0),
        ('download_library = "Shelf"', "download_library", "Shelf"),
        ('download_folders = "{base}/{creator}"', "download_folders", "{base}/{creator}"),
        ("hub_retries = -1", "hub_retries", 0),
    ],
)
def test_the_file_sets_it(home: Home, line: str, name: str, value: object) -> None:
    home.settings.write_text(line)
    assert getattr(load_settings(home, {}), name) == value


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("LORADEX_OFFLINE", "1", "offline", True),
        ("LORADEX_OFFLINE", "no", "offline", False),
        ("LORADEX_CONTENT_LIMIT", "all", "content_limit", ContentLimit.ALL),
        ("LORADEX_DOWNLOADS", "3", "downloads", 3),
        ("LORADEX_SPEED_LIMIT", "20", "speed_limit", 20.0),
    ],
)
def test_the_environment_beats_the_file(
    home: Home, variable: str, text: str, name: str, value: object
) -> None:
    home.settings.write_text('offline = true\ncontent_limit = "pg"\ndownloads = 1\n')
    assert getattr(load_settings(home, {variable: text}), name) == value


@pytest.mark.parametrize(
    "line",
    [
        'hubs = ["myspace"]',
        'hubs = "civitai"',
        'offline = "perhaps"',
        'content_limit = "wild"',
        "downloads = 0",
        "downloads = 99",
        "speed_limit = -1",
        "speed_limit = nan",
        "download_library = 7",
    ],
)
def test_a_wrong_value_is_told_with_its_name_and_what_it_has_to_be(home: Home, line: str) -> None:
    home.settings.write_text(line)
    with pytest.raises(SettingsError) as told:
        load_settings(home, {})
    assert line.partition(" ")[0] in told.value.message
    assert "it has to be" in told.value.message


def test_without_any_the_careful_values_hold(home: Home) -> None:
    settings = load_settings(home, {})
    assert settings.content_limit is ContentLimit.SAFE
    assert settings.hubs == ("civitai", "huggingface")
    assert settings == Settings(workers=settings.workers)
