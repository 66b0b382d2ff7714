"""Whether a file may go because another one holds the same bytes: read both, right before."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

from loradex.domain.progress import CancelToken
from loradex.operations.moves.copying import stamp_of

_PIECE = 4 * 1024 * 1024


class NotTheSame(Exception):
    """The other file does not hold the same bytes; the message is a sentence."""


def check_same(
    going: bytes, kept: bytes, on_bytes: Callable[[int], None], cancel: CancelToken
) -> None:
    """Raise NotTheSame unless two regular files, which are not one, hold the same bytes.

    Both are read in full, past what memory has of them where the system lets us. Raises OSError
    when one cannot be read, and Cancelled.
    """
    one = os.open(going, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        other = os.open(kept, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            _compare(one, other, on_bytes, cancel)
        finally:
            os.close(other)
    finally:
        os.close(one)


def _compare(one: int, other: int, on_bytes: Callable[[int], None], cancel: CancelToken) -> None:
    before = [os.fstat(one), os.fstat(other)]
    if not all(stat.S_ISREG(info.st_mode) for info in before):
        raise NotTheSame("It, or the file that is kept, is no plain file any more.")
    if os.path.samestat(*before):
        raise NotTheSame("It and the file that is kept are one file under two names.")
    if before[0].st_size != before[1].st_size:
        raise NotTheSame("The file that is kept has another size by now.")
    for descriptor in (one, other):
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    while True:
        cancel.check()
        piece = _read(one)
        if piece != _read(other):
            raise NotTheSame("The file that is kept does not hold the same bytes.")
        if not piece:
            break
        on_bytes(2 * len(piece))
    if [stamp_of(info) for info in before] != [stamp_of(os.fstat(each)) for each in (one, other)]:
        raise NotTheSame("One of the files changed while they were compared.")


def _read(descriptor: int) -> bytes:
    """Return the next piece, short at the end of the file only."""
    pieces, wanted = [], _PIECE
    while wanted and (piece := os.read(descriptor, wanted)):
        pieces.append(piece)
        wanted -= len(piece)
    return b"".join(pieces)
