"""`loradex check`, and verdicts in lists and details."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import pytest

from cli.kit import Run
from files_kit import lora


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lora(tmp_path / "good.safetensors")
    (tmp_path / "evil\x1b[2J.pt").write_bytes(b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R.")
    (tmp_path / "odd.pt").write_bytes(b"\x80\x02csomebody\nNet\n)R.")
    (tmp_path / "page.safetensors").write_text("<html>")
    (tmp_path / "packed.ckpt").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(90))
    return tmp_path


def test_a_folder_for_people(run: Run, folder: Path) -> None:
    ended = run("check", str(folder))
    assert ended.code == 3
    assert "\x1b" not in ended.out
    lines = ended.out.splitlines()
    assert lines[0].startswith("dangerous") and lines[0].endswith("evil\\x1b[2J.pt")
    assert lines[1].strip() == "It calls os.system when it is loaded."
    assert f"safe        {folder}/good.safetensors" in lines
    assert "5 models: 1 safe, 1 suspicious, 1 dangerous, 1 broken, 1 unscanned." in ended.err


def test_json_has_its_documented_keys(run: Run, folder: Path) -> None:
    ended = run("check", str(folder), "--json")
    assert ended.code == 3
    rows = {Path(row["path"]).name: row for row in map(json.loads, ended.out.splitlines())}
    documented = (Path(__file__).parents[2] / "docs" / "json.md").read_text()
    assert f"`check`: `{' '.join(rows['odd.pt'])}`" in documented
    assert {name: row["verdict"] for name, row in rows.items()} == {
        "evil\x1b[2J.pt": "dangerous",
        "good.safetensors": "safe",
        "odd.pt": "suspicious",
        "packed.ckpt": "unscanned",
        "page.safetensors": "broken",
    }
    assert rows["good.safetensors"]["format"] == "safetensors"
    assert rows["good.safetensors"]["findings"] == []


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["good.safetensors"], 0),
        (["good.safetensors", "odd.pt"], 3),
        (["good.safetensors", "nothing.pt"], 1),
        (["odd.pt", "nothing.pt"], 1),
        ([], 2),
    ],
)
def test_exit_codes(run: Run, folder: Path, names: list[str], code: int) -> None:
    assert run("check", *(str(folder / name) for name in names)).code == code


def test_what_is_no_file(run: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pt")
    assert "not a regular file" in run("check", str(tmp_path / "pipe.pt")).out
    (tmp_path / "pipe.pt").unlink()
    ended = run("check", str(tmp_path))
    assert (ended.code, ended.out) == (1, "")
    assert "is a folder without model files" in ended.err


class _Evil:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> object:
        return os.system, (f"touch '{self.mark}'",)


def test_a_scan_keeps_the_verdicts(run: Run, folder: Path, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    (folder / "evil\x1b[2J.pt").rename(folder / "evil.pt")
    (folder / "evil.pt").write_bytes(pickle.dumps({"w": _Evil(mark)}, protocol=2))
    run("library", "add", str(folder))
    run("scan", "--hash", "later")
    assert not mark.exists()
    rows = json.loads(run("list", "--json").out)
    assert {row["file_name"]: row["safety"] for row in rows} == {
        "evil.pt": "dangerous",
        "good.safetensors": "safe",
        "odd.pt": "suspicious",
        "packed.ckpt": "unscanned",
        "page.safetensors": "broken",
    }
    assert run("list", "safety:dangerous,suspicious", "--count").out.strip() == "2"
    assert run("list", "is:unsafe", "--count").out.strip() == "4"
    assert run("list", "safety:", "--count").out.strip() == "0"
    assert run("list", "safety:evil").code == 2
    evil = next(row["id"] for row in rows if row["file_name"] == "evil.pt")
    good = next(row["id"] for row in rows if row["file_name"] == "good.safetensors")
    shown = run("show", str(evil)).out
    assert "dangerous" in shown
    assert f"calls {os.system.__module__}.system when it is loaded." in shown
    assert "Safety" not in run("show", str(good)).out
    details = json.loads(run("show", str(evil), "--json").out)
    assert details["safety"] == "dangerous"
    assert details["findings"] == [f"It calls {os.system.__module__}.system when it is loaded."]
