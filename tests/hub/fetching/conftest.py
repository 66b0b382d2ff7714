"""Depots of two sizes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.fetching.kit import Depot, open_depot

SMALL = 300_000
LARGE = 12 * 1024 * 1024


@pytest.fixture
def depot(tmp_path: Path) -> Iterator[Depot]:
    """Gives a file of 300,000 bytes."""
    with open_depot(tmp_path, SMALL) as depot:
        yield depot


@pytest.fixture
def large(tmp_path: Path) -> Iterator[Depot]:
    """Gives a file large enough to be digested by threads."""
    with open_depot(tmp_path, LARGE) as depot:
        yield depot
