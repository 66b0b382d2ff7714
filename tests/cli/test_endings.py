"""How a call ends when nobody reads what it writes, or nothing can be written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from catalog_kit import add_library, look
from loradex.catalog.catalog import Catalog
from loradex.paths import Home

PROGRAM = [sys.executable, "-m", "loradex"]
FULL = Path("/dev/full")


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["list", "--json"],
        ["list", "--paths"],
        ["config"],
        ["--help"],
        ["list", "--help"],
        ["scan", "--progress=json"],
    ],
    ids=" ".join,
)
def test_a_reader_that_has_enough_is_no_failure(filled: Home, arguments: list[str]) -> None:
    process = subprocess.Popen(
        [*PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, b"")


def test_the_first_line_is_enough(filled: Home) -> None:
    with Catalog.open(filled) as catalog:
        catalog.looks.record(1, [look(f"{n}.safetensors", n) for n in range(10, 3000)], "1")
    process = subprocess.Popen([*PROGRAM, "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline()
    process.stdout.close()
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, b"")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["list"], 0),
        (["list", "--paths"], 0),
        (["list", "--json"], 0),
        (["problems"], 3),
        (["duplicates"], 0),
        (["duplicates", "--paths"], 0),
        (["library", "list"], 0),
        (["show", "1"], 0),
        (["scan"], 0),
        (["check", "."], 1),
        ([], 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_closed_streams_are_nobodys_terminal(
    filled: Home, tmp_path: Path, arguments: list[str], code: int
) -> None:
    ended = subprocess.run(
        ["sh", "-c", 'exec "$@" >&- <&-', "sh", *PROGRAM, *arguments],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=60,
    )
    assert ended.returncode == code, ended.stderr
    assert "NoneType" not in ended.stderr


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("arguments", [["list"], ["list", "--json"], ["list", "--paths"]])
def test_a_full_disk_is_told_in_one_sentence(filled: Home, arguments: list[str]) -> None:
    with FULL.open("wb") as full:
        ended = subprocess.run(
            [*PROGRAM, *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert ended.returncode == 1
    first, hint = ended.stderr.splitlines()
    assert first == "Error: The output cannot be written: No space left on device."
    assert "free space" in hint


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252"])
def test_a_terminal_that_lacks_characters_gets_escapes(
    home: Home, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Catalog.open(home) as catalog:
        catalog.looks.record(add_library(catalog), [look("紙灯り.safetensors", 1)], "1")
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    ended = subprocess.run([*PROGRAM, "list"], capture_output=True, check=False, timeout=60)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count(b"\n") == 1
    assert b"UnicodeEncodeError" not in ended.stderr
