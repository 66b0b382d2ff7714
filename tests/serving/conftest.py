"""One studio and one server for all tests that change nothing; a fresh studio for those that do."""

from __future__ import annotations

import subprocess
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


@pytest.fixture(scope="package")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    cert, its_key = folder / "cert.pem", folder / "key.pem"
    command = (
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        f"-keyout {its_key} -out {cert} -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    )
    try:
        subprocess.run(command.split(), check=True, capture_output=True, timeout=60)
    except FileNotFoundError:
        pytest.skip("needs openssl")
    return cert, its_key
