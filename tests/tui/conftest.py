"""Catalogs to show, in a home of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from loradex.catalog.catalog import Catalog
from loradex.paths import Home
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
