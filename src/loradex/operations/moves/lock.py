"""One mover at a time in one home.

The kernel holds the lock for as long as the process lives, and no longer: nothing is to be cleared
after a crash, and a machine that slept still has it when it wakes. Where a network file system
does not keep its word on locks, exclusive names and checks before every step still hold.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from loradex.errors import LoradexError
from loradex.paths import Home

WAIT_SECONDS = 10.0


class MovesBusy(LoradexError):
    """Another process is moving files and does not end."""


@contextmanager
def moving(home: Home) -> Iterator[None]:
    """Be the only mover of this home; raise `MovesBusy` when another one stays too long."""
    path = home.root / "moves.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _acquire(descriptor)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def somebody_moves(home: Home) -> bool:
    """Tell whether a process is moving files of this home now."""
    try:
        descriptor = os.open(home.root / "moves.lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _acquire(descriptor: int) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > until:
                holder = os.pread(descriptor, 20, 0).decode("ascii", "replace") or "unknown"
                raise MovesBusy(
                    f"Another loradex (process {holder}) is moving files.",
                    hint="Wait until it is done, and try again.",
                ) from error
            time.sleep(0.05)
        else:
            return
