"""`identify`, `hash` and `check`: files, folders and names that lead nowhere."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cli.kit import HOSTILE, Run
from files_kit import lora

EVIL = HOSTILE.replace("/", "")
COMMANDS = ["identify", "hash", "check"]


def told(out: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lora(tmp_path / "b.safetensors", seed=1)
    lora(tmp_path / f"a/{EVIL}.safetensors", seed=2)
    (tmp_path / "a/page.safetensors").write_text("<html>")
    (tmp_path / "notes.txt").write_text("not looked at")
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_that_may_not_be_read_stops_nobody(run: Run, folder: Path, command: str) -> None:
    secret = lora(folder / "secret.safetensors")
    secret.chmod(0)
    if os.access(secret, os.R_OK):
        pytest.skip("root may read everything")
    ended = run(command, "--json", str(secret), str(folder / "b.safetensors"))
    assert ended.code == 3
    first, second = told(ended.out)
    assert "permission denied" in str(first)
    assert second["path"] == str(folder / "b.safetensors")
    assert "error" not in second


@pytest.mark.parametrize("command", COMMANDS)
def test_one_that_fails_stops_nobody(run: Run, folder: Path, command: str) -> None:
    ended = run(command, "--json", str(folder / "none.pt"), str(folder / "b.safetensors"))
    first, second = told(ended.out)
    assert first["hint"] == "Check how it is spelt."
    assert "error" not in second
    assert ended.code == (1 if command == "check" else 3)


@pytest.mark.parametrize(
    ("command", "failed"), [("identify", ["page.safetensors"]), ("hash", []), ("check", [])]
)
def test_folders_are_walked(run: Run, folder: Path, command: str, failed: list[str]) -> None:
    ended = run(command, str(folder), "--json")
    assert ended.code == (0 if command == "hash" else 3)
    rows = {Path(str(row["path"])).name: row for row in told(ended.out)}
    assert set(rows) == {"b.safetensors", f"{EVIL}.safetensors", "page.safetensors"}
    assert [name for name, row in rows.items() if "error" in row] == failed
    assert "\x1b" not in run(command, str(folder)).out


def test_a_folder_with_a_model_in_it_is_one_model(run: Run, tmp_path: Path) -> None:
    lora(tmp_path / "flow/unet/weights.safetensors")
    (tmp_path / "flow/model_index.json").write_text('{"_class_name": "X"}')
    assert [row["path"] for row in told(run("identify", "--json", str(tmp_path)).out)] == [
        str(tmp_path / "flow")
    ]
    assert [row["path"] for row in told(run("hash", "--json", str(tmp_path / "flow")).out)] == [
        str(tmp_path / "flow/unet/weights.safetensors")
    ]


@pytest.mark.parametrize("command", COMMANDS)
def test_an_empty_name_is_refused(run: Run, command: str) -> None:
    ended = run(command, "")
    assert (ended.code, ended.out) == (2, "")
    assert "name is empty" in ended.err


@pytest.mark.parametrize("command", COMMANDS)
def test_names_that_lead_nowhere(run: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "file").touch()
    for name in ("nope", "file/nope"):
        ended = run(command, str(tmp_path / name))
        assert (ended.code, ended.out) == (1, "")
        assert "nope is not there.\nCheck how it is spelt.\n" in ended.err
    (tmp_path / "link.pt").symlink_to("nope")
    ended = run(command, str(tmp_path / "link.pt"))
    assert ended.code != 0
    assert "a link that leads nowhere" in ended.out + ended.err
    assert "scan the library" not in ended.out + ended.err


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_without_models(run: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "empty").mkdir()
    ended = run(command, str(tmp_path / "empty"))
    assert ended.code == 1
    assert "a folder without model files" in ended.err


def test_people_read_names_they_know(run: Run, folder: Path) -> None:
    out = run("identify", str(folder / "b.safetensors")).out
    assert out.startswith(f"{folder / 'b.safetensors'}: LoRA · SDXL")
