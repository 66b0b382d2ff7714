"""How far a pass over many files is, in bytes, with several of them being read at once."""

from __future__ import annotations

import threading

from loradex.domain.progress import Progress, ProgressSink


class ReadingMeter:
    """Adds up the bytes that threads report. Every file counts in full once it is done."""

    def __init__(self, stage: str, sink: ProgressSink) -> None:
        self._stage = stage
        self._sink = sink
        self._lock = threading.Lock()
        self._total = 0
        self._done = 0
        self._sizes: list[int] = []
        self._names: list[str] = []
        self._counted: dict[int, int] = {}

    def begin(self, files: list[tuple[str, int]]) -> None:
        """Take a list of names and sizes, which the next reports count by their index."""
        with self._lock:
            self._names = [name for name, _ in files]
            self._sizes = [size for _, size in files]
            self._counted = {}
            self._total += sum(self._sizes)

    def add(self, index: int, nbytes: int) -> None:
        """Count bytes of a file; may be called from any thread."""
        with self._lock:
            self._counted[index] = self._counted.get(index, 0) + nbytes
            self._done += nbytes
            event = self._event()
        self._sink.progress(event)

    def finish(self, index: int) -> None:
        """Count a file in full, whatever was read of it."""
        with self._lock:
            name = self._names[index]
            self._done += self._sizes[index] - self._counted.pop(index, 0)
            event = self._event(name)
        self._sink.progress(event)

    def _event(self, name: str = "") -> Progress:
        """Name the file that was begun first of those being read, and how many there are."""
        if self._counted:
            name = self._names[next(iter(self._counted))]
        others = len(self._counted) - 1
        if others > 0:
            name += f" and {others} more"
        return Progress(self._stage, min(self._done, self._total), self._total, "bytes", name)
