"""Open the file that holds a content, and make sure that it still is the one that was hashed."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass

from loradex.catalog.serve_rows import ServedContent, ServedPlace


@dataclass(slots=True)
class OpenFile:
    """An open file with the bytes of a content, as far as size and time can tell."""

    handle: int
    size: int
    mtime_ns: int

    def unchanged(self) -> bool:
        """Tell whether nobody has written to it since it was opened."""
        info = os.fstat(self.handle)
        return (info.st_size, info.st_mtime_ns) == (self.size, self.mtime_ns)

    def close(self) -> None:
        """Close it."""
        os.close(self.handle)


def open_content(content: ServedContent, places: Sequence[ServedPlace]) -> OpenFile | None:
    """Open the first place that still has the content; None when none has.

    Links are followed, as scans do: people keep their models on other disks. What is behind one
    has to have the size and the time, to the nanosecond, of the file that was hashed there.
    """
    for place in places:
        if place.size == content.size and _inside(place.path):
            opened = _opened(place)
            if opened is not None:
                return opened
    return None


def _opened(place: ServedPlace) -> OpenFile | None:
    try:
        # A pipe in the place of a file must not make anybody wait.
        handle = os.open(place.root + b"/" + place.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    info = os.fstat(handle)
    if stat.S_ISREG(info.st_mode) and (info.st_size, info.st_mtime_ns) == (
        place.size,
        place.mtime_ns,
    ):
        return OpenFile(handle, place.size, place.mtime_ns)
    os.close(handle)
    return None


def _inside(path: bytes) -> bool:
    """Tell whether a path from the catalog stays below its root."""
    return not path.startswith(b"/") and b"\x00" not in path and b".." not in path.split(b"/")
