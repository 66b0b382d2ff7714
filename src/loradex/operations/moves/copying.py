"""Copy a file to another device so that the copy can be trusted before the original goes."""

# ruff: noqa: PTH108 - names are bytes here, which pathlib does not take

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable

from loradex.domain.plans import Stamp
from loradex.domain.progress import CancelToken

_PIECE = 4 * 1024 * 1024


class CopyFailed(Exception):
    """The copy is not what the original is; the message is a sentence. Nothing of it is left."""


def copy_verified(
    source: bytes,
    copy: bytes,
    stamp: Stamp,
    *,
    sha256: str | None,
    on_bytes: Callable[[int], None],
    cancel: CancelToken,
) -> None:
    """Copy `source`, which must be the file of `stamp`, to the new name `copy`, time included.

    What was written is synced, read back from the disk and compared by its SHA-256, also with
    `sha256` where that is known. Raises CopyFailed, OSError (FileExistsError when `copy` is
    there) or Cancelled; the copy is then removed.
    """
    reading = os.open(source, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        info = os.fstat(reading)
        if not stat.S_ISREG(info.st_mode) or stamp_of(info) != stamp:
            raise CopyFailed("It is not the file any more that was to be moved.")
        writing = os.open(copy, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW, 0o600)
        try:
            digest = _copy(reading, writing, on_bytes, cancel)
            os.fchmod(writing, stat.S_IMODE(info.st_mode) & 0o777)
            os.utime(writing, ns=(info.st_atime_ns, info.st_mtime_ns))
            os.fsync(writing)
            if stamp_of(os.fstat(reading)) != stamp:
                raise CopyFailed("It changed while it was copied.")
            if sha256 is not None and digest != sha256:
                raise CopyFailed("Its bytes are not the ones that were hashed: it has changed.")
            if _digest_from_disk(writing, on_bytes, cancel) != digest:
                raise CopyFailed("The copy on the other disk is not the same: check that disk.")
        except BaseException:
            os.unlink(copy)
            raise
        finally:
            os.close(writing)
    finally:
        os.close(reading)


def same_bytes(one: bytes, other: bytes, cancel: CancelToken) -> bool:
    """Tell whether two regular files hold the same bytes, by reading both in full."""
    digests = []
    for path in (one, other):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            digests.append(_digest_from_disk(descriptor, lambda _count: None, cancel))
        finally:
            os.close(descriptor)
    return digests[0] == digests[1]


def stamp_of(info: os.stat_result) -> Stamp:
    """Return the stamp of a regular file."""
    return Stamp(info.st_size, info.st_mtime_ns, info.st_dev, info.st_ino)


def _copy(reading: int, writing: int, on_bytes: Callable[[int], None], cancel: CancelToken) -> str:
    digest = hashlib.sha256()
    while piece := os.read(reading, _PIECE):
        cancel.check()
        digest.update(piece)
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(writing, rest) :]
        on_bytes(len(piece))
    return digest.hexdigest()


def _digest_from_disk(descriptor: int, on_bytes: Callable[[int], None], cancel: CancelToken) -> str:
    """Return the SHA-256 of a whole file, not of what memory still has of it where that can be."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.lseek(descriptor, 0, os.SEEK_SET)
    digest = hashlib.sha256()
    while piece := os.read(descriptor, _PIECE):
        cancel.check()
        digest.update(piece)
        on_bytes(len(piece))
    return digest.hexdigest()
