"""Downloads as the queue keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class DownloadState(StrEnum):
    """Where a download stands."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    """By the person."""
    FAILED = "failed"
    """It can be tried again; the bytes that came are kept."""
    ASIDE = "aside"
    """Wrong bytes: kept beside its place under another name."""
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class NewDownload:
    """A file to be put into the queue. Paths are bytes, as the disk has them."""

    hub: str
    model_id: int
    version_id: int
    file_id: int | None
    name: str
    """The hub's own name for the file."""
    size_bytes: int | None
    """What the hub says; a hint."""
    sha256: str | None
    library_id: int
    root: bytes
    relative: bytes
    """Where it goes, below the library's root."""

    @property
    def path(self) -> bytes:
        """Where it goes; absolute."""
        return self.root + b"/" + self.relative


@dataclass(frozen=True, slots=True)
class Download:
    """A file in the queue. Times are seconds since 1970."""

    id: int
    hub: str
    model_id: int
    version_id: int
    file_id: int | None
    name: str
    size_bytes: int | None
    sha256: str | None
    library_id: int
    root: bytes
    relative: bytes
    state: DownloadState
    done_bytes: int
    tries: int
    not_before: float
    """Not to be tried again before."""
    error: str | None
    hint: str | None
    content_id: int | None
    created_at: float
    finished_at: float | None

    @property
    def path(self) -> bytes:
        """Where it goes; absolute."""
        return self.root + b"/" + self.relative
