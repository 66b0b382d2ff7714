"""Threads that read and digest files: a file each, and together where files are fewer.

OpenSSL, BLAKE3 and zlib let go of the interpreter while they digest, so threads are enough. Who
has no file of its own takes a piece of whichever digest is furthest behind in any open file. A
further file is opened only while the disk is not what holds everybody up: a spinning disk or a
network share is read in one stream, a fast disk by all threads.
"""

from __future__ import annotations

import mmap
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from loradex.domain.digesting import Share
from loradex.domain.hashes import Hashes
from loradex.domain.progress import CancelToken
from loradex.errors import Cancelled, FormatError
from loradex.formats.digests import Digests
from loradex.formats.model_file import ModelFile, refused
from loradex.formats.page_source import PageSource
from loradex.formats.sniffing import safetensors_body_offset

PIECE = 1024 * 1024
_RING = 8
_SHARED_FROM = 8 * PIECE
"""Below this, sharing a file between threads costs more than it saves."""
_MOST_THREADS = 16
"""Enough for any disk; with more, the interpreter's lock becomes the limit."""
_BUFFERS = 64
"""Pieces that all rings together may hold: what bounds the memory."""
_WAITING_SHARE = 0.8
"""A disk whose readers wait for it so much of their time is not asked for more at once."""
_TRIAL = 0.05
"""Seconds of reading after which it is known how fast a disk is."""


@dataclass(frozen=True, slots=True)
class FullRead:
    """What reading all of a file told, and which file that was."""

    hashes: Hashes
    fingerprint: str
    size: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class ReadJob:
    """A file to read. `device` groups the files that share a disk; any number will do."""

    path: Path
    device: int = 0


Outcome = FullRead | FormatError


@dataclass(slots=True)
class _Disk:
    """How one disk keeps up: seconds spent in its reads, of those that its files were open."""

    open: int = 0
    reading: float = 0.0
    lasted: float = 0.0

    def note(self, reading: float, lasted: float) -> None:
        """Count one read, and the time since the one before; what is long past fades."""
        self.reading += reading
        self.lasted += lasted
        if self.lasted > 4:
            self.reading /= 2
            self.lasted /= 2

    def may_open(self) -> bool:
        """Tell whether one file more at the same time would be read faster than after these."""
        known = self.lasted >= _TRIAL
        return not self.open or (known and self.reading < _WAITING_SHARE * self.lasted)


@dataclass(slots=True, eq=False)
class _Ring:
    """An open file: the pieces that were read last, and how far each of its digests has come."""

    buffers: Sequence[memoryview]
    streams: list[_Stream] = field(default_factory=list)
    pieces: dict[int, tuple[memoryview, int]] = field(default_factory=dict)
    read: int = 0
    error: Exception | None = None

    def done(self) -> int:
        return min(stream.done for stream in self.streams)

    def has_room(self) -> bool:
        return self.read - self.done() < len(self.buffers)

    def busy(self) -> bool:
        return any(stream.busy for stream in self.streams)


@dataclass(slots=True, eq=False)
class _Stream:
    """One digest of an open file."""

    ring: _Ring
    share: Share
    done: int = 0
    """Pieces digested."""
    busy: bool = False

    def waits(self) -> bool:
        return not self.busy and self.done < self.ring.read and self.ring.error is None


class Crew:
    """Reads `jobs` in their order. `on_bytes` gets a job's index and bytes, in any thread.

    No file is begun once `may_start` says no; what was begun is finished. With `from_disk` even
    what lies in memory is read from the disk.
    """

    def __init__(
        self,
        jobs: Sequence[ReadJob],
        *,
        on_bytes: Callable[[int, int], None],
        cancel: CancelToken,
        may_start: Callable[[], bool] = lambda: True,
        from_disk: bool = False,
        threads: int | None = None,
    ) -> None:
        self._jobs = jobs
        self._waiting = list(range(len(jobs)))
        self._on_bytes = on_bytes
        self._cancel = cancel
        self._may_start = may_start
        self._from_disk = from_disk
        self._size = min(threads or cores(), _MOST_THREADS)
        self._disks: dict[int, _Disk] = {}
        self._rings: list[_Ring] = []
        self._open = 0
        self._dropped = False
        self._news = threading.Condition()
        self._own = threading.local()

    def read_first(self) -> FullRead:
        """Read the first job in this thread, with others to help; raise what went wrong."""
        self._begin(0)
        try:
            size = self._jobs[0].path.stat().st_size
        except OSError:
            size = 0  # opening it says what is wrong
        helpers = [
            threading.Thread(target=self._work, args=(None,), name="hash", daemon=True)
            for _ in range(min(self._size, 4) - 1 if size >= _SHARED_FROM else 0)
        ]
        for helper in helpers:
            helper.start()
        try:
            return self._read(0)
        finally:
            self._end(0)
            for helper in helpers:
                helper.join()

    def results(self) -> Iterator[list[tuple[int, Outcome]]]:
        """Yield what was read since the last time, each with its job's index, until all is.

        Cancelled, it yields what was finished and stops. Raises whatever a bug raised.
        """
        done: queue.SimpleQueue[tuple[int, Outcome | Exception] | None] = queue.SimpleQueue()
        threads = [
            threading.Thread(target=self._work, args=(done,), name="hash", daemon=True)
            for _ in range(self._size)
        ]
        for thread in threads:
            thread.start()
        left = len(threads)
        try:
            while left:
                batch = [done.get()]
                while not done.empty():
                    batch.append(done.get())
                left -= batch.count(None)
                told = list(_told(entry for entry in batch if entry is not None))
                if told:
                    yield told
        finally:
            with self._news:
                self._waiting.clear()
                self._dropped = True  # nobody wants the rest
            for thread in threads:
                thread.join()

    def _work(self, done: queue.SimpleQueue[tuple[int, Outcome | Exception] | None] | None) -> None:
        """Do whatever there is to do until nothing is left."""
        while (step := self._next_step()) is not None:
            if isinstance(step, _Stream):
                self._digest(step)
                continue
            result: Outcome | Exception
            try:
                result = self._read(step)
            except Exception as error:  # noqa: BLE001 - raised again where the results are taken
                result = error
            self._end(step)
            if done is not None:
                done.put((step, result))
        if done is not None:
            done.put(None)

    def _next_step(self) -> int | _Stream | None:
        """Return a file to begin or a digest to help with; wait for one; None at the end."""
        with self._news:
            while True:
                index = self._startable()
                if index is not None:
                    self._begin(index)
                    return index
                stream = _furthest_behind(self._rings)
                if stream is not None:
                    stream.busy = True
                    return stream
                if not self._waiting and not self._open:
                    return None
                self._news.wait()

    def _startable(self) -> int | None:
        """Return the first waiting file whose disk has time for it."""
        if self._waiting and (self._cancel.cancelled or not self._may_start()):
            self._waiting.clear()
        full: set[int] = set()
        for index in self._waiting:
            device = self._jobs[index].device
            if device in full:
                continue
            if self._disk(device).may_open():
                return index
            full.add(device)
        return None

    def _disk(self, device: int) -> _Disk:
        return self._disks.setdefault(device, _Disk())

    def _begin(self, index: int) -> None:
        self._waiting.remove(index)
        self._open += 1
        self._disk(self._jobs[index].device).open += 1

    def _end(self, index: int) -> None:
        with self._news:
            self._open -= 1
            self._disk(self._jobs[index].device).open -= 1
            self._news.notify_all()

    def _read(self, index: int) -> FullRead:
        """Read one file; raise FormatError or Cancelled."""
        path = self._jobs[index].path
        with ModelFile(path) as file:
            with PageSource(file, from_disk=self._from_disk) as source:
                # Looks at the file, so not before the source has looked at memory.
                digests = Digests(file.size, safetensors_body_offset(file))
                if file.size < _SHARED_FROM or self._size == 1:
                    self._alone(index, source, digests)
                else:
                    self._shared(index, source, digests)
            if file.changed():
                raise refused(
                    path, "changed while it was read.", "Wait until nothing writes to it."
                )
            return FullRead(
                digests.hashes(), digests.fingerprint(), file.size, file.mtime_ns, file.inode
            )

    def _check(self) -> None:
        self._cancel.check()
        if self._dropped:
            raise Cancelled("Stopped.")

    def _alone(self, index: int, source: PageSource, digests: Digests) -> None:
        buffer = self._buffers(1)[0]
        shares = digests.shares
        began = time.perf_counter()
        while True:
            self._check()
            asked = time.perf_counter()
            count, offset = source.read(buffer)
            read = time.perf_counter()
            if not count:
                return
            for share in shares:
                share(buffer[:count], offset)
            began = self._count(index, count, read - asked, began)

    def _shared(self, index: int, source: PageSource, digests: Digests) -> None:
        ring = _Ring(self._buffers(max(4, min(_RING, _BUFFERS // self._size))))
        ring.streams = [_Stream(ring, share) for share in digests.shares]
        with self._news:
            self._rings.append(ring)
        try:
            began = time.perf_counter()
            while True:
                self._check()
                self._digest_until(ring, ring.has_room)
                buffer = ring.buffers[ring.read % len(ring.buffers)]
                asked = time.perf_counter()
                count, offset = source.read(buffer)
                read = time.perf_counter()
                if not count:
                    break
                with self._news:
                    ring.pieces[ring.read % len(ring.buffers)] = (buffer[:count], offset)
                    ring.read += 1
                    self._news.notify_all()
                began = self._count(index, count, read - asked, began)
            self._digest_until(ring, lambda: ring.done() == ring.read)
        finally:
            with self._news:
                self._rings.remove(ring)
                while ring.busy():  # they read from this thread's buffers
                    self._news.wait()

    def _count(self, index: int, count: int, reading: float, began: float) -> float:
        """Tell that a piece was read; return when the next one begins."""
        now = time.perf_counter()
        with self._news:
            self._disk(self._jobs[index].device).note(reading, now - began)
        self._on_bytes(index, count)
        return now

    def _digest_until(self, ring: _Ring, enough: Callable[[], bool]) -> None:
        """Digest pieces of this file until `enough`; wait where all its digests are at work."""
        while True:
            with self._news:
                if ring.error is not None:
                    raise ring.error
                if enough():
                    return
                stream = _furthest_behind([ring])
                if stream is None:
                    self._news.wait()
                    continue
                stream.busy = True
            self._digest(stream)

    def _digest(self, stream: _Stream) -> None:
        """Digest one piece of a stream that is marked busy."""
        ring = stream.ring
        try:
            stream.share(*ring.pieces[stream.done % len(ring.buffers)])
        except Exception as error:  # noqa: BLE001 - raised by the thread whose file it is
            ring.error = error
        with self._news:
            stream.done += 1
            stream.busy = False
            self._news.notify_all()

    def _buffers(self, count: int) -> list[memoryview]:
        """Return this thread's buffers, at page boundaries as direct reads want them."""
        kept: list[memoryview] = getattr(self._own, "buffers", [])
        kept += [memoryview(mmap.mmap(-1, PIECE)) for _ in range(count - len(kept))]
        self._own.buffers = kept
        return kept[:count]


def _furthest_behind(rings: Sequence[_Ring]) -> _Stream | None:
    """Return the digest with the most pieces before it that nobody is at."""
    waiting = [stream for ring in rings for stream in ring.streams if stream.waits()]
    return max(waiting, key=lambda s: s.ring.read - s.done) if waiting else None


def _told(
    entries: Iterator[tuple[int, Outcome | Exception]],
) -> Iterator[tuple[int, Outcome]]:
    """Leave out what was cut off by a stop; raise what no file can be blamed for."""
    for index, outcome in entries:
        if isinstance(outcome, FullRead | FormatError):
            yield index, outcome
        elif not isinstance(outcome, Cancelled):
            raise outcome


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
