"""Standard output that ends early: a reader that has enough, a disk that is full."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class ReaderGone(Exception):
    """Whoever read our output (`head`, a pager) has enough. Not an error of anybody's."""


@contextmanager
def reader_may_leave() -> Iterator[None]:
    """Raise `ReaderGone` for a broken pipe: click would make a failure of it."""
    try:
        yield
    except BrokenPipeError as error:
        raise ReaderGone from error


def drop_output() -> None:
    """Send what is still to be written nowhere, so that Python does not stumble over it at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
