"""The whole loop, as `loradex demo` runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from cli.kit import Ended, Run
from loradex.catalog.catalog import Catalog
from loradex.cli.main import main
from loradex.demo import tour as tour_module
from loradex.demo.library import SampleLibrary
from loradex.demo.studio import Studio, make_studio
from loradex.demo.tour import MARKER, prepare_folder, run_tour
from loradex.domain.progress import CancelToken, SilentSink
from loradex.domain.verdict_words import findings_line
from loradex.domain.verdicts import VerdictKind
from loradex.errors import LibraryError
from loradex.paths import Home
from loradex.plugin_manager import Plugins
from loradex.render import device
from loradex.settings import Settings


def run(*arguments: str, home: Path) -> Ended:
    """As the shell would."""
    done = subprocess.run(
        [sys.executable, "-m", "loradex", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LORADEX_HOME": str(home)},
        timeout=250,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def run_short(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Run:
    """In this process, with small and coarse pictures; more would say the same of its LoRAs."""
    whole = Studio.settings.fget
    assert whole is not None

    def coarse(studio: Studio) -> tuple[str, ...]:
        rest = [one for one in whole(studio) if not one.startswith(("size=", "steps="))]
        return ("size=64x64", "steps=4", *rest)

    monkeypatch.setattr(Studio, "settings", property(coarse))

    def call(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["loradex", *arguments])
        with pytest.raises(SystemExit) as stop:
            main()
        said = capsys.readouterr()
        code = stop.value.code
        return Ended(code if isinstance(code, int) else 0, said.out, said.err)

    return call


@pytest.mark.render
def test_the_demo_runs_the_whole_loop_and_leaves_my_catalog_alone(
    tmp_path: Path, home: Home, run_short: Run
) -> None:
    pytest.importorskip("diffusers")
    check_the_loop(run_short, tmp_path / "demo", home)


@pytest.mark.long
@pytest.mark.render
def test_the_demo_as_people_run_it(tmp_path: Path, home: Home) -> None:
    pytest.importorskip("diffusers")
    check_the_loop(partial(run, home=home.root), tmp_path / "demo", home)


def check_the_loop(run: Run, folder: Path, home: Home) -> None:
    first = run("demo", "--folder", str(folder), "--progress", "none")
    assert first.code == 0, first.err
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
        grid = min(catalog.grids.grids(), key=lambda grid: grid.id)
        assert (grid.cells_done, grid.cells_total, grid.cells_failed) == (12, 12, 0)
        assert Path(grid.sheet_path or "").stat().st_size > 10_000
        page = Path(grid.page_path or "").read_text(encoding="utf-8")
        assert "<html" in page[:1000]
        studio = make_studio(folder / "models")
        verdicts = [
            catalog.details(catalog.resolve(str(lora.file))).verdicts for lora in studio.probed
        ]
        assert all(found and found[0].findings and found[0].evidence for found in verdicts)
        assert all(json.dumps(one.sentence)[1:-1] in page for one in verdicts[0][0].findings)
        assert verdicts[-1][0].of(VerdictKind.NO_EFFECT)
        assert findings_line(verdicts[-1][0].findings) in first.out
    again = run("demo", "--folder", str(folder), "--progress", "none")
    assert again.code == 0, again.err
    assert "0 pictures, 12 were there already" in again.out
    assert again.out.count("Probe ") == len(verdicts)


def test_without_the_render_extra_the_rest_of_the_loop_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "NEEDED", ("a_package_that_is_not_installed",))
    monkeypatch.setattr(tour_module, "make_library", lambda root: SampleLibrary(root, ()))
    said: list[str] = []
    tour = run_tour(
        tmp_path / "demo",
        settings=Settings(),
        plugins=Plugins(),
        sink=SilentSink(),
        cancel=CancelToken(),
        say=said.append,
    )
    assert (tour.grid, tour.verdicts) == (None, ())
    assert len(said) == 4
    with Catalog.open(tour.home) as catalog:
        shown = catalog.details(tour.example)
        assert {word.text for word in shown.trigger_words} == set(
            make_studio(tour.models).shown.claimed
        )


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
