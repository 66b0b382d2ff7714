"""From marked LoRAs to a verdict: a grid put together, drawn, looked at, judged; all of it real."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from loradex.catalog.catalog import Catalog
from loradex.demo.zoo import write_zoo
from loradex.domain.progress import CancelToken, SilentSink
from loradex.operations.libraries import add_library
from loradex.operations.preferring import prefer, read_changes
from loradex.operations.scan import scan
from loradex.paths import Home
from loradex_tui.screens.grid_builder import GridBuilder
from loradex_tui.screens.grid_screen import GridScreen
from loradex_tui.screens.verdict_dialog import VerdictDialog
from tui.stage import NARROW, WIDE, showing

pytestmark = pytest.mark.render


def zoo_in(home: Home, root: Path) -> Catalog:
    """Return a catalog of the demo's LoRAs and their checkpoint, which draws small and fast."""
    zoo = write_zoo(root)
    catalog = Catalog.open(home)
    add_library(catalog, root, name="zoo")
    scan(catalog, catalog.files.libraries(), workers=1, sink=SilentSink(), cancel=CancelToken())
    checkpoint = catalog.resolve(str(zoo.checkpoint))
    settings = ("size=64x64", "steps=4", f"sampler={zoo.settings['sampler']}")
    prefer(catalog, [checkpoint], read_changes(settings))
    return catalog


@pytest.mark.parametrize("size", [WIDE, pytest.param(NARROW, marks=pytest.mark.long)])
async def test_loras_are_marked_drawn_compared_and_judged(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    pytest.importorskip("diffusers")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    catalog = await asyncio.to_thread(zoo_in, home, tmp_path / "models")
    async with showing(catalog, size, toasts=True) as stage:
        await stage.search("kind:lora name:neon")
        await stage.press("enter", "ctrl+a")
        assert "* 2 marked" in stage.text
        await stage.press("X")
        await stage.until(lambda: isinstance(stage.app.screen, GridBuilder))
        await stage.until(lambda: "13 pictures" in stage.text)
        assert "neon-strong, neon" in stage.text
        assert "shapes" in stage.text
        await stage.press("j", "j", "enter", "ctrl+u")
        await stage.type("0,0.5,1")
        await stage.press("enter")
        await stage.until(lambda: "5 pictures" in stage.text)
        await stage.press("ctrl+s")
        await stage.until(lambda: isinstance(stage.app.screen, GridScreen))
        await stage.until(lambda: catalog.grids.grids() and not stage.app.jobs.names)
        (grid,) = catalog.grids.grids()
        assert (grid.cells_done, grid.cells_failed, grid.cells_total) == (5, 0, 5), stage.toasts
        await stage.until(lambda: "▀▀" in stage.text)

        # Flip it against the drawing without the LoRA; then say what was seen.
        await stage.press("l")
        await stage.until(lambda: "Strength 0.5" in stage.text)
        await stage.press("b")
        assert "❯base❮" in stage.text
        await stage.press("b", "W")
        await stage.until(lambda: "is best at 0.5" in stage.toasts)
        await stage.press("V")
        await stage.until(lambda: isinstance(stage.app.screen, VerdictDialog))
        await stage.type("0.4..0.9")
        await stage.press("enter", "enter")
        await stage.until(lambda: isinstance(stage.app.screen, GridScreen))
        await stage.until(lambda: "usable 0.4" in stage.toasts)
    with Catalog.open(home) as again:
        (judged,) = again.ids("best:0.5 verdict:usable")
        assert again.rows([judged])[0].name in ("neon", "neon-strong")
        assert again.grids.grids(judged)[0].id == grid.id
