"""A messy library of real small files: collisions, copies, sidecars, and a file that is broken."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from files_kit import lora
from loradex.catalog.catalog import Catalog
from loradex.operations.tidying.drawing import keep_drawn
from loradex.operations.tidying.examples import read_template
from loradex.operations.tidying.organising import Tidy, plan_tidy
from loradex.paths import Home
from moves_kit import add

FOLDERS = ("", "new", "new/unsorted", "downloads/2024", "old stuff [v1]", "old stuff [v1]/deep")
MODELS = 44
COPIES = 4


def fill(root: Path) -> None:
    """Write 44 LoRAs of two bases in six folders, 4 copies, 14 sidecars and a broken file.

    In each folder the same eight names come again, so that they collide in any other one.
    """
    for number in range(MODELS):
        folder = root / FOLDERS[number % len(FOLDERS)]
        name = f"neon {number // len(FOLDERS)}"
        path = lora(folder / f"{name}.safetensors", text_width=768 if number % 3 else 2048,
                    seed=number)  # fmt: skip
        if number % 4 == 0:
            path.with_suffix(".png").write_bytes(b"picture %d" % number)
        if number % 16 == 0:
            path.with_suffix(".civitai.info").write_text("{}")
    for number in range(COPIES):
        shutil.copy2(
            root / "new" / f"neon {number}.safetensors", root / f"copy {number}.safetensors"
        )
    (root / "broken.safetensors").write_text("<html>")


def heap(home: Home, root: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    """Return a catalog with that library as `heap`, read in full; the trash lies beside it."""
    monkeypatch.setenv("XDG_DATA_HOME", str(root.parent / "data"))
    fill(root)
    catalog = Catalog.open(home)
    add(catalog, root)
    return catalog


def drawn(catalog: Catalog, template: str = "{base}/") -> int:
    """Draw a plan up and keep it; return its number."""
    tidy = Tidy("organise", read_template("organise", template))
    return keep_drawn(catalog, plan_tidy(catalog, tidy), tidy.about)
