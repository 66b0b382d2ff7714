"""The program called in this process, and a catalog for it to find things in."""

from __future__ import annotations

import sys

import pytest

from catalog_kit import add_library, hashes, look, model, version
from cli.kit import HOSTILE, Ended, Run
from loradex.catalog.catalog import Catalog
from loradex.cli.main import main
from loradex.operations.matching import found
from loradex.paths import Home


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


@pytest.fixture
def filled(home: Home) -> Home:
    with Catalog.open(home) as catalog:
        library = add_library(catalog)
        catalog.looks.record(
            library,
            [
                look("loras/neon.safetensors", 1, words=("neonkn",)),
                look(f"loras/{HOSTILE}.safetensors", 2, base="sd1"),
                look("ckpt/base.safetensors", 3, kind="checkpoint", size=6_938_000_000),
                look(
                    "broken.safetensors", 4, base=None, kind="unknown", problem="It is cut short."
                ),
            ],
            "1",
        )
        catalog.looks.record_hashes([(catalog.files.to_hash()[0], hashes("a"))])
        catalog.hub.record_models("civitai", [model()])
        catalog.hub.record_versions("civitai", [version()])
        catalog.hub.record_matches("civitai", [found(1, version(), model(), "sha256")])
    return home
