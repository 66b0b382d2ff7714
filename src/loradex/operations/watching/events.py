"""What a watch tells: one event for each thing that happened to a file or a library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from loradex.domain.models import ModelRow


class EventKind(StrEnum):
    """What happened."""

    WATCHING = "watching"
    """A library is watched from now on."""
    POLLING = "polling"
    """Libraries are looked through now and then, for the reason in `detail`."""
    INDEXED = "indexed"
    """A file is new, complete and in the catalog; `detail` says why it cannot be read, if so."""
    CHANGED = "changed"
    """Other bytes are under a known name; `detail` as above."""
    MOVED = "moved"
    """A known file has another path; `detail` is the old one."""
    GONE = "gone"
    BACK = "back"
    TAGGED = "tagged"
    """A rule for arrivals has put on the tags in `detail`."""
    PLACED = "placed"
    """A rule for arrivals has moved a file here; `detail` is where it was."""
    STAYS = "stays"
    """A rule for arrivals could not move a file; `detail` says why."""
    OFFLINE = "offline"
    """A library's folder is not there any more."""
    ONLINE = "online"
    TROUBLE = "trouble"
    """Something could not be done now and is tried again; `detail` says what."""


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """One event. `path` is absolute and may hold anything; it is empty for a library's events."""

    kind: EventKind
    library: str
    path: str = ""
    model: ModelRow | None = None
    detail: str = ""


Tell = Callable[[WatchEvent], None]
"""Takes events, in the watching thread."""
