"""What docs/recipes.md shows works: every command on it, and what it prints."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from cli.kit import Run
from loradex.cli.recipe_commands import RECIPE_COMMANDS
from loradex.domain.generation import ModelRole

PAGE = (Path(__file__).parents[2] / "docs" / "recipes.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
SHOWN = re.findall(r"^```console\n\$ loradex (.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def imported(run: Run, gallery: Path) -> None:
    assert run("recipe", "import", str(gallery)).code == 0


@pytest.mark.usefixtures("imported")
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_shown_can_be_run(run: Run, command: str) -> None:
    program, *arguments = shlex.split(command)
    assert program == "loradex"
    ended = run(*arguments)
    assert ended.code == 0, ended.err
    assert ended.out


@pytest.mark.usefixtures("imported")
@pytest.mark.parametrize("block", SHOWN)
def test_what_it_shows_is_what_is_printed(run: Run, block: str) -> None:
    command, _, wanted = block.partition("\n")
    out = run(*shlex.split(command)).out
    assert re.sub(r"(A1111), .*", r"\1", out) == wanted


def test_examples_were_found_and_every_command_is_there() -> None:
    assert len(COMMANDS) > 15
    assert len(SHOWN) == 2
    text = " ".join(COMMANDS)
    assert [name for name in RECIPE_COMMANDS if f"recipe {name}" not in text] == ["match"]


def test_every_flag_is_told(run: Run) -> None:
    flags = {
        flag
        for name in RECIPE_COMMANDS
        for flag in re.findall(r"(?<=[ ,])--[a-z-]+", run("recipe", name, "--help").out)
    }
    assert {flag for flag in flags if flag not in PAGE} <= {
        "--help", "--progress", "--again", "--limit",
    }  # fmt: skip


def test_roles_have_words() -> None:
    assert all(role.label for role in ModelRole)
