"""Catalogs to show, in a home of the test's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from loradex.catalog.catalog import Catalog
from loradex.demo.hub_server import LocalHub
from loradex.domain.library import Layout
from loradex.domain.secret import Secret
from loradex.paths import Home
from loradex.settings import Settings
from tui.hub_kit import KEY, world
from tui.shelf import few, shelf


@pytest.fixture
def catalog(home: Home, tmp_path: Path) -> Catalog:
    """Ten models in the library `main`, some of them described. `showing` closes it."""
    catalog = shelf(home, few(), root=bytes(tmp_path / "models"))
    catalog.person.add_tags([1, 2], ["neon", "scifi"])
    catalog.person.add_tags([1, 4], ["style"])
    catalog.person.set_rating([4], 5)
    catalog.person.set_note(1, "Works best at 0.8.")
    return catalog


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[LocalHub]:
    """A hub with fifty LoRAs and a mature one."""
    with LocalHub(world(tmp_path / "hub")) as hub:
        yield hub


@pytest.fixture
def settings(hub: LocalHub, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The local hub's, for this process and those it starts."""
    monkeypatch.setenv("LORADEX_HUB_URL", hub.url)
    monkeypatch.setenv("LORADEX_HUB_TOKEN", KEY)
    return Settings(hub_url=hub.url, hub_token=Secret(KEY))


@pytest.fixture
def shelf_with_room(tmp_path: Path) -> Catalog:
    """A catalog with one empty library that downloads can go to."""
    home = Home(tmp_path / "home")
    home.root.mkdir()
    root = tmp_path / "models"
    root.mkdir()
    catalog = Catalog.open(home)
    catalog.files.add_library("main", os.fsencode(root), Layout.PLAIN, device=root.stat().st_dev)
    return catalog
