"""What docs/tidying.md shows works: its commands one after the other, and its file."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from cli.kit import Run
from loradex.operations.path_template import FILTERS
from loradex.operations.tidying.fields import FIELDS
from tidy_kit import fill_heap

PAGE = (Path(__file__).parents[2] / "docs" / "tidying.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
GROUPS = ("organise", "rename", "consolidate", "dedupe", "trash", "show", "list", "edit", "delete")


@pytest.fixture
def heap(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    fill_heap(tmp_path / "heap")
    (tmp_path / "main" / "loras").mkdir(parents=True)
    for name in ("heap", "main"):
        assert run("library", "add", str(tmp_path / name), "--name", name).code == 0
    assert run("scan", "--hash", "now", "--progress", "none").code == 0
    return tmp_path / "heap"


@pytest.mark.usefixtures("heap")
def test_every_command_shown_can_be_run(run: Run) -> None:
    for command in COMMANDS:
        program, *arguments = shlex.split(command)
        assert program == "loradex"
        ended = run(*arguments)
        assert ended.code == 0, (command, ended.err)
    assert len(COMMANDS) > 20


def test_the_file_shown_can_be_applied(run: Run, heap: Path, tmp_path: Path) -> None:
    (text,) = re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    (tmp_path / "plan.json").write_text(text, encoding="utf-8")
    ended = run("apply", "plan.json")
    assert ended.code == 0, ended.err
    assert (heap / "LoRA" / "SDXL" / "a.png").exists()
    assert (heap / "new" / "b (1).safetensors").samefile(heap / "b.safetensors")
    assert run("undo").code == 0
    assert (heap / "a.png").exists()


def test_the_file_has_the_keys_that_are_explained(run: Run, heap: Path) -> None:
    (text,) = re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    shown = json.loads(text)
    made = json.loads(run("plan", "dedupe", "--leave", "hardlink", "--json").out)
    assert set(shown) <= set(made)
    assert set(shown["items"][1]) == set(made["items"][0])
    assert {"copied_bytes", "disks"} <= set(made)


def test_it_names_every_option_field_and_filter(run: Run) -> None:
    for group in GROUPS[:5]:
        flags = set(re.findall(r"--[a-z-]+", run("plan", group, "--help").out))
        known = {"--help", "--output", "--dry-run"}
        assert {flag for flag in flags - known if flag not in PAGE} == set(), group
    assert {name for name in FIELDS if f"`{name}`" not in PAGE and f"{{{name}" not in PAGE} == set()
    assert {name for name in FILTERS if name not in PAGE} == set()
