"""All six digests of a file from one read.

The definitions are the hub's (see `loradex.domain.hashes`): they must agree with CivitAI to the
last digit, or nothing is ever found there. SHA-256 and AutoV3 cost the same, and most: they are
two SHA-256 states over nearly the same bytes, and share no work. So a large file is read by the
calling thread while three others digest; OpenSSL, BLAKE3 and zlib let go of the interpreter
meanwhile. On two cores that takes some 1.2 times as long as SHA-256 alone, on one core 2.3 times
(`bench/hash.py`).
"""

from __future__ import annotations

import hashlib
import threading
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Self

from blake3 import blake3

from loradex.domain.hashes import Hashes
from loradex.domain.progress import CancelToken
from loradex.formats.model_file import ModelFile, refused
from loradex.formats.page_cache import ReadBehind
from loradex.formats.sniffing import safetensors_body_offset

_PIECE = 1024 * 1024
_RING = 8
_THREADED_FROM = 8 * _PIECE
"""Below this, starting threads costs more than they save."""

_AUTOV1 = range(0x100000, 0x110000)
_AUTOV1_SMALLEST_FILE = 0x200000

_Digest = Callable[[memoryview, int], None]
"""Takes a piece and its offset in the file; pieces come in order."""


def hash_file(
    path: Path,
    *,
    on_bytes: Callable[[int], None] | None = None,
    cancel: CancelToken | None = None,
) -> Hashes:
    """Return the digests of a file.

    `on_bytes` gets the length of each piece that was read, in the calling thread. Raises
    FormatError when the file cannot be read or changes meanwhile, and Cancelled when asked to
    stop; no part of the work is kept then.
    """
    with ModelFile(path) as file:
        digests = _Digests(safetensors_body_offset(file))
        if file.size < _THREADED_FROM:
            buffer = memoryview(bytearray(min(_PIECE, file.size + 1)))
            _pump(file, lambda: buffer, digests.all, on_bytes, cancel)
        else:
            with _Crew(digests.shares) as crew:
                _pump(file, crew.free_buffer, crew.hand_round, on_bytes, cancel)
        if file.changed():
            raise refused(path, "changed while it was read.", "Wait until nothing writes to it.")
        return digests.result(file.size)


def _pump(
    file: ModelFile,
    next_buffer: Callable[[], memoryview],
    deliver: _Digest,
    on_bytes: Callable[[int], None] | None,
    cancel: CancelToken | None,
) -> None:
    """Read the whole file, piece by piece, into buffers that `deliver` gets."""
    behind = ReadBehind(file.descriptor, file.size)
    offset = 0
    try:
        while True:
            if cancel is not None:
                cancel.check()
            buffer = next_buffer()
            count = file.read_into(buffer, offset)
            if not count:
                break
            deliver(buffer[:count], offset)
            offset += count
            behind.passed(offset)
            if on_bytes is not None:
                on_bytes(count)
    finally:
        behind.finish(offset)


class _Digests:
    """The running digests of one file; `body` is where a safetensors file's tensors begin."""

    def __init__(self, body: int | None) -> None:
        self._body = body
        self._sha256 = hashlib.sha256()
        self._tensors = hashlib.sha256()
        self._autov1 = hashlib.sha256()
        self._blake3 = blake3()
        self._crc32 = 0

    @property
    def shares(self) -> Sequence[_Digest]:
        """Three jobs of about equal length that may run at the same time."""
        jobs = [self._add_whole, self._add_others]
        return jobs if self._body is None else [*jobs, self._add_tensors]

    def all(self, piece: memoryview, offset: int) -> None:
        """Do every job, one after the other."""
        for share in self.shares:
            share(piece, offset)

    def _add_whole(self, piece: memoryview, offset: int) -> None:
        self._sha256.update(piece)

    def _add_tensors(self, piece: memoryview, offset: int) -> None:
        header_left = max(0, (self._body or 0) - offset)
        self._tensors.update(piece[header_left:])

    def _add_others(self, piece: memoryview, offset: int) -> None:
        self._blake3.update(piece)
        self._crc32 = zlib.crc32(piece, self._crc32)
        start, stop = max(0, _AUTOV1.start - offset), max(0, _AUTOV1.stop - offset)
        self._autov1.update(piece[start:stop])

    def result(self, size: int) -> Hashes:
        """Return the digests of a file of `size` bytes that was added whole."""
        sha256 = self._sha256.hexdigest()
        # No tensor bytes: the digest of nothing, which thousands of broken files share.
        has_tensors = self._body is not None and self._body < size
        return Hashes(
            sha256=sha256,
            blake3=self._blake3.hexdigest(),
            crc32=self._crc32.to_bytes(4, "little").hex(),
            autov1=self._autov1.hexdigest()[:8] if size >= _AUTOV1_SMALLEST_FILE else None,
            autov2=sha256[:10],
            autov3=self._tensors.hexdigest()[:12] if has_tensors else None,
        )


@dataclass(slots=True)
class _Slot:
    """A buffer of the ring, and how many threads still need what is in it."""

    buffer: memoryview
    filled: memoryview
    offset: int = 0
    readers: int = 0


class _Crew:
    """A thread for each share of the work, and a ring of buffers between them and the reader."""

    def __init__(self, shares: Sequence[_Digest]) -> None:
        self._lock = threading.Lock()
        self._free: SimpleQueue[_Slot | None] = SimpleQueue()
        self._current: _Slot | None = None
        for _ in range(_RING):
            buffer = memoryview(bytearray(_PIECE))
            self._free.put(_Slot(buffer, buffer))
        self._queues: list[SimpleQueue[_Slot | None]] = [SimpleQueue() for _ in shares]
        self._threads = [
            threading.Thread(target=self._work, args=(queue, share), name="hash", daemon=True)
            for queue, share in zip(self._queues, shares, strict=True)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for queue in self._queues:
            queue.put(None)
        for thread in self._threads:
            thread.join()

    def free_buffer(self) -> memoryview:
        """Return a buffer that no thread needs any more; wait for one."""
        self._current = self._free.get()
        if self._current is None:
            raise RuntimeError("a hashing thread ended before its work was done")
        return self._current.buffer

    def hand_round(self, piece: memoryview, offset: int) -> None:
        """Let every thread have the buffer that `free_buffer` gave out last."""
        slot = self._current
        if slot is None:
            raise RuntimeError("no buffer was taken")
        slot.filled, slot.offset, slot.readers = piece, offset, len(self._queues)
        for queue in self._queues:
            queue.put(slot)

    def _work(self, queue: SimpleQueue[_Slot | None], share: _Digest) -> None:
        try:
            while (slot := queue.get()) is not None:
                share(slot.filled, slot.offset)
                with self._lock:
                    slot.readers -= 1
                    done = slot.readers == 0
                if done:
                    self._free.put(slot)
        finally:
            # Should this thread die early, the reader must not wait for its buffers for ever.
            self._free.put(None)
