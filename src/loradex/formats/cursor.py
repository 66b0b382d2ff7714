"""Reading forward through a bounded span of bytes, a block at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

_BLOCK = 256 * 1024


class SpanEnded(Exception):
    """More bytes were asked for than the span holds."""


class Readable(Protocol):
    """Bytes that can be read at any place: a file, or a part of one."""

    @property
    def size(self) -> int:
        """How many bytes there are."""

    def read_at(self, offset: int, count: int) -> bytes:
        """Return `count` bytes at `offset`, fewer only where they end."""


class Span:
    """The part `[start, start + size)` of something readable."""

    def __init__(self, whole: Readable, start: int, size: int) -> None:
        self._whole = whole
        self._start = start
        self.size = max(0, min(size, whole.size - start))

    def read_at(self, offset: int, count: int) -> bytes:
        """Return `count` bytes at `offset`, fewer only where the part ends."""
        return self._whole.read_at(self._start + offset, max(0, min(count, self.size - offset)))


class Held:
    """Bytes in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def read_at(self, offset: int, count: int) -> bytes:
        """Return `count` bytes at `offset`, fewer only where they end."""
        return self._data[offset : offset + max(0, count)]


class Cursor:
    """Takes pieces from the span `[start, end)` that `read_at(offset, count)` reads.

    A piece is checked against the end of the span before anything is read or allocated, so a
    length that lies costs nothing.
    """

    def __init__(self, read_at: Callable[[int, int], bytes], start: int, end: int) -> None:
        self._read_at = read_at
        self._end = end
        self._base = start
        self._buffer = b""
        self._at = 0

    @property
    def position(self) -> int:
        """Offset of the next byte, in `read_at`'s terms."""
        return self._base + self._at

    @property
    def left(self) -> int:
        """Bytes between here and the end of the span."""
        return self._end - self.position

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        stop = self._at + count
        if stop > len(self._buffer):
            self._fill(count)
            stop = count
        piece = self._buffer[self._at : stop]
        self._at = stop
        return piece

    def skip(self, count: int) -> None:
        """Go `count` bytes forward without reading them."""
        if count > self.left:
            raise SpanEnded
        if self._at + count <= len(self._buffer):
            self._at += count
        else:
            self._base, self._buffer, self._at = self.position + count, b"", 0

    def number(self, size: int) -> int:
        """Return the next `size` bytes as an unsigned little-endian number."""
        return int.from_bytes(self.take(size), "little")

    def line(self, limit: int) -> bytes:
        """Return the bytes up to the next newline, without it; at most `limit`."""
        stop = self._buffer.find(b"\n", self._at)
        if stop < 0:
            self._fill(min(limit + 1, self.left))
            stop = self._buffer.find(b"\n", self._at)
        if stop < 0 or stop - self._at > limit:
            raise SpanEnded
        piece = self._buffer[self._at : stop]
        self._at = stop + 1
        return piece

    def _fill(self, count: int) -> None:
        left = self.left
        if count > left:
            raise SpanEnded
        self._base = self.position
        self._at = 0
        self._buffer = self._read_at(self._base, min(max(count, _BLOCK), left))
        if len(self._buffer) < count:
            raise SpanEnded
