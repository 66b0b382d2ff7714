"""What a scan sees on disk, what it already knew, and what a look into a file told."""

from __future__ import annotations

from dataclasses import dataclass, field

from loradex.domain.evidence import Evidence
from loradex.domain.header import FileFormat
from loradex.domain.identity import Identity
from loradex.domain.safety import Safety

FINGERPRINT_SCHEME = "2-"
"""What fingerprints begin with that are made as today's are; earlier ones have nothing there."""


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
class Look:
    """What reading one file's header told.

    A file that is there but is no healthy model file has a `problem`, and still a fingerprint,
    so that notes can hang on it. `fingerprint` is None when it could not be read at all.
    """

    found: Found
    fingerprint: str | None = None
    format: FileFormat = FileFormat.UNKNOWN
    identity: Identity = field(default_factory=Identity)
    facts: tuple[Evidence, ...] = ()
    trigger_words: tuple[str, ...] = ()
    metadata_json: str = "{}"
    """The header's metadata as a JSON object. Text is passed between processes quicker."""
    tag_counts_json: str = "[]"
    """Captions with their counts as a JSON list of pairs, most frequent first."""
    claimed_hash: str | None = None
    tensor_count: int = 0
    header_bytes: int = 0
    safety: Safety | None = None
    """None when nothing was looked at for code: a file that could not be read."""
    findings: tuple[str, ...] = ()
    problem: str | None = None
    growing: bool = False
    gone: bool = False
    """It vanished between the walk and the look; there is nothing to keep."""


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
