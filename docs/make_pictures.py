"""Make the pictures of the README: run the demo in a temporary folder and take them from there.

Usage: python docs/make_pictures.py
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.demo.studio import make_studio
from loradex.paths import Home
from loradex.settings import Settings
from loradex_tui.app import LoradexApp
from loradex_tui.pictures.choice import PictureMode

PICTURES = Path(__file__).parent / "pictures"
SIZE = (142, 40)


async def screenshot(home: Home, query: str, target: Path) -> None:
    """Write the library screen, filtered by `query`, as SVG."""
    with Catalog.open(home) as catalog:
        app = LoradexApp(catalog, Settings(), PictureMode.HALF)
        async with app.run_test(size=SIZE) as pilot:
            await app.workers.wait_for_complete()
            await pilot.press("slash", *query, "enter")
            await app.workers.wait_for_complete()
            await pilot.pause(1.0)
            await app.workers.wait_for_complete()
            await pilot.pause(0.5)
            target.write_text(app.export_screenshot(title="loradex"), encoding="utf-8")


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        demo = Path(folder) / "demo"
        subprocess.run([sys.executable, "-m", "loradex", "demo", "--folder", str(demo)], check=True)
        home = Home(demo / "home")
        shutil.copy(home.grids / "00001" / "sheet.png", PICTURES / "grid.png")
        shown = make_studio(demo / "models").shown
        asyncio.run(screenshot(home, shown.claimed[0], PICTURES / "library.svg"))


if __name__ == "__main__":
    main()
