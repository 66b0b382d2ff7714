"""Libraries, and files as places where a content was last seen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Layout(StrEnum):
    """Which tool's folder layout a library follows."""

    COMFYUI = "comfyui"
    A1111 = "a1111"
    SWARMUI = "swarmui"
    INVOKEAI = "invokeai"
    STABILITY_MATRIX = "stabilitymatrix"
    SDNEXT = "sdnext"
    HUGGING_FACE = "huggingface"
    PLAIN = "plain"


class FileState(StrEnum):
    """What is known of a place."""

    PRESENT = "present"
    MISSING = "missing"
    """Its library is there, the file is not. Everything known is kept."""
    OFFLINE = "offline"
    """Its library is not there."""
    GROWING = "growing"
    """Still being written."""
    UNREADABLE = "unreadable"
    """It is there, but cannot be opened or is not a healthy model file."""


@dataclass(frozen=True, slots=True)
class Library:
    """A root folder that is scanned."""

    id: int
    name: str
    root: str
    layout: Layout
    ignore: tuple[str, ...]
    online: bool
    scanned_at: float | None
    """When a scan last wrote something; one that finds nothing new writes nothing."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One place where a content was seen."""

    id: int
    library: str
    path: str
    """Absolute, in display form."""
    size: int
    mtime: float
    state: FileState
    problem: str | None
    verified: bool
    """The whole file was read and hashed in its present state."""
