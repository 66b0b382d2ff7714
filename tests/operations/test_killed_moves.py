"""Moves in real processes that are killed at their boundaries; see `kill_moves`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("kill_moves.py")
MEMORY = Path("/dev/shm")  # noqa: S108 - a second device, and no waiting for the disk

CASES = [
    ("moves", "apply", "noreplace", False),
    ("moves", "undo", "noreplace", False),
    ("moves", "recover", "noreplace", False),
    ("moves", "scan", "link", False),
    ("moves", "apply", "link", False),
    ("moves", "apply", "placeholder", False),
    ("moves", "apply", "noreplace", True),
    ("moves", "undo", "noreplace", True),
    ("moves", "scan", "noreplace", True),
    ("moves", "recover", "link", True),
    ("tidy", "apply", "noreplace", False),
    ("tidy", "undo", "noreplace", False),
    ("tidy", "recover", "noreplace", True),
    ("tidy", "scan", "link", True),
]
MORE = [
    ("tidy", "apply", "placeholder", False),
    ("tidy", "undo", "link", True),
]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder on another device than `tmp_path`."""
    if not MEMORY.is_dir() or MEMORY.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second device to move files to")
    import tempfile  # noqa: PLC0415

    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        yield Path(folder)


def kill(*arguments: str | Path, stride: int) -> int:
    """Run the rounds; return how many processes were killed."""
    result = subprocess.run(
        [sys.executable, SCRIPT, *arguments, str(stride)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )
    assert result.returncode == 0, result.stderr
    return int(result.stdout)


@pytest.mark.parametrize(("plan", "what", "how", "across"), CASES)
def test_no_kill_loses_doubles_or_parts_anything(
    tmp_path: Path, elsewhere: Path, *, plan: str, what: str, how: str, across: bool
) -> None:
    target = tmp_path if across else elsewhere
    assert kill(plan, elsewhere, target, what, how, stride=41 if plan == "moves" else 61) >= 8


@pytest.mark.long
@pytest.mark.parametrize(("plan", "what", "how", "across"), [*CASES, *MORE])
def test_no_kill_at_any_boundary_at_all(
    tmp_path: Path, elsewhere: Path, *, plan: str, what: str, how: str, across: bool
) -> None:
    target = tmp_path if across else elsewhere
    assert kill(plan, elsewhere, target, what, how, stride=1) >= 300
