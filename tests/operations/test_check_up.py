"""The doctor in a process of its own tells what it tells on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from loradex.catalog.catalog import Catalog
from loradex.domain.progress import CancelToken, SilentSink
from loradex.errors import Cancelled, LoradexError
from loradex.operations.check_up import check_up, mending_plan
from loradex.operations.libraries import add_library
from loradex.operations.scan import scan
from loradex.paths import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A library with a preview that lost its model."""
    home, models = Home(tmp_path / "home"), tmp_path / "models"
    models.mkdir()
    (models / "gone.civitai.info").write_text("{}")
    (models / "gone.preview.png").write_bytes(b"\x89PNG")
    with Catalog.open(home) as catalog:
        library = add_library(catalog, models)
        scan(catalog, [library], workers=1, sink=SilentSink(), cancel=CancelToken())
    return home


def test_it_finds_and_mends(home: Home) -> None:
    found = check_up(home, cancel=CancelToken())
    assert "sidecars" in found.by_check
    assert found.libraries == 1
    assert any("gone" in (one.path or "") for one in found.by_check["sidecars"])
    number = mending_plan(home, "sidecars", cancel=CancelToken())
    assert number is not None
    with Catalog.open(home) as catalog:
        assert catalog.plans.plan(number) is not None


def test_it_can_be_stopped_and_says_what_is_wrong(home: Home) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        check_up(home, cancel=cancel)
    with pytest.raises(LoradexError, match="No plan can mend"):
        mending_plan(home, "missing", cancel=CancelToken())
