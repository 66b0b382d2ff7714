"""`loradex verify` and `loradex hash` by hand."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cli.kit import HOSTILE, Run
from files_kit import lora
from loradex.catalog.catalog import Catalog
from loradex.formats.hashing import hash_file
from loradex.operations.lease import READING
from loradex.paths import Home


@pytest.fixture
def models(run: Run, tmp_path: Path) -> Path:
    root = tmp_path / "models"
    for number in range(3):
        lora(root / f"{number}.safetensors", seed=number)
    run("library", "add", str(root))
    assert run("scan").code == 0
    return root


def rot(path: Path) -> None:
    before = path.stat()
    data = bytearray(path.read_bytes())
    data[-100] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_healthy_library(run: Run, models: Path) -> None:
    ended = run("verify")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("3 files (")
    assert " verified in " in ended.out
    assert run("verify", "--older-than", "1h").out.startswith("0 files")


def test_rot_is_told_with_what_to_do(run: Run, models: Path) -> None:
    hostile = lora(models / f"{HOSTILE[:12]}.safetensors", seed=9)
    run("scan")
    rot(hostile)
    ended = run("verify")
    assert ended.code == 3
    assert "1 rotten" in ended.out
    assert "not the ones that were hashed" in ended.err
    assert "\x1b" not in ended.out + ended.err
    assert run("problems").code == 3
    ended = run("verify", str(models), "--json")
    told = json.loads(ended.out)
    assert ended.code == 3
    assert (told["verified"], told["left"], told["elsewhere"]) == (3, 0, None)
    (finding,) = told["findings"]
    assert (finding["kind"], finding["path"], finding["marked"]) == ("rotten", str(hostile), True)


def test_a_portion(run: Run, models: Path) -> None:
    size = (models / "0.safetensors").stat().st_size
    ended = run("verify", "--limit", f"{size}", "--for", "1h30m", "kind:lora", "-name:nothing")
    assert ended.code == 0
    assert "2 files left for the next time" in ended.out


@pytest.mark.parametrize(
    "wrong",
    [
        ["--for", "soon"],
        ["--for", "10"],
        ["--limit", "much"],
        ["--older-than", "30 days"],
        ["/nowhere/at/all"],
        ["kind:nonsense"],
        [""],
        ["kind:lora", " "],
        ["--limit", "0"],
        ["--for", "0s"],
    ],
)
def test_wrong_use(run: Run, models: Path, wrong: list[str]) -> None:
    ended = run("verify", *wrong)
    assert ended.code == 2
    assert ended.err


def test_an_amount_is_shown_as_it_was_written(run: Run, models: Path) -> None:
    ended = run("verify", "--limit", "-1GB")
    assert ended.code == 2
    assert "'-1GB' is not a size" in ended.err


@pytest.mark.parametrize("what", [[], ["kind:lora"], ["PATH"]])
def test_what_was_never_hashed_is_counted(run: Run, tmp_path: Path, what: list[str]) -> None:
    root = tmp_path / "models"
    lora(root / "0.safetensors", seed=1)
    what = [str(root) if term == "PATH" else term for term in what]
    assert "no library to verify" in run("verify").err
    run("library", "add", str(root))
    run("scan", "--hash", "never")
    ended = run("verify", *what)
    assert (ended.code, ended.out) == (1, "")
    assert "1 file is not hashed yet." in ended.err
    run("scan")
    lora(root / "1.safetensors", seed=2)
    run("scan", "--hash", "never")
    ended = run("verify", *what)
    assert ended.code == 0
    assert ended.out.startswith("1 file (")
    assert "1 file is not hashed yet: loradex scan" in ended.out
    assert json.loads(run("verify", *what, "--json").out)["unhashed"] == 1


def test_a_library_that_is_away_has_its_name(run: Run, models: Path) -> None:
    models.rename(models.with_name("away"))
    assert "-models." in run("verify").out.partition("Offline: ")[2]
    run("scan")
    assert "-models." in run("verify").out.partition("Offline: ")[2]


def test_who_finds_the_files_being_read_says_so(run: Run, models: Path, home: Home) -> None:
    lora(models / "new.safetensors", seed=7)
    with Catalog.open(home) as catalog:
        assert catalog.jobs.acquire(READING, task="hash")
        ended = run("scan")
        assert ended.code == 0
        assert "1 new" in ended.out
        assert "is hashing; it hashes these files as well." in ended.out
        ended = run("verify")
        assert ended.code == 0
        assert "is hashing; run `loradex verify` again when it is done." in ended.out


def test_many_files_are_hashed_in_the_order_given(run: Run, tmp_path: Path) -> None:
    paths = [lora(tmp_path / f"{n}.safetensors", seed=n, rank=9 - n) for n in range(8)]
    paths.insert(3, tmp_path / "gone.safetensors")
    ended = run("hash", "--json", *map(str, paths))
    assert ended.code == 3
    told = [json.loads(line) for line in ended.out.splitlines()]
    assert [entry["path"] for entry in told] == [str(path) for path in paths]
    assert "is not there" in told[3]["error"]
    for entry in told[:3] + told[4:]:
        assert entry["sha256"] == hash_file(Path(entry["path"])).sha256
