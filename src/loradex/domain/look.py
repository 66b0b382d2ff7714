"""What a look into a file told."""

from __future__ import annotations

from dataclasses import dataclass, field

from loradex.domain.evidence import Evidence
from loradex.domain.header import FileFormat
from loradex.domain.identity import Identity
from loradex.domain.safety import Safety
from loradex.domain.scanning import Found


@dataclass(frozen=True, slots=True)
class Training:
    """What a header tells of how a model was trained; None where it tells nothing."""

    title: str | None = None
    author: str | None = None
    trained_at: float | None = None
    """Unix seconds."""
    alpha: float | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What reading one file's header told.

    A file that is there but is no healthy model file has a `problem`, and still a fingerprint,
    so that notes can hang on it. `fingerprint` is None when it could not be read at all. A model
    that lacks a shard has a `problem` and what the others tell.
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
    training: Training = Training()
    claimed_hash: str | None = None
    tensor_count: int = 0
    header_bytes: int = 0
    safety: Safety | None = None
    """None when nothing was looked at for code: a file that could not be read."""
    findings: tuple[str, ...] = ()
    problem: str | None = None
    sharded: bool = False
    """It tells of several files, of which only the first has a place: it may tell more by now."""
    growing: bool = False
    gone: bool = False
    """It vanished between the walk and the look; there is nothing to keep."""
