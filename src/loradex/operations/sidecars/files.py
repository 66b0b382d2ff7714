"""Put a sidecar in its place whole or not at all, and only over what was looked at."""

# ruff: noqa: PTH105, PTH108, PTH120 - names are bytes here, which pathlib does not take

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress

from loradex.operations.sidecars.bounded import ReadFile, SidecarRefused, read_file

_NEW_FILE = 0o644
_DRAFT = b".loradex-sidecar-"
_DAY = 86_400.0


def digest_of(data: bytes) -> str:
    """Return the SHA-256 of a file's bytes."""
    return hashlib.sha256(data).hexdigest()


def put(path: bytes, data: bytes, before: ReadFile | None, *, mtime_ns: int | None = None) -> None:
    """Write a file in the place of `before` (None: of nothing); raise `SidecarRefused`.

    Nothing is written where something else stands there by now. The new bytes are on the disk
    before the name leads to them; the name is, once `sync_folders` has returned. `mtime_ns` is the
    time it gets, now when left out.
    """
    folder = os.path.dirname(path)
    draft = folder + b"/" + _DRAFT + secrets.token_hex(8).encode() + b".part"
    mode = _NEW_FILE if before is None else before.mode
    try:
        _write(draft, data, mode, mtime_ns)
        try:
            _check(path, before)
            if before is None:
                _place_new(draft, path)
            else:
                os.replace(draft, path)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(draft)
    except OSError as error:
        raise SidecarRefused(f"It cannot be written: {error.strerror or error}.") from error


def remove(path: bytes, before: ReadFile) -> None:
    """Take a file away that is still what was looked at; raise `SidecarRefused`."""
    _check(path, before)
    try:
        os.unlink(path)
    except OSError as error:
        raise SidecarRefused(f"It cannot be removed: {error.strerror or error}.") from error


def sync_folders(paths: Iterable[bytes]) -> None:
    """Bring the names of files that were written or removed to the disk, each folder once."""
    for folder in {os.path.dirname(path) for path in paths}:
        with suppress(OSError):  # some network file systems cannot
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def sweep(folder: bytes) -> None:
    """Remove drafts that a program which was killed left in a folder a day ago or earlier."""
    with suppress(OSError), os.scandir(folder) as listing:
        for entry in listing:
            if entry.name.startswith(_DRAFT) and entry.name.endswith(b".part"):
                with suppress(OSError):
                    if time.time() - entry.stat(follow_symlinks=False).st_mtime > _DAY:
                        os.unlink(entry.path)


def _write(draft: bytes, data: bytes, mode: int, mtime_ns: int | None) -> None:
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        if mtime_ns is not None:
            os.utime(descriptor, ns=(mtime_ns, mtime_ns))
        os.fsync(descriptor)
    except BaseException:
        os.unlink(draft)
        raise
    finally:
        os.close(descriptor)


def _place_new(draft: bytes, path: bytes) -> None:
    """Give a draft its name if nobody has taken it meanwhile."""
    try:
        os.link(draft, path, follow_symlinks=False)
    except FileExistsError as error:
        raise SidecarRefused("Another file has taken its name meanwhile.") from error
    except OSError:  # a file system without hard links
        if os.path.lexists(path):
            raise SidecarRefused("Another file has taken its name meanwhile.") from None
        os.replace(draft, path)


def _check(path: bytes, before: ReadFile | None) -> None:
    """Raise unless what stands there is what was looked at."""
    if os.path.islink(path):  # noqa: PTH114
        raise SidecarRefused("It is a link: links are not written through.")
    there = read_file(path)
    if (there is None) != (before is None) or (
        there is not None and before is not None and there.data != before.data
    ):
        raise SidecarRefused("It has changed meanwhile: try again.")
