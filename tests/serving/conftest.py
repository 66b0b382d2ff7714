"""One studio and one server for all tests that change nothing; a fresh studio for those that do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from loradex.catalog.catalog import Catalog
from loradex.paths import Home
from loradex.serving.server import HubServer
from serving_kit import Studio, make_studio, running


@pytest.fixture(scope="package")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with Catalog.open(Home(tmp_path_factory.mktemp("served-home"))) as catalog:
        yield make_studio(catalog, tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="package")
def server(shared: Studio) -> Iterator[HubServer]:
    with running(shared.catalog) as server:
        yield server


@pytest.fixture
def ask(server: HubServer) -> Iterator[httpx.Client]:
    """A client of the server, as any program that is no browser."""
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        yield client


@pytest.fixture
def studio(catalog: Catalog, tmp_path: Path) -> Studio:
    """A studio that the test may change."""
    return make_studio(catalog, tmp_path)
