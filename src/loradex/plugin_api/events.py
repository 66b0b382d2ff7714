"""What listeners are told. Each event is sent once, after its work has been stored."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScanFinished:
    """Libraries were compared with the disk. Counts are files."""

    libraries: tuple[str, ...]
    """Names of those that were scanned."""
    new: int
    changed: int
    missing: int
    failed: int


@dataclass(frozen=True, slots=True)
class MatchFinished:
    """Models were looked up on a hub. Counts are models."""

    hub: str
    matched: int
    unknown: int
    """Those the hub does not have."""


@dataclass(frozen=True, slots=True)
class GridFinished:
    """A sample grid was drawn. Counts are cells."""

    title: str
    folder: str
    """Where its sheet and page lie; absolute."""
    rendered: int
    reused: int
    """Those that had been drawn before."""
    failed: int


Event = ScanFinished | MatchFinished | GridFinished
