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
    ("apply", "noreplace", False),
    ("undo", "noreplace", False),
    ("recover", "noreplace", False),
    ("scan", "link", False),
    ("apply", "link", False),
    ("apply", "placeholder", False),
    ("apply", "noreplace", True),
    ("undo", "noreplace", True),
    ("scan", "noreplace", True),
    ("recover", "link", True),
]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder on another device than `tmp_path`."""
    if not MEMORY.is_dir() or MEMORY.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second device to move files to")
    import tempfile  # noqa: PLC0415

    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        yield Path(folder)


def kill(work: Path, target: Path, what: str, how: str, stride: int) -> int:
    """Run the rounds; return how many processes were killed."""
    result = subprocess.run(
        [sys.executable, SCRIPT, work, target, what, how, str(stride)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )
    assert result.returncode == 0, result.stderr
    return int(result.stdout)


@pytest.mark.parametrize(("what", "how", "across"), CASES)
def test_no_kill_loses_doubles_or_parts_anything(
    tmp_path: Path, elsewhere: Path, what: str, how: str, across: bool
) -> None:
    target = tmp_path if across else elsewhere
    assert kill(elsewhere, target, what, how, stride=41) >= 8


@pytest.mark.long
@pytest.mark.parametrize(("what", "how", "across"), CASES)
def test_no_kill_at_any_boundary_at_all(
    tmp_path: Path, elsewhere: Path, what: str, how: str, across: bool
) -> None:
    target = tmp_path if across else elsewhere
    assert kill(elsewhere, target, what, how, stride=1) >= 300
