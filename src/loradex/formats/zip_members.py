"""The members of a zip archive, read from its central directory without trusting any length.

Python's own reader loads the whole directory, however long it claims to be, and of two members
of one name knows only the last; torch opens the first. Layout: PKWARE's APPNOTE, sections 4.3.7,
4.3.12, 4.3.14 to 4.3.16, and 4.5.3 for 64-bit sizes.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from loradex.formats.cursor import Cursor, SpanEnded
from loradex.formats.limits import MAX_HEADER_BYTES
from loradex.formats.model_file import ModelFile

_MAX_DIRECTORY = 64 * 1024 * 1024
_MAX_MEMBERS = 500_000
_END = b"PK\x05\x06"
_END_LENGTH = 22
_LONGEST_COMMENT = 65_535
_ENTRY = struct.Struct("<4s6H3I5H2I")
_LOCAL_LENGTH = 30
_STORED, _DEFLATED = 0, 8


class BadZip(Exception):
    """The archive's directory or a member's data does not hold together."""


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of the central directory. `offset` is where its local header lies."""

    name: str
    method: int
    packed: int
    size: int
    offset: int


def members(file: ModelFile) -> list[Member]:
    """Return every member, twins included, in the directory's order. Raises BadZip."""
    offset, size = _directory(file)
    if size > _MAX_DIRECTORY or offset + size > file.size:
        raise BadZip("lists more members than it can hold")
    cursor = Cursor(file.read_at, offset, offset + size)
    try:
        return list(_entries(cursor))
    except (SpanEnded, struct.error) as error:
        raise BadZip("has a broken list of members") from error


def contents(file: ModelFile, member: Member) -> Cursor:
    """Return a cursor over a member's data, unpacked. Raises BadZip for more than the cap."""
    if member.size > MAX_HEADER_BYTES:
        raise BadZip(f"holds a pickle of {member.size:,} bytes, and no real one exceeds 100 MB")
    local = file.read_at(member.offset, _LOCAL_LENGTH)
    if len(local) < _LOCAL_LENGTH or not local.startswith(b"PK\x03\x04"):
        raise BadZip("has a broken list of members")
    # The local header repeats name and extra field with lengths of its own.
    name, extra = struct.unpack_from("<2H", local, 26)
    start = member.offset + _LOCAL_LENGTH + name + extra
    end = start + member.packed
    if end > file.size:
        raise BadZip("ends inside one of its members")
    if member.method == _STORED:
        return Cursor(file.read_at, start, end)
    if member.method != _DEFLATED or member.packed > MAX_HEADER_BYTES:
        raise BadZip("packs its pickle in an unknown way")
    data = _inflated(file.read_at(start, member.packed), member.size)
    return Cursor(lambda offset, count: data[offset : offset + count], 0, len(data))


def _inflated(packed: bytes, size: int) -> bytes:
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, size + 1)
    except zlib.error as error:
        raise BadZip("has a member that cannot be unpacked") from error


def _directory(file: ModelFile) -> tuple[int, int]:
    """Return offset and size of the central directory."""
    tail_at = max(0, file.size - _END_LENGTH - _LONGEST_COMMENT)
    tail = file.read_at(tail_at, file.size - tail_at)
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_LENGTH:
        raise BadZip("has no list of members at its end: it is cut short")
    size, offset = struct.unpack_from("<2I", tail, at + 12)
    locator = tail[at - 20 : at] if at >= 20 else b""
    if locator.startswith(b"PK\x06\x07"):
        end = file.read_at(int.from_bytes(locator[8:16], "little"), 56)
        if len(end) < 56 or not end.startswith(b"PK\x06\x06"):
            raise BadZip("has a broken list of members")
        size, offset = struct.unpack_from("<2Q", end, 40)
    return offset, size


def _entries(cursor: Cursor) -> Iterator[Member]:
    for _ in range(_MAX_MEMBERS):
        if cursor.left < _ENTRY.size:
            return
        fields = _ENTRY.unpack(cursor.take(_ENTRY.size))
        if fields[0] != b"PK\x01\x02":
            raise BadZip("has a broken list of members")
        method, packed, size = fields[4], fields[8], fields[9]
        name_length, extra_length, comment_length, offset = *fields[10:13], fields[16]
        name = cursor.take(name_length).decode("utf-8", "backslashreplace")
        extra = cursor.take(extra_length)
        cursor.skip(comment_length)
        size, packed, offset = _in_64_bits(extra, (size, packed, offset))
        yield Member(name, method, packed, size, offset)
    raise BadZip("lists more members than any model has")


def _in_64_bits(extra: bytes, values: tuple[int, int, int]) -> tuple[int, int, int]:
    """Replace the values that do not fit 32 bits by those of the zip64 extra field."""
    wide = _extra_field(extra, 1)
    result = list(values)
    for index, value in enumerate(values):
        if value == 0xFFFFFFFF and len(wide) >= 8:
            result[index], wide = int.from_bytes(wide[:8], "little"), wide[8:]
    return result[0], result[1], result[2]


def _extra_field(extra: bytes, wanted: int) -> bytes:
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<2H", extra)
        if kind == wanted:
            return extra[4 : 4 + length]
        extra = extra[4 + length :]
    return b""
