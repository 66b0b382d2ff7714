"""What docs/doctor.md and docs/backup.md show works: every command on them, in their order."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from cli.kit import Run
from files_kit import lora
from loradex.catalog.catalog import Catalog
from loradex.domain.progress import CancelToken, SilentSink
from loradex.operations.doctor.table import CHECKS
from loradex.operations.hash_pass import hash_pass
from loradex.operations.libraries import add_library
from loradex.paths import Home
from moves_kit import rescan

DOCS = Path(__file__).parents[2] / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def commands(name: str) -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", page(name), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


@pytest.fixture
def libraries(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two libraries, `main` in some disorder and `drive`."""
    main, drive = tmp_path / "ComfyUI" / "models", tmp_path / "drive"
    for name in ("checkpoints", "loras", "vae"):
        (main / name).mkdir(parents=True)
    lora(main / "loras" / "neon.safetensors", seed=1)
    lora(main / "checkpoints" / "style.safetensors", seed=2)
    (main / "loras" / "gone.civitai.info").write_text("{}")
    lora(drive / "other.safetensors", seed=3)
    with Catalog.open(home) as catalog:
        add_library(catalog, main, name="main")
        add_library(catalog, drive, name="drive")
        rescan(catalog)
        hash_pass(catalog, sink=SilentSink(), cancel=CancelToken())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("libraries")
@pytest.mark.parametrize("name", ["doctor.md", "backup.md"])
def test_every_command_shown_can_be_run(run: Run, name: str) -> None:
    shown = commands(name)
    assert len(shown) >= 10
    for command in shown:
        program, *arguments = shlex.split(command)
        assert program == "loradex"
        ended = run(*arguments)
        assert ended.code in ((0, 3) if name == "doctor.md" else (0,)), (command, ended)
        assert ended.out or "quiet" in command


def test_every_check_is_on_the_page() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", page("doctor.md"), re.MULTILINE)
    assert rows == list(CHECKS)
    for name, check in CHECKS.items():
        row = next(
            line for line in page("doctor.md").splitlines() if line.startswith(f"| `{name}`")
        )
        assert ("a plan" in row) == (check.fix is not None), name


@pytest.mark.parametrize(
    ("name", "asked"),
    [("doctor.md", ["doctor"]), ("backup.md", ["backup", "restore", "export", "import", "diff"])],
)
def test_it_names_every_flag(run: Run, name: str, asked: list[str]) -> None:
    usual = {"--help", "--progress", "--all", "--plan", "--force", "--json", "--output"}
    for command in asked:
        flags = set(re.findall(r"--[a-z-]+", run(command, "--help").out))
        assert {flag for flag in flags if flag not in page(name)} <= usual, command
