"""What jobs write beside their events: a file each, of which the latest are kept."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from loradex.domain.text import display_text
from loradex.errors import LoradexError
from loradex.paths import Home

KEPT = 40
_LOOKED_AT = 16_384
_LONGEST_LINE = 400


def new_log(home: Home) -> Path:
    """Return a new, empty file for a job's output; older ones than the last few are deleted.

    Raises `LoradexError` when the folder cannot be written.
    """
    folder = home.root / "logs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _forget_old(folder)
        descriptor, path = tempfile.mkstemp(".log", "job-", folder)
        os.close(descriptor)
    except OSError as error:
        raise LoradexError(
            f"Nothing can be written to {folder}: {error.strerror or error}.",
            hint="Check its permissions and the free space there.",
        ) from error
    return Path(path)


def last_lines(path: Path, count: int) -> list[str]:
    """Return the last lines of a log, safe to print; none when it is empty or gone."""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(file.tell() - _LOOKED_AT, 0))
            text = file.read(_LOOKED_AT).decode("utf-8", "replace")
    except OSError:
        return []
    lines = [line.rstrip() for line in text.splitlines()]
    return [display_text(line, _LONGEST_LINE) for line in lines if line][-count:]


def _forget_old(folder: Path) -> None:
    logs = sorted(folder.glob("job-*.log"), key=_age)
    for old in logs[: max(len(logs) - KEPT + 1, 0)]:
        with suppress(OSError):
            old.unlink()


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
