"""A part and its state on the disk: what is kept when everything else goes.

`<part>` holds bytes at their final offsets. `<part>.json` tells which of them can be trusted, and
of what they are a part; it is written anew every few seconds, always after the bytes it speaks of
were flushed to the disk, so that it is true even after a power cut. It holds neither keys nor
signed addresses. What the part holds beyond it is fetched again.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import shutil
import stat
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from loradex.domain.text import display_text
from loradex.errors import DiskFull, DownloadError
from loradex.hub.fetching.promise import Promise
from loradex.hub.fetching.spans import Span
from loradex.hub.fetching.troubles import cannot_write

_VERSION = 1
_STATE_LIMIT = 256 * 1024
_MARGIN = 64 * 1024 * 1024
"""What a download leaves free for everybody else."""
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Identity:
    """Which bytes these are, as the server that gives them tells.

    `etag` is a strong one or None; `origin` is the server, without the path.
    """

    size: int
    etag: str | None
    modified: str | None
    origin: str

    @property
    def validator(self) -> str | None:
        """What a server compares to tell whether its file is still the same."""
        return self.etag or self.modified


@dataclass(frozen=True, slots=True)
class Kept:
    """What an earlier fetch left."""

    identity: Identity
    spans: tuple[Span, ...]
    server_name: str | None


def discard_part(part: Path) -> None:
    """Delete a part and its state, if there are any; raise `DownloadError` if that fails."""
    try:
        for path in (_fresh_state(part), state_path(part), part):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise DownloadError(
            f"{display_text(str(part))} cannot be deleted: {error.strerror}.",
            hint="Check the permissions of the folder.",
        ) from error


def kept_bytes(part: Path) -> int:
    """Return how many bytes of an earlier fetch can be gone on with; 0 if there are none."""
    try:
        size = part.stat().st_size
    except OSError:
        return 0
    kept = _read_state(part, size, None)
    return sum(stop - start for start, stop in kept.spans) if kept else 0


def state_path(part: Path) -> Path:
    """Return where the state of a part lies."""
    return part.with_name(part.name + ".json")


def _fresh_state(part: Path) -> Path:
    return part.with_name(part.name + ".json.new")


class Part:
    """An open part that nobody else is at. Writes may come from several threads."""

    def __init__(self, path: Path, promise: Promise) -> None:
        self.path = path
        self._promise = promise
        self.name = display_text(promise.name)
        try:
            self.descriptor = os.open(path, _FLAGS, 0o666)
        except OSError as error:
            raise self._failed(error) from error
        self._has_state = os.path.lexists(state_path(path))
        self.kept: Kept | None = None
        self.finished = False
        try:
            self._take()
            if self._has_state:
                self.kept = _read_state(path, os.fstat(self.descriptor).st_size, promise)
        except BaseException:
            os.close(self.descriptor)
            raise

    def _take(self) -> None:
        if not stat.S_ISREG(os.fstat(self.descriptor).st_mode):
            raise DownloadError(
                f"{self.name} cannot be written: something that is no file is in its way.",
                hint=f"Look at {display_text(str(self.path))}.",
            )
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DownloadError(
                f"{self.name} is being downloaded by another process.", hint="Wait for that one."
            ) from error
        except OSError:
            return  # a file system without locks

    def write(self, view: memoryview, offset: int) -> None:
        """Put bytes in their place; raise `DiskFull` or `DownloadError`."""
        try:
            while view:
                count = os.pwrite(self.descriptor, view, offset)
                view, offset = view[count:], offset + count
        except OSError as error:
            raise self._failed(error) from error

    def check_room(self, missing: int) -> None:
        """Raise `DiskFull` when `missing` bytes and a margin do not fit on the disk."""
        try:
            free = shutil.disk_usage(self.path.parent).free
        except OSError:
            return
        if missing + _MARGIN > free:
            raise self._full(missing + _MARGIN - free)

    def save(self, identity: Identity, spans: Sequence[Span], server_name: str | None) -> None:
        """Flush the bytes, then note that `spans` of them are there."""
        state = {
            "version": _VERSION,
            **asdict(identity),
            "promised": _promised(self._promise),
            "name": server_name,
            "spans": [list(span) for span in spans],
        }
        place = state_path(self.path)
        fresh = _fresh_state(self.path)
        try:
            os.fdatasync(self.descriptor)
            with fresh.open("w", encoding="utf-8") as file:
                json.dump(state, file)
                file.flush()
                os.fsync(file.fileno())
            self._has_state = True
            fresh.replace(place)
        except OSError as error:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise self._failed(error) from error

    def reset(self) -> None:
        """Forget everything: the state first, so that it never speaks of other bytes."""
        try:
            self.forget_state()
            if os.fstat(self.descriptor).st_size:
                os.ftruncate(self.descriptor, 0)
        except OSError as error:
            raise self._failed(error) from error

    def forget_state(self) -> None:
        """Delete the state, if there is one."""
        if self._has_state:
            state_path(self.path).unlink(missing_ok=True)
            self._has_state = False

    def finish(self, size: int) -> None:
        """Cut off what an earlier fetch left beyond `size`, and flush everything to the disk."""
        try:
            if os.fstat(self.descriptor).st_size != size:
                os.ftruncate(self.descriptor, size)
            os.fsync(self.descriptor)
            self.finished = True
        except OSError as error:
            raise self._failed(error) from error

    def remove(self) -> None:
        """Delete the part and its state."""
        discard_part(self.path)

    def close(self) -> None:
        """Close the file and let others at it; an empty one that nobody needs is deleted."""
        with contextlib.suppress(OSError):
            if not self.finished and os.fstat(self.descriptor).st_size == 0:
                self.path.unlink()
        os.close(self.descriptor)

    def _failed(self, error: OSError) -> DownloadError:
        if error.errno in _NO_ROOM:
            return self._full(None)
        if error.errno == errno.EFBIG:
            return DownloadError(
                f"{self.name} is too large for the file system it should go to.",
                hint="A FAT disk takes files up to 4 GiB: choose another library.",
            )
        return cannot_write(self.name, error)

    def _full(self, missing: int | None) -> DiskFull:
        more = "" if missing is None else f": {-(-missing // _MIB):,} MiB more are needed"
        return DiskFull(
            f"There is no room for {self.name}{more}.",
            hint="Free some space and go on: what came so far is kept.",
        )


def _promised(promise: Promise) -> dict[str, str | int | None]:
    return {
        "size": promise.size_bytes if promise.size_exact else None,
        "sha256": promise.sha256.lower() if promise.sha256 else None,
    }


def _read_state(part: Path, size: int, promise: Promise | None) -> Kept | None:
    """Return the state beside a part of `size` bytes; None if it is absent, broken or of another.

    Whoever may write the folder may have written it: it is checked like anything untrusted.
    """
    try:
        with state_path(part).open("rb") as file:
            text = file.read(_STATE_LIMIT + 1)
        state = json.loads(text)
        if len(text) > _STATE_LIMIT or state["version"] != _VERSION:
            return None
        if promise is not None and state["promised"] != _promised(promise):
            return None
        identity = Identity(
            size=_number(state["size"]),
            etag=_line(state["etag"]),
            modified=_line(state["modified"]),
            origin=_line(state["origin"]) or "",
        )
        spans = tuple(_span(span, min(size, identity.size)) for span in state["spans"])
        return Kept(identity, tuple(span for span in spans if span[0] < span[1]), state["name"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 62:
        raise ValueError
    return value


def _line(value: object) -> str | None:
    """Return a header's value, which must not smuggle in another header."""
    if value is None:
        return None
    if not isinstance(value, str) or not value.isascii() or not value.isprintable():
        raise ValueError
    return value


def _span(value: object, size: int) -> Span:
    """Return a span, cut to what the part still holds."""
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError
    start, stop = _number(value[0]), _number(value[1])
    return start, min(stop, size)
