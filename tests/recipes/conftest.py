"""The program, called as in a shell; the catalog of the examples in docs/recipes.md."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from catalog_kit import look
from cli.kit import Ended, Run
from loradex.catalog.catalog import Catalog
from loradex.cli.main import main
from loradex.paths import Home
from recipes.making import png
from recipes.test_matching import scanned


@pytest.fixture
def run(home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call the program in this process, as the shell would."""

    def call(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["loradex", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main()
        captured = capsys.readouterr()
        code = stop.value.code
        return Ended(code if isinstance(code, int) else 0, captured.out, captured.err)

    return call


CITY = """a neon city <lora:neon_knight:0.8> <lora:rain:0.5>
Negative prompt: blurry
Steps: 20, Sampler: Euler a, Schedule type: Karras, CFG scale: 7, Seed: 123, Size: 512x768, \
Model hash: 879db523c3, Model: dreamer_xl"""


@pytest.fixture
def gallery(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with pictures, which is the current one; the catalog has two of their models."""
    with Catalog.open(home) as catalog:
        scanned(
            catalog,
            look("loras/neon_knight.safetensors", 1),
            look("ckpt/dreamer_xl.safetensors", 2, kind="checkpoint"),
        )
    png(tmp_path / "city.png", {"parameters": CITY + ", Created Date: 2024-04-01T10:00:00Z"})
    png(
        tmp_path / "fox.png",
        {
            "parameters": CITY.replace("0.8", "0.6").replace(" <lora:rain:0.5>", "")
            + ", Created Date: 2024-05-01T10:00:00Z"
        },
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path
