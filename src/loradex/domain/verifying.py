"""Whether files still hold the bytes that were hashed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class ToVerify:
    """A place whose bytes are to be read again."""

    file_id: int
    content_id: int
    root: bytes
    """Root folder of its library."""
    path: bytes
    size: int
    mtime_ns: int
    device: int
    inode: int
    sha256: str | None
    """Of the bytes it held when all of it was read; None where it never was."""
    readable: bool
    """False where the last scan or verification found it broken."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where good bytes of a content can be had: places of its own, and its page on a hub."""

    copies: tuple[bytes, ...]
    """Paths of present copies, the ones that were read last first."""
    model_id: int | None
    version_id: int | None


class FindingKind(StrEnum):
    """What a verification found wrong with a file."""

    ROTTEN = "rotten"
    """Other bytes under the same size and time."""
    UNSTABLE = "unstable"
    """Other bytes at one reading, the right ones at the next."""
    TRUNCATED = "truncated"
    """Shorter than its header says."""
    MISNAMED = "misnamed"
    """Something else than its suffix says: a web page, a pickle, an archive."""
    DAMAGED = "damaged"
    """A header that cannot be read."""
    CHANGED = "changed"
    """Other bytes than at the last scan, and no fault in them."""
    UNREADABLE = "unreadable"
    """The system does not let it be read."""
    GONE = "gone"
    """Not there any more."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One file that is not as it should be. Texts are plain sentences."""

    kind: FindingKind
    path: str
    content_id: int
    message: str
    hint: str
    marked: bool
    """It is listed by `loradex problems` from now on."""
