"""What another loradex does not have is not gone from the hub whose numbers it uses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.conftest import Side
from loradex.catalog.catalog import Catalog
from loradex.demo.hub_server import LocalHub
from loradex.domain.models import HubMatch
from loradex.domain.progress import CancelToken, SilentSink
from loradex.hub.client import CivitaiHub
from loradex.operations.hub_browse import details
from loradex.operations.hub_refresh import RefreshReport, refresh
from loradex.operations.hubs import open_hubs
from loradex.operations.libraries import add_library
from loradex.operations.matching import match
from loradex.operations.updates import find_updates
from loradex.paths import Home
from loradex.plugin_manager import load_plugins
from loradex.serving.server import ServeOptions
from loradex.settings import Settings
from serving_kit import index, running

PARTS = {"harbour": 1, "lantern v2": 1, "nothing is called so": 0}
"""Queries for what is served, and how many of the two models that finds."""


@pytest.fixture
def mine(local: LocalHub, files: dict[int, Path], tmp_path: Path) -> Iterator[Catalog]:
    """A catalog that has the files, and knows them from the hub itself."""
    with Catalog.open(Home(tmp_path / "home")) as catalog:
        add_library(catalog, files[102].parent)
        index(catalog)
        with CivitaiHub.from_settings(Settings(hub_url=local.url)) as hub:
            match(catalog, hub, sink=SilentSink(), cancel=CancelToken())
        yield catalog


def known(catalog: Catalog) -> list[HubMatch]:
    found = [catalog.details(id_).match for id_ in catalog.ids("")]
    return [each for each in found if each is not None]


def refreshed(catalog: Catalog, url: str) -> RefreshReport:
    with CivitaiHub.from_settings(Settings(hub_url=url)) as hub:
        (report,) = refresh(
            catalog, [hub], older_than=None, sink=SilentSink(), cancel=CancelToken()
        )
    return report


def test_only_another_loradex_is_partial(hub: CivitaiHub, side: Side) -> None:
    assert hub.is_partial() == (side.name == "desk")


@pytest.mark.parametrize("part", PARTS)
def test_nothing_is_marked(mine: Catalog, served: Catalog, part: str) -> None:
    with running(served, ServeOptions(query=part)) as server:
        report = refreshed(mine, server.url)
    assert (report.asked, report.present, report.gone) == (2, PARTS[part], 0)
    assert report.partial
    assert [each.gone_at for each in known(mine)] == [None, None, None]


def test_updates_and_pages_call_nothing_gone(mine: Catalog, served: Catalog) -> None:
    with running(served, ServeOptions(query="lantern v2")) as server:
        settings = Settings(hub_url=server.url, hubs=("civitai",))
        with open_hubs(
            settings, mine.home, plugins=lambda: load_plugins(mine.home, ()), cancel=CancelToken()
        ) as hubs:
            report = find_updates(mine, hubs, sink=SilentSink(), cancel=CancelToken())
            page = details(mine, hubs, "model:200")
    assert report.gone == ()
    assert (page.kept, page.gone_at) == (True, None)
    assert [each.gone_at for each in known(mine)] == [None, None, None]
