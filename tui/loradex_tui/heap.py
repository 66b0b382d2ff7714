"""Where the C library keeps what was freed."""

from __future__ import annotations

from contextlib import suppress

_M_ARENA_MAX = -8
"""mallopt(3) of glibc: how many heaps there are."""


def share_freed_memory() -> None:
    """Let all threads use one heap, where the C library is glibc; elsewhere do nothing.

    Each thread has one of its own otherwise, and what one search has freed there is of no use to
    the next, which runs in another thread.
    """
    import ctypes  # noqa: PLC0415 - nothing else needs it

    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
