"""What a scan sees on disk, and what it already knew."""

from __future__ import annotations

from dataclasses import dataclass

FINGERPRINT_SCHEME = "2-"
"""What fingerprints begin with that are made as today's are; earlier ones have nothing there."""


NOT_OPENED = -1
"""Stands in place of a file's device when its last look could not even open it: what is known of
it is older than that, and every scan tries again."""

Stamp = tuple[bytes, int, int, int]
"""Path relative to its library, size, time of change in nanoseconds, inode: while all four are the
same, so are the bytes, as far as can be told without opening the file."""


@dataclass(frozen=True, slots=True)
class Found:
    """A model file (or diffusers folder) met on a walk. `raw_path` is relative to its library."""

    raw_path: bytes
    size: int
    mtime_ns: int
    device: int
    inode: int
    folder: bool = False


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What the catalog knew of a place before this scan."""

    id: int
    raw_path: bytes
    size: int
    mtime_ns: int
    device: int
    inode: int
    state: str
    content_id: int | None
    problem: str | None = None
    rules: str | None = None
    """Version of the rules that identified its content."""
    fingerprint: str | None = None
    """Quick fingerprint of its content."""

    def same_bytes(self, found: Found) -> bool:
        """True when nothing suggests that the bytes changed; devices are numbered anew at boot."""
        mine = (self.size, self.mtime_ns, self.inode)
        return mine == (found.size, found.mtime_ns, found.inode)


@dataclass(frozen=True, slots=True)
class ToHash:
    """A present file whose bytes were not read in full yet."""

    file_id: int
    content_id: int
    path: bytes
    size: int
    mtime_ns: int
    device: int
    inode: int
    fingerprint: str
    """That of the content the scan saw there."""
