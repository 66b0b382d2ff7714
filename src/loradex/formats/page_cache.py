"""Reading a large file once without pushing everything else out of memory.

A pass over a terabyte of models would fill the page cache with bytes that nobody asks for again.
So what this reader brought in is dropped behind it, and what was in memory before stays there:
somebody (a user interface that has the model loaded, say) probably wants it. Which pages were
there is asked once, before the first read, with mincore(2), which touches none of them. The kernel
answers that truly to the owner of a file and to who may write it; for anybody else 16 single-byte
reads that may not wait for the disk (`RWF_NOWAIT`) decide for the file as a whole.
"""

from __future__ import annotations

import mmap
import os
from bisect import bisect_right
from collections.abc import Iterator

_PROBES = 16
_DROP_EVERY = 16 * 1024 * 1024
_READ_AHEAD = 64 * 1024 * 1024
"""The kernel may have read as far beyond what was asked for (it is seldom more than 8 MiB)."""
_WINDOW = 1 << 30
"""Bytes that are asked about at once: 256 KiB of answer."""

Range = tuple[int, int]


class ReadBehind:
    """Advice to the kernel about one sequential pass; does nothing where there is no such call."""

    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor = descriptor
        self._size = size
        self._dropped = 0
        self._advises = hasattr(os, "posix_fadvise") and size > 0
        self._before = _in_memory(descriptor, size) if self._advises else []
        if self._advises:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)

    def was_in_memory(self, offset: int, count: int) -> bool:
        """Tell whether any of these bytes were in memory before the pass began."""
        return next(self._kept(offset, offset + count), None) is not None

    def passed(self, position: int) -> None:
        """Everything before `position` has been read; the kernel may forget it."""
        if position - self._dropped >= _DROP_EVERY:
            self._drop(position)

    def finish(self, position: int) -> None:
        """Forget the rest of what was read, and what the kernel read ahead of it."""
        self._drop(min(position + _READ_AHEAD, self._size))

    def _drop(self, position: int) -> None:
        if not self._advises or position <= self._dropped:
            return
        start = self._dropped
        for kept_from, kept_to in self._kept(start, position):
            self._forget(start, kept_from)
            start = kept_to
        self._forget(start, position)
        self._dropped = position

    def _forget(self, start: int, stop: int) -> None:
        if stop > start:
            os.posix_fadvise(self._descriptor, start, stop - start, os.POSIX_FADV_DONTNEED)

    def _kept(self, start: int, stop: int) -> Iterator[Range]:
        """Yield the parts of a range that were in memory before."""
        place = max(bisect_right(self._before, (start, self._size)) - 1, 0)
        for kept_from, kept_to in self._before[place:]:
            if kept_from >= stop:
                return
            if kept_to > start:
                yield max(kept_from, start), min(kept_to, stop)


def _in_memory(descriptor: int, size: int) -> list[Range]:
    """Return the ranges of a file that are in memory, in order, by whole pages."""
    if _may_ask(descriptor):
        ranges = _resident(descriptor, size)
        if ranges is not None:
            return ranges
    return [(0, size)] if _mostly_cached(descriptor, size) else []


def _may_ask(descriptor: int) -> bool:
    """Tell whether mincore answers truly; to others it calls every page resident."""
    try:
        if os.fstat(descriptor).st_uid == os.geteuid():
            return True
        return os.access(f"/proc/self/fd/{descriptor}", os.W_OK)
    except OSError:
        return False


def _resident(descriptor: int, size: int) -> list[Range] | None:
    """Return what mincore tells; None where there is no such call."""
    import ctypes  # noqa: PLC0415 - only who reads whole files needs it

    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "mincore"):
        return None
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = (
        ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long,
    )  # fmt: skip
    libc.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
    libc.mincore.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p)
    ranges: list[Range] = []
    for start in range(0, size, _WINDOW):
        length = min(_WINDOW, size - start)
        answer = ctypes.create_string_buffer(-(-length // mmap.PAGESIZE))
        address = libc.mmap(None, length, mmap.PROT_READ, mmap.MAP_SHARED, descriptor, start)
        if address in (None, ctypes.c_void_p(-1).value):
            return None
        told = libc.mincore(address, length, answer)
        libc.munmap(address, length)
        if told != 0:
            return None
        ranges.extend(_runs(answer.raw, start))
    return ranges


def _runs(answer: bytes, offset: int) -> Iterator[Range]:
    """Yield the resident ranges that a page's lowest bit each tells, as offsets in the file."""
    bits = answer.translate(bytes(byte & 1 for byte in range(256)))
    begin = bits.find(b"\x01")
    while begin >= 0:
        end = bits.find(b"\x00", begin)
        end = len(bits) if end < 0 else end
        yield offset + begin * mmap.PAGESIZE, offset + end * mmap.PAGESIZE
        begin = bits.find(b"\x01", end)


def _mostly_cached(descriptor: int, size: int) -> bool:
    """Tell whether most probes hit memory; True where that cannot be asked: nothing is dropped.

    Readahead is switched off meanwhile, or the probes would fetch what they ask about.
    """
    if not hasattr(os, "RWF_NOWAIT"):
        return True
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_RANDOM)
    buffer = bytearray(1)
    hits = 0
    for index in range(_PROBES):
        try:
            hits += os.preadv(descriptor, [buffer], size * index // _PROBES, os.RWF_NOWAIT)
        except BlockingIOError:
            continue
        except OSError:
            return True
    return hits * 2 > _PROBES
