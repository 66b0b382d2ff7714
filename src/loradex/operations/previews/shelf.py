"""Previews on disk: named by what they show, bounded in bytes, the longest unused go first."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from loradex.paths import Home

MOST_BYTES = 1024**3
FOLDERS = 256
"""Each is kept within its share of the bytes, so that no look at all of them is ever needed."""

_SUFFIXES = (".jpg", ".webp")
_FAILED = ".none"


class PreviewShelf:
    """A folder of pictures in a home's cache. Any number of processes may use it at once.

    A name is hex of at least two digits. A picture's time of change is when it was last used.
    """

    def __init__(
        self,
        home: Home,
        *,
        folder: str = "previews",
        most_bytes: int = MOST_BYTES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder = home.cache / folder
        self._share = most_bytes // FOLDERS
        self._clock = clock

    def find(self, name: str) -> Path | None:
        """Return the picture kept under `name`, None when there is none."""
        for suffix in _SUFFIXES:
            path = self._place(name, suffix)
            with suppress(OSError):
                os.utime(path, (self._clock(), self._clock()))
                return path
        return None

    def put(self, name: str, suffix: str, data: bytes) -> Path:
        """Keep a picture whole or not at all; return where. Raises `OSError`."""
        path = self._place(name, suffix)
        self._write(path, data)
        with suppress(OSError):
            self._place(name, _FAILED).unlink()
        self._trim(path)
        return path

    def note_failure(self, name: str, seconds: float) -> None:
        """Remember for a while that there is no picture to be had. Raises `OSError`."""
        self._write(self._place(name, _FAILED), f"{self._clock() + seconds:.0f}".encode())

    def failed_lately(self, name: str) -> bool:
        """Tell whether a failure is still remembered."""
        return self._remembered(self._place(name, _FAILED))

    def _place(self, name: str, suffix: str) -> Path:
        return self._folder / name[:2] / f"{name}{suffix}"

    def _remembered(self, path: Path) -> bool:
        try:
            return float(path.read_bytes()[:20]) > self._clock()
        except (OSError, ValueError):
            return False

    def _write(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.utime(draft, (self._clock(), self._clock()))
            Path(draft).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(draft).unlink()
            raise

    def _trim(self, kept: Path) -> None:
        """Let the longest unused pictures of a folder go until it is within its share."""
        known: list[tuple[float, int, Path]] = []
        for entry in os.scandir(kept.parent):
            with suppress(OSError):
                info = entry.stat(follow_symlinks=False)
                known.append((info.st_mtime, info.st_size, Path(entry.path)))
        known.sort()
        total = sum(size for _, size, _ in known)
        for _, size, path in known:
            if path == kept:
                continue
            outdated = path.suffix == _FAILED and not self._remembered(path)
            if total > self._share or outdated:
                with suppress(OSError):
                    path.unlink()
                    total -= size
