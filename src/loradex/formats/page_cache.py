"""Reading a large file once without pushing everything else out of memory.

A pass over a terabyte of models would fill the page cache with bytes that nobody asks for again.
So what was read is dropped behind the reader, unless the file was in memory before: then somebody
(a user interface that has the model loaded, say) probably wants it there. That is decided once per
file, from 16 single-byte reads that may not wait for the disk (`RWF_NOWAIT`); readahead is
switched off meanwhile, or the probes themselves would fetch what they ask about.
"""

from __future__ import annotations

import os

_PROBES = 16
_DROP_EVERY = 16 * 1024 * 1024


class ReadBehind:
    """Advice to the kernel about one sequential pass; does nothing where there is no such call."""

    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor = descriptor
        self._dropped = 0
        self._advises = hasattr(os, "posix_fadvise") and size > 0
        self._drops = False
        if self._advises:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_RANDOM)
            self._drops = not _mostly_cached(descriptor, size)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)

    def passed(self, position: int) -> None:
        """Everything before `position` has been read; the kernel may forget it."""
        if self._drops and position - self._dropped >= _DROP_EVERY:
            self._drop(position)

    def finish(self, position: int) -> None:
        """Forget the rest of what was read."""
        if self._drops and position > self._dropped:
            self._drop(position)

    def _drop(self, position: int) -> None:
        length = position - self._dropped
        os.posix_fadvise(self._descriptor, self._dropped, length, os.POSIX_FADV_DONTNEED)
        self._dropped = position


def _mostly_cached(descriptor: int, size: int) -> bool:
    """Tell whether most probes hit memory; True where that cannot be asked: nothing is dropped."""
    if not hasattr(os, "RWF_NOWAIT"):
        return True
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
