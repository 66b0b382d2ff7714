"""What docs/grids.md shows works: every command and every file on it, as a dry run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from PIL import Image

from cli.kit import Run
from grid_stock import Stock
from loradex.catalog.catalog import Catalog
from loradex.domain.axes import AxisKind
from loradex.operations import annotate
from loradex.paths import Home

pytestmark = pytest.mark.render

PAGE = (Path(__file__).parents[2] / "docs" / "grids.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
FILES = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def tagged(stocked: Stock, home: Home) -> None:
    with Catalog.open(home) as catalog:
        annotate.tag(catalog, [catalog.resolve("neon"), catalog.resolve("rain")], add=["style"])


@pytest.mark.usefixtures("tagged")
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_shown_can_be_run(run: Run, command: str) -> None:
    program, *arguments = shlex.split(command)
    assert program == "loradex"
    ended = run(*arguments, "--dry-run")
    assert ended.code == 0, ended.err
    assert "pictures would be drawn" in ended.out or "none of which exists yet" in ended.out


@pytest.mark.usefixtures("tagged")
@pytest.mark.parametrize("text", FILES)
def test_every_file_shown_can_be_read(
    run: Run, tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (64, 64), (200, 80, 40)).save("sketch.png")
    (tmp_path / "grid.toml").write_text(text, encoding="utf-8")
    ended = run("grid", "--spec", str(tmp_path / "grid.toml"), "--dry-run")
    assert ended.code == 0, ended.err


@pytest.mark.usefixtures("tagged")
def test_what_it_shows_is_what_is_printed(run: Run) -> None:
    for block in re.findall(r"^```console\n\$ loradex (.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        command, _, wanted = block.partition("\n")
        out = run(*shlex.split(command)).out
        # The memory depends on the size that suits the checkpoint, and is a rough figure.
        assert re.sub(r"about [^ ]+ MB", "", out) == re.sub(r"about [^ ]+ MB", "", wanted)


def test_it_names_every_flag_and_kind(run: Run) -> None:
    flags = set(re.findall(r"--[a-z-]+", run("grid", "--help").out))
    assert {flag for flag in flags if flag not in PAGE} <= {"--help"}
    assert {kind for kind in AxisKind if kind not in PAGE} == set()


def test_commands_and_files_were_found() -> None:
    assert len(COMMANDS) > 10
    assert len(FILES) == 3
