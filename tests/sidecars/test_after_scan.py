"""What a scan says and does about other tools' files."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.kit import Run
from files_kit import lora
from loradex.paths import Home


@pytest.fixture
def models(run: Run, tmp_path: Path) -> Path:
    root = tmp_path / "models"
    lora(root / "ink.safetensors")
    (root / "ink.json").write_text('{"activation text": "inkk", "notes": "mine"}', "utf-8")
    (root / "ink.png").write_bytes(b"a picture is not counted")
    (root / "ink.yaml").write_text("a: 1", "utf-8")
    assert run("library", "add", str(root)).code == 0
    return root


def test_it_tells_of_files_that_nobody_has_read(run: Run, models: Path) -> None:
    told = "1 file of other tools lies beside your models: loradex sidecar import\n"
    assert told in run("scan").out
    assert told not in run("scan").out  # nothing has changed
    assert run("sidecar", "import").code == 0
    lora(models / "rain.safetensors", seed=1)
    assert "other tools" not in run("scan").out


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("option", ["--json", "--progress=json"])
def test_scripts_are_told_nothing_new(run: Run, option: str) -> None:
    assert "other tools" not in run("scan", option).out


@pytest.mark.usefixtures("models")
def test_it_reads_them_if_it_is_to(run: Run, home: Home) -> None:
    home.settings.write_text('scan_sidecars = "read"', "utf-8")
    assert "1 sidecar read (1 a1111): 1 model told of." in run("scan").out
    assert "inkk" in run("show", "ink").out


@pytest.mark.usefixtures("models")
def test_it_leaves_them_alone_if_it_is_to(run: Run, home: Home) -> None:
    home.settings.write_text('scan_sidecars = "no"', "utf-8")
    assert "other tools" not in run("scan").out


def test_a_setting_that_is_none_is_told(run: Run, home: Home) -> None:
    home.settings.write_text("scan_sidecars = true", "utf-8")
    ended = run("config")
    assert ended.code == 1
    assert "it has to be one of tell, read, no" in ended.err
