"""Make the pictures of the README: run the demo in a temporary folder and take them from there.

Usage: python docs/make_pictures.py [--demo FOLDER]

FOLDER is one that `loradex demo --folder` made before; a copy of it is used. Each screen is shown
by pressing the keys that a person would, and kept as SVG, which needs no terminal.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from textual.pilot import Pilot
from textual.worker import WorkerCancelled

from loradex.catalog.catalog import Catalog
from loradex.paths import Home
from loradex.settings import Settings
from loradex_tui.app import LoradexApp
from loradex_tui.pictures.choice import PictureMode

PICTURES = Path(__file__).parent / "pictures"
SIZE = (142, 40)
_SETTLING = 0.6
"""Seconds that pictures are given to arrive after the last key."""

SCREENS: dict[str, Sequence[str]] = {
    "library": (
        *("slash", *"kind", "colon", *"lora", "space", "minus", *"loud", "enter"),
        *("j", "j", "space", "space", *"jjjjj"),
    ),
    "gallery": ("s", "b", "i", "j", "l"),
    "inbox": ("2", "enter"),
    "grid": ("4", "G", "enter", "l", "j"),
    "plan": ("ctrl+a", "m", "o", "enter", "ctrl+s", "enter"),
    "settings": ("7", "r"),
}
"""The keys that lead to each screen, from a library that was just opened."""


async def screenshot(home: Home, keys: Sequence[str], target: Path) -> None:
    """Press the keys and write what is shown then as SVG."""
    with Catalog.open(home) as catalog:
        app = LoradexApp(catalog, Settings(), PictureMode.HALF)
        async with app.run_test(size=SIZE) as pilot:
            await settle(app, pilot)
            for key in keys:
                await pilot.press(key)
                await settle(app, pilot)
            await pilot.pause(_SETTLING)
            await settle(app, pilot)
            target.write_text(_slim(app.export_screenshot(title="loradex")), encoding="utf-8")


async def settle(app: LoradexApp, pilot: Pilot[None]) -> None:
    """Wait until nothing is under way."""
    for _ in range(3):
        with suppress(WorkerCancelled):  # a newer question makes an older one void
            await app.workers.wait_for_complete()
        await pilot.pause(0.05)


def _slim(svg: str) -> str:
    """Return the picture without the fonts of another site: the reader's own are used."""
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)


def main() -> None:
    """Make them all."""
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--demo", type=Path, help="a folder that the demo made")
    reading.add_argument("--only", nargs="*", choices=SCREENS, help="these screens alone")
    wanted = reading.parse_args()
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        demo = Path(folder) / "demo"
        if wanted.demo is None:
            made = [sys.executable, "-m", "loradex", "demo", "--folder", str(demo)]
            subprocess.run(made, check=True)
        else:
            shutil.copytree(wanted.demo / "home", demo / "home")
        home = Home(demo / "home")
        if not wanted.only:
            sheet = home.grids / "00001" / "sheet.png"
            shutil.copy(sheet, PICTURES / "grid.png")
        for name, keys in SCREENS.items():
            if not wanted.only or name in wanted.only:
                asyncio.run(screenshot(home, keys, PICTURES / f"{name}.svg"))


if __name__ == "__main__":
    main()
