"""The bytes of one file in order, past the page cache."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Self

from loradex.formats.model_file import ModelFile
from loradex.formats.page_cache import ReadBehind


class PageSource:
    """Reads a file once from front to back and leaves memory as it was.

    With `from_disk`, pages that lie in memory are read with `O_DIRECT` where the file system can:
    who asks whether a disk still gives the right bytes must not be answered by a cache.
    """

    def __init__(self, file: ModelFile, *, from_disk: bool = False) -> None:
        self._file = file
        self._offset = 0
        self._behind = ReadBehind(file.descriptor, file.size)
        self._direct = _reopened_directly(file.descriptor) if from_disk else None

    def read(self, buffer: memoryview) -> tuple[int, int]:
        """Fill `buffer`; return how many bytes there were (0 at the end) and their offset."""
        offset = self._offset
        count = self._read_directly(buffer, offset) or self._file.read_into(buffer, offset)
        self._offset += count
        self._behind.passed(self._offset)
        return count, offset

    def _read_directly(self, buffer: memoryview, offset: int) -> int:
        """Return 0 where that need not or cannot be; the ordinary way then tells what is wrong."""
        if self._direct is None or not self._behind.was_in_memory(offset, len(buffer)):
            return 0
        try:
            return os.preadv(self._direct, [buffer], offset)
        except OSError:
            return 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._behind.finish(self._offset)
        if self._direct is not None:
            os.close(self._direct)


def _reopened_directly(descriptor: int) -> int | None:
    """Open the same file again past the page cache; None where the file system cannot."""
    if not hasattr(os, "O_DIRECT"):
        return None
    try:
        return os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_DIRECT | os.O_CLOEXEC)
    except OSError:
        return None
