"""Model files are opened here and nowhere else: regular files only, decided on the open handle."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from loradex.errors import FormatError

# O_NONBLOCK: opening a FIFO that nobody writes to must not wait for ever. O_NOCTTY: a terminal
# device must not become ours. Regular files know neither.
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def refused(path: Path, what: str, hint: str | None = None) -> FormatError:
    """Return the error that says `<path> <what>`."""
    return FormatError(str(path), what, hint=hint)


def damaged(path: Path, what: str) -> FormatError:
    """Return the error that says `<path> is damaged: it <what>.`"""
    return refused(path, f"is damaged: it {what}.", "Download it again, or ask whoever made it.")


class CutShort(FormatError):
    """A file that ends before its header says it does."""


def cut_short(path: Path, size: int, wanted: int) -> CutShort:
    """Return the error for a file of `size` bytes that should have `wanted`."""
    return CutShort(
        str(path),
        f"is cut short: {size:,} of {wanted:,} bytes are there.",
        hint="Wait until its download has finished, or download it again.",
    )


def unreadable(path: Path, error: OSError) -> FormatError:
    """Return the error for a file that the operating system does not let us read."""
    match error:
        case FileNotFoundError() if path.is_symlink():
            return refused(path, "is a link that leads nowhere.", "Its file was moved or deleted.")
        case FileNotFoundError():
            return refused(
                path, "is not there.", "It was moved or deleted; scan the library again."
            )
        case PermissionError():
            return refused(
                path,
                "cannot be read: permission denied.",
                "Ask whoever owns it, or change its permissions.",
            )
        case _:
            reason = error.strerror or type(error).__name__
            return refused(
                path, f"cannot be read: {reason}.", "Check the disk or the network share."
            )


def is_folder(path: Path) -> bool:
    """Tell whether there is a folder; False when that cannot be told."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except OSError:
        return False


def is_file(path: Path) -> bool:
    """Tell whether there is a regular file; False when that cannot be told."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


class ModelFile:
    """An open regular file. Reads are positional, so several threads may share it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._front = b""
        self._end, self._end_at = b"", 0
        try:
            self.descriptor = os.open(path, _FLAGS)
        except OSError as error:
            raise unreadable(path, error) from error
        try:
            self._opened = os.fstat(self.descriptor)
            if not stat.S_ISREG(self._opened.st_mode):
                raise refused(path, "is not a regular file.", "Only plain files are read.")
        except BaseException:
            os.close(self.descriptor)
            raise

    @property
    def size(self) -> int:
        """Bytes in the file when it was opened."""
        return self._opened.st_size

    @property
    def mtime_ns(self) -> int:
        """Modification time when it was opened."""
        return self._opened.st_mtime_ns

    @property
    def inode(self) -> int:
        """Which file of its disk it is."""
        return self._opened.st_ino

    def expect_samples(self) -> None:
        """Have the system read only what is asked for: a few places, far from each other.

        It would read ahead by megabytes at each of them. Without, a first look at files that memory
        does not hold takes a third less processor time.
        """
        if hasattr(os, "posix_fadvise"):
            with suppress(OSError):
                os.posix_fadvise(self.descriptor, 0, 0, os.POSIX_FADV_RANDOM)

    def hold(self, count: int) -> None:
        """Read the first `count` bytes now and keep them: several readers will look at them."""
        if count > len(self._front):
            # All in one piece: joining a long header to what was held would cost a copy of it.
            self._front = self._read(0, count)

    def hold_end(self, count: int) -> None:
        """Read the last `count` bytes now and keep them, too."""
        if count > len(self._end):
            self._end_at = max(0, self.size - count)
            self._end = self._read(self._end_at, count)

    def read_at(self, offset: int, count: int) -> bytes:
        """Return `count` bytes at `offset`, fewer only where the file ends."""
        end = offset + count
        if end <= len(self._front):
            return self._front[offset:end]
        into = offset - self._end_at
        if self._end and into >= 0:
            return self._end[into : into + count]
        return self._read(offset, count)

    def _read(self, offset: int, count: int) -> bytes:
        wanted = max(0, min(count, self.size - offset))
        try:
            data = os.pread(self.descriptor, wanted, offset)
            while len(data) < wanted:
                more = os.pread(self.descriptor, wanted - len(data), offset + len(data))
                if not more:
                    break
                data += more
        except OSError as error:
            raise unreadable(self.path, error) from error
        return data

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill `buffer` from `offset`; return how many bytes there were, 0 at the end."""
        try:
            return os.preadv(self.descriptor, [buffer], offset)
        except OSError as error:
            raise unreadable(self.path, error) from error

    def changed(self) -> bool:
        """Tell whether size or modification time differ from when the file was opened."""
        return self.differs(self._opened.st_size, self._opened.st_mtime_ns)

    def differs(self, size: int, mtime_ns: int) -> bool:
        """Tell whether size or modification time are others than these by now."""
        now = os.fstat(self.descriptor)
        return (now.st_size, now.st_mtime_ns) != (size, mtime_ns)

    def close(self) -> None:
        """Close the file."""
        os.close(self.descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
