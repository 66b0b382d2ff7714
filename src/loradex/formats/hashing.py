"""All six digests of a file from one read.

The definitions are the hub's (see `loradex.domain.hashes`): they must agree with CivitAI to the
last digit, or nothing is ever found there. SHA-256 and AutoV3 cost the same, and most: they are
two SHA-256 states over nearly the same bytes, and share no work. So all cores digest a large file
together; OpenSSL, BLAKE3 and zlib let go of the interpreter meanwhile. On two cores that takes
some 1.25 times as long as SHA-256 alone, on one core 2.5 times (`bench/hash.py`).
"""

from __future__ import annotations

import hashlib
import os
import threading
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
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
class _Stream:
    """One digest, and how far it has come."""

    digest: _Digest
    done: int = 0
    """Pieces digested."""
    busy: bool = False


class _Crew:
    """The calling thread reads into a ring of buffers, and all threads digest what is in it.

    A thread takes the next piece of whichever digest is furthest behind; the calling thread does
    so whenever the ring is full. So there are never more threads than cores, and none idles.
    """

    def __init__(self, digests: Sequence[_Digest]) -> None:
        self._streams = [_Stream(digest) for digest in digests]
        self._ring = [memoryview(bytearray(_PIECE)) for _ in range(_RING)]
        self._filled = [(buffer, 0) for buffer in self._ring]
        self._read = 0
        self._stop = False
        self._failed = False
        self._news = threading.Condition()
        self._threads = [
            threading.Thread(target=self._help, name="hash", daemon=True)
            for _ in range(min(_cores(), len(digests) + 1) - 1)
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
        try:
            if error is None:
                self._finish()
        finally:
            with self._news:
                self._stop = True
                self._news.notify_all()
            for thread in self._threads:
                thread.join()

    def free_buffer(self) -> memoryview:
        """Return a buffer that every digest has passed; help them along until there is one."""
        while not self._has_room():
            self._do_one()
        return self._ring[self._read % _RING]

    def hand_round(self, piece: memoryview, offset: int) -> None:
        """Let the digests have the buffer that `free_buffer` gave out last."""
        with self._news:
            self._filled[self._read % _RING] = (piece, offset)
            self._read += 1
            self._news.notify_all()

    def _has_room(self) -> bool:
        with self._news:
            return self._read - min(stream.done for stream in self._streams) < _RING

    def _finish(self) -> None:
        while any(stream.done < self._read for stream in self._streams):
            self._do_one()

    def _help(self) -> None:
        while not self._stop:
            self._do_one(helping=True)

    def _do_one(self, *, helping: bool = False) -> None:
        """Digest one piece, or wait until something has changed."""
        with self._news:
            if self._failed:
                raise RuntimeError("a digest could not be computed")
            waiting = [s for s in self._streams if not s.busy and s.done < self._read]
            if not waiting:
                # With a digest at work there will be news. With none, the reader has to go on.
                if not self._stop and (helping or any(s.busy for s in self._streams)):
                    self._news.wait()
                return
            stream = min(waiting, key=lambda s: s.done)
            stream.busy = True
        done = 0
        try:
            stream.digest(*self._filled[stream.done % _RING])
            done = 1
        finally:
            # Nobody may wait for ever for a digest that raised.
            with self._news:
                stream.done += done
                stream.busy = False
                self._failed = self._failed or not done
                self._news.notify_all()


def _cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
