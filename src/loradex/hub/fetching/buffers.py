"""Memory to read into, one piece for each thread."""

from __future__ import annotations

import mmap
import threading

LARGEST_PIECE = 1024 * 1024

_own = threading.local()


def own_buffer() -> memoryview:
    """Return the calling thread's `LARGEST_PIECE` bytes; what they hold is of the last user.

    They begin at a page's beginning: an address a few bytes behind one makes some processors copy
    several times slower. They are kept, because fresh memory costs a page fault every 4 KiB.
    """
    buffer: memoryview | None = getattr(_own, "buffer", None)
    if buffer is None:
        buffer = _own.buffer = memoryview(mmap.mmap(-1, LARGEST_PIECE))
    return buffer
