"""`loradex duplicates`: what people read, what scripts read, and what it cannot know yet."""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cli.kit import HOSTILE, Run
from files_kit import lora
from loradex.paths import Home

CALL = [sys.executable, "-m", "loradex"]


@pytest.fixture
def models(run: Run, tmp_path: Path) -> Path:
    """A library with two copies, three epochs and a copy with a hostile name, all hashed."""
    root = tmp_path / "models"
    first = lora(root / "neon.safetensors", seed=1)
    shutil.copy2(first, root / "neon copy.safetensors")
    odd = lora(root / f"{HOSTILE}.safetensors", seed=2, rank=2)
    shutil.copy2(odd, root / "odd (1).safetensors")
    for epoch in (1, 2, 3):
        lora(root / f"style-{epoch:06}.safetensors", seed=10 + epoch)
    run("library", "add", str(root))
    run("scan")
    return root


def test_people_read_what_stays_and_why(run: Run, models: Path) -> None:
    run("note", "style-000001", "the soft one")
    ended = run("duplicates")
    assert ended.code == 0
    assert ended.err == ""
    lines = [" ".join(line.split()) for line in ended.out.splitlines()]
    assert "Same bytes in several places 2 groups, 33 kB" in lines
    assert any(
        line.startswith("keep 22 kB") and line.endswith("neon.safetensors") for line in lines
    )
    assert any(
        line.startswith("go 22 kB") and line.endswith("neon copy.safetensors") for line in lines
    )
    assert "keep because only its path is not that of a copy" in lines
    assert "One training at several epochs 1 group, 44 kB" in lines
    assert "keep because it carries your notes, tags or tests" in lines
    assert lines[-1] == "Together 3 4 77 kB"


def test_a_note_on_what_would_go_is_pointed_out(run: Run, models: Path) -> None:
    run("note", "style-000001", "the soft one")
    run("rate", "style-000003", "5")
    assert "yours  style-000001 would go, with your note" in run("duplicates").out


@pytest.mark.parametrize("more", [[], ["--json"], ["--paths"]])
def test_nothing_a_terminal_obeys_is_printed(run: Run, models: Path, more: list[str]) -> None:
    run("tag", "-q", "", HOSTILE.replace(",", ""))
    ended = run("duplicates", *more)
    assert ended.code == 0
    if more != ["--paths"]:
        for character in "\x1b\x07\x9b\u202e":
            assert character not in ended.out


@pytest.mark.parametrize("columns", [70, 40])
def test_a_terminal_gets_lines_that_fit(models: Path, home: Home, columns: int) -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm", "NO_COLOR": "1"}
    command = [*CALL, "--home", str(home.root), "duplicates"]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment) as call:
        os.close(theirs)
        said = b""
        while True:
            if not select.select([ours], [], [], 60)[0]:
                call.kill()
                raise AssertionError(f"it says nothing more: {said!r}")
            try:
                piece = os.read(ours, 65536)
            except OSError:  # Linux says so when the other end is closed
                break
            if not piece:
                break
            said += piece
    os.close(ours)
    assert call.returncode == 0
    text = said.decode().replace("\r\n", "\n")
    for mark in ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[4m", "\x1b[31m", "\x1b[32m", "\x1b[33m"):
        text = text.replace(mark, "")
    assert "\x1b" not in text
    assert columns == 40 or "…" in text
    assert [line for line in text.splitlines() if len(line) > columns] == []
    assert "neon copy.safetensors" in text.replace("\n    ", "")


def test_json_has_its_documented_keys(run: Run, models: Path) -> None:
    run("note", "style-000001", "the soft one")
    report = json.loads(run("duplicates", "--json").out)
    documented = (Path(__file__).parents[2] / "docs" / "json.md").read_text()
    section = documented.partition("`loradex duplicates --json`")[2].partition("\n## ")[0]

    def keys(value: object) -> set[str]:
        if isinstance(value, list):
            return {key for item in value for key in keys(item)}
        if isinstance(value, dict):
            return set(value) | {key for item in value.values() for key in keys(item)}
        return set()

    words = set(section.replace("`", " ").split())
    assert keys(report) - words == set()
    assert report["freed"] == sum(group["freed"] for group in report["groups"])
    assert [total["sort"] for total in report["totals"]] == [
        "same", "tensors", "epochs", "precisions", "formats",
    ]  # fmt: skip
    (epochs,) = (group for group in report["groups"] if group["sort"] == "epochs")
    assert [twin["keep"] for twin in epochs["models"]] == [True, False, False]
    assert epochs["models"][0]["yours"]["note"] is True


def test_paths_are_what_would_go_byte_for_byte(models: Path, home: Home) -> None:
    command = [*CALL, "--home", str(home.root), "duplicates", "--sort-of", "same", "--paths", "-0"]
    out = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    going = {Path(os.fsdecode(path)).name for path in out.split(b"\0") if path}
    assert going == {"neon copy.safetensors", "odd (1).safetensors"}


@pytest.mark.parametrize(
    ("arguments", "sorts"),
    [
        (["--sort-of", "epochs"], ["epochs"]),
        (["--sort-of", "same,epochs"], ["epochs", "same", "same"]),
        (["path:style"], ["epochs"]),
        (["neon", "-path:style"], ["same"]),
        (["--min-size", "22kB"], ["epochs"]),
        (["--limit", "1"], ["epochs"]),
        (["kind:checkpoint"], []),
        (["--versions", "style"], ["epochs"]),
    ],
)
def test_choosing(run: Run, models: Path, arguments: list[str], sorts: list[str]) -> None:
    report = json.loads(run("duplicates", "--json", *arguments).out)
    assert [group["sort"] for group in report["groups"]] == sorts


@pytest.mark.parametrize(
    "arguments",
    [["--sort-of", "nonsense"], ["--min-size", "much"], ["--min-size", "<2GB"], ["kind:nonsense"],
     ["--limit", "0"]],
)  # fmt: skip
def test_wrong_use(run: Run, models: Path, arguments: list[str]) -> None:
    ended = run("duplicates", *arguments)
    assert (ended.code, ended.out) == (2, "")


def test_the_first_run_says_what_is_missing(run: Run, tmp_path: Path) -> None:
    assert "loradex library add FOLDER" in run("duplicates").err
    first = lora(tmp_path / "models" / "neon.safetensors", seed=1)
    run("library", "add", str(tmp_path / "models"))
    run("scan", "--hash", "later")
    assert "1 file (22 kB) was not read in full yet" in run("duplicates").err
    shutil.copy2(first, first.with_name("copy.safetensors"))
    run("scan", "--hash", "later")
    ended = run("duplicates")
    assert ended.code == 0
    assert "probably the same, not yet proven" in ended.out
    assert "2 files (44 kB) were not read in full yet" in ended.err
    assert "Not counted: 1 file not proven to be the same." in ended.out
    assert run("duplicates", "--paths").out == ""
    run("scan")
    first.unlink()
    assert "1 file is gone or changed since the last scan" in run("duplicates").err
    run("scan", "--accept-missing")
    assert run("duplicates").err.strip() == "No duplicates."
