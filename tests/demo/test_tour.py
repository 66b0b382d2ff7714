"""The whole loop, as `loradex demo` runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from loradex.catalog.catalog import Catalog
from loradex.demo.tour import MARKER, prepare_folder
from loradex.errors import LibraryError
from loradex.paths import Home


def run(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "loradex", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LORADEX_HOME": str(home)},
        timeout=250,
    )


@pytest.mark.render
def test_the_demo_runs_the_whole_loop_and_leaves_my_catalog_alone(
    tmp_path: Path, home: Home
) -> None:
    pytest.importorskip("diffusers")
    folder = tmp_path / "demo"
    first = run("demo", "--folder", str(folder), "--progress", "none", home=home.root)
    assert first.returncode == 0, first.stderr
    assert not home.catalog.exists()
    with Catalog.open(Home(folder / "home")) as catalog:
        kinds = {name for name, _ in catalog.facets("")["kind"]}
        bases = {name for name, _ in catalog.facets("")["base"]}
        assert {"checkpoint", "lora", "controlnet", "vae", "embedding"} <= kinds
        assert {"sd1", "sd2", "sdxl", "sd3", "flux1", "pony"} <= bases
        assert catalog.search("is:duplicate").total >= 3
        assert catalog.search("is:matched").total >= 25
        assert catalog.search("tag:keeper rating:4 is:noted is:matched").total == 1
        assert len(catalog.files.problems()) == 4
        assert catalog.search("is:unhashed -is:unreadable -format:diffusers").total == 0
        (grid,) = catalog.grids.grids()
        assert (grid.cells_done, grid.cells_total, grid.cells_failed) == (20, 20, 0)
        assert Path(grid.sheet_path or "").stat().st_size > 10_000
        assert "<html" in Path(grid.page_path or "").read_text(encoding="utf-8")[:1000]
    again = run("demo", "--folder", str(folder), "--progress", "none", home=home.root)
    assert again.returncode == 0, again.stderr
    assert "0 pictures, 20 were there already" in again.stdout
    listed = run("--home", str(folder / "home"), "list", "kind:lora", "--json", home=home.root)
    assert len(json.loads(listed.stdout)) > 10


def test_a_folder_with_something_else_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(LibraryError, match="not empty"):
        prepare_folder(tmp_path, fresh=True)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_fresh_empties_only_what_a_demo_made(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    prepare_folder(folder, fresh=False)
    (folder / "old").write_text("x")
    prepare_folder(folder, fresh=False)
    assert (folder / "old").exists()
    prepare_folder(folder, fresh=True)
    assert sorted(path.name for path in folder.iterdir()) == [MARKER]
