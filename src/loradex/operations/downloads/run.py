"""How a run through the queue goes, told while it goes and at its end."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from loradex.domain.downloads import Download
from loradex.operations.downloads.landing import Landed

_RATE_SECONDS = 8.0
"""Over how long a rate is measured."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run behaves. Times are in seconds.

    `at_once`: files at the same time. `pauses`: waits before each further try of a file that
    trouble of the network or the hub has stopped; after the last it has failed. `patience`: the
    longest wait for a file's time that keeps the run from ending.
    """

    at_once: int = 2
    pauses: tuple[float, ...] = (5.0, 20.0, 60.0)
    patience: float = 300.0
    quota_pause: float = 3600.0
    """Where a hub's quota is used up and the hub does not say for how long."""


@dataclass(frozen=True, slots=True)
class FileProgress:
    """Where one download is. `rate` is in bytes per second; None is unknown."""

    id: int
    name: str
    """May hold untrusted text."""
    done: int
    total: int | None
    rate: float | None

    @property
    def seconds_left(self) -> float | None:
        """How long it will take at this rate."""
        if self.total is None or not self.rate:
            return None
        return max(self.total - self.done, 0) / self.rate


ShowFiles = Callable[[tuple[FileProgress, ...]], None]


def show_nobody(_files: tuple[FileProgress, ...]) -> None:
    """Show it to nobody."""


@dataclass(slots=True)
class RunReport:
    """What came of a run."""

    landed: list[tuple[Download, Landed]] = field(default_factory=list)
    failed: list[Download] = field(default_factory=list)
    """Failed for good, or put aside."""
    waiting: list[str] = field(default_factory=list)
    """Why some of the queue waits for a later run, a sentence each."""
    elsewhere: str | None = None
    """A sentence that says which other process downloads, where one does."""
    nbytes: int = 0
    seconds: float = 0.0


class Meter:
    """How much of one file is there, and how fast it comes. `note` may come from another thread."""

    def __init__(self, id_: int, name: str, size: int | None) -> None:
        self._id = id_
        self._name = name
        self._total = size
        self._first: int | None = None
        self._done = 0
        self._seen: deque[tuple[float, int]] = deque(maxlen=64)

    def note(self, done: int, total: int | None) -> None:
        """Note how many bytes are there, and how many there will be."""
        if self._first is None:
            self._first = done
        self._done = done
        self._total = total if total is not None else self._total

    @property
    def done(self) -> int:
        """Bytes that are there."""
        return self._done

    @property
    def fetched(self) -> int:
        """Bytes that came since this run began with the file."""
        return max(self._done - (self._first or 0), 0)

    @property
    def to_fetch(self) -> int:
        """Bytes that this run has to fetch of it, in all."""
        return max((self._total or self._done) - (self._first or 0), 0)

    def progress(self, now: float) -> FileProgress:
        """Return where the file is; call it a few times a second."""
        self._seen.append((now, self._done))
        while len(self._seen) > 2 and now - self._seen[0][0] > _RATE_SECONDS:
            self._seen.popleft()
        since, before = self._seen[0]
        rate = (self._done - before) / (now - since) if now - since > 0.5 else None
        return FileProgress(self._id, self._name, self._done, self._total, rate)
