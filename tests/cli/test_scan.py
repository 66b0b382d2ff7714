"""`loradex scan` by hand: what its sentence says, and when its exit code is 3."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cli.kit import Run
from files_kit import lora


@pytest.fixture
def models(run: Run, tmp_path: Path) -> Path:
    root = tmp_path / "models"
    lora(root / "good.safetensors", seed=1)
    assert run("library", "add", str(root), "--name", "main").code == 0
    return root


def test_what_cannot_be_read_is_said_every_time(run: Run, models: Path) -> None:
    (models / "broken.safetensors").write_bytes(b"<html>no</html>")
    first = run("scan")
    assert (first.code, "1 new" in first.out) == (3, False)
    assert "1 cannot be read: loradex problems." in first.out
    again = run("scan")
    assert again.code == 0
    assert "nothing has changed. 1 cannot be read: loradex problems." in again.out
    assert json.loads(run("scan", "--json").out)["unreadable"] == 1
    (models / "broken.safetensors").unlink()
    assert "cannot be read" not in run("scan").out


def test_a_library_that_is_held_back_is_no_file_with_a_problem(run: Run, models: Path) -> None:
    for number in range(12):
        lora(models / f"{number}.safetensors", seed=number)
    assert run("scan").code == 0
    for number in range(12):
        (models / f"{number}.safetensors").unlink()
    ended = run("scan")
    assert ended.code == 3
    assert "Many files of main are gone at once" in ended.out
    assert "loradex problems" not in ended.out
    assert "nothing has changed" not in ended.out


def test_a_folder_that_cannot_be_listed_is_named(run: Run, models: Path) -> None:
    """A path longer than the system takes is refused to everybody, the administrator too."""
    here = Path.cwd()
    try:
        os.chdir(models)
        for _ in range(20):
            Path("x" * 250).mkdir()
            os.chdir("x" * 250)
    finally:
        os.chdir(here)
    ended = run("scan")
    assert ended.code == 3
    assert "1 folder cannot be listed: " in ended.out
    assert "loradex problems" not in ended.out
    assert json.loads(run("scan", "--json").out)["folders"]


def test_a_library_without_models_is_named(run: Run, models: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    run("library", "add", str(empty))
    ended = run("scan", "empty")
    assert ended.code == 0
    assert ended.out.startswith(f"No model files in empty ({empty}): .safetensors ")
    assert "nothing has changed" not in ended.out
    both = run("scan").out
    assert both.startswith("1 model file in ")
    assert f"No model files in empty ({empty})" in both
    (empty / "half.safetensors.part").write_bytes(b"x")
    assert "1 still downloading" in run("scan", "empty").out


def test_all_libraries_offline_is_all_there_is_to_say(run: Run, models: Path) -> None:
    run("scan")
    models.rename(models.with_name("away"))
    ended = run("scan")
    assert ended.code == 0
    assert ended.out.startswith("Offline: main. Connect the drive and scan again;")
    assert "loradex library move" in ended.out


def test_the_last_event_has_the_result(run: Run, models: Path) -> None:
    ended = run("scan", "--json", "--progress", "json")
    last = json.loads(ended.out.splitlines()[-1])
    assert (last["event"], last["new"], last["hashed"]) == ("done", 1, 1)
    assert last["message"].startswith("1 model file in ")
