"""The members of a zip archive, read from its central directory without trusting any length.

Python's own reader loads the whole directory, however long it claims to be, and of two members
of one name knows only the last; torch opens the first. Layout: PKWARE's APPNOTE, sections 4.3.7,
4.3.12, 4.3.14 to 4.3.16, and 4.5.3 for 64-bit sizes.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from loradex.formats.cursor import Cursor, Held, Readable, Span, SpanEnded
from loradex.formats.limits import MAX_HEADER_BYTES

_MAX_DIRECTORY = 64 * 1024 * 1024
_MAX_MEMBERS = 500_000
_END = b"PK\x05\x06"
_END_LENGTH = 22
_LONGEST_COMMENT = 65_535
END_READ = _END_LENGTH + _LONGEST_COMMENT
"""Bytes at the end of a file in which an archive's end record may lie."""
_ENTRY = struct.Struct("<4s6H3I5H2I")
_LOCAL_LENGTH = 30
_END_64_LENGTH = 56
_LOCAL = struct.Struct("<5H3I2H")
LOCAL_MARK = b"PK\x03\x04"
STORED, DEFLATED = 0, 8
ENCRYPTED, SIZES_FOLLOW = 1, 8
"""Bits of a member's flags: its data is encrypted; CRC and sizes come after the data."""

_LINK = 0o120000


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
    flags: int = 0
    crc: int = 0
    is_link: bool = False
    """Written as a symbolic link of a Unix file system."""


@dataclass(frozen=True, slots=True)
class Directory:
    """Where the end record says that the list of members lies, and how long it is.

    `shift` is what must be added to every offset for the list to end where its end record
    begins: 0 unless bytes were put before the archive. Some readers add it and some do not.
    """

    offset: int
    size: int
    count: int
    shift: int
    end_record: int
    after: int
    """Bytes behind the end record and its comment."""
    disagrees: bool
    """The 32-bit and the 64-bit end record say different things."""


@dataclass(frozen=True, slots=True)
class Local:
    """A member's local header, and where its data begins."""

    name: str
    method: int
    flags: int
    crc: int
    packed: int
    size: int
    data: int


def members(file: Readable) -> list[Member]:
    """Return every member, twins included, in the directory's order. Raises BadZip."""
    return members_in(file, directory(file))


def members_in(file: Readable, where: Directory, shift: int = 0) -> list[Member]:
    """Return every member of a directory, all offsets moved by `shift`. Raises BadZip."""
    offset, size = where.offset + shift, where.size
    if size > _MAX_DIRECTORY or offset < 0 or offset + size > file.size:
        raise BadZip("lists more members than it can hold")
    cursor = Cursor(file.read_at, offset, offset + size)
    try:
        return list(_entries(cursor, shift))
    except (SpanEnded, struct.error) as error:
        raise BadZip("has a broken list of members") from error


def local_header(raw: bytes, offset: int) -> Local | None:
    """Return the local header that `raw`, read at `offset`, begins with; None when it has none."""
    if len(raw) < _LOCAL_LENGTH or not raw.startswith(LOCAL_MARK):
        return None
    _, flags, method, _, _, crc, packed, size, name, extra = _LOCAL.unpack_from(raw, 4)
    data = _LOCAL_LENGTH + name + extra
    text = raw[_LOCAL_LENGTH : _LOCAL_LENGTH + name].decode("utf-8", "backslashreplace")
    size, packed, _ = _in_64_bits(raw[_LOCAL_LENGTH + name : data], (size, packed, 0))
    return Local(text, method, flags, crc, packed, size, offset + data)


def contents(file: Readable, member: Member) -> Cursor:
    """Return a cursor over a member's data, unpacked. Raises BadZip for more than the cap."""
    data = unpacked(file, member)
    return Cursor(data.read_at, 0, data.size)


def unpacked(file: Readable, member: Member, limit: int = MAX_HEADER_BYTES) -> Readable:
    """Return a member's data, unpacked. Raises BadZip for more than `limit`."""
    if member.size > limit:
        raise BadZip(f"holds a pickle of {member.size:,} bytes, and no real one exceeds 100 MB")
    local = local_header(file.read_at(member.offset, _LOCAL_LENGTH), member.offset)
    if local is None:
        raise BadZip("has a broken list of members")
    if local.data + member.packed > file.size:
        raise BadZip("ends inside one of its members")
    if member.method == STORED:
        return Span(file, local.data, member.packed)
    if member.method != DEFLATED or member.packed > limit:
        raise BadZip("packs its pickle in an unknown way")
    return Held(inflated(file.read_at(local.data, member.packed), member.size))


def inflated(packed: bytes, size: int) -> bytes:
    """Return at most `size` + 1 unpacked bytes. Raises BadZip."""
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, size + 1)
    except zlib.error as error:
        raise BadZip("has a member that cannot be unpacked") from error


def directory(file: Readable) -> Directory:
    """Find the last end record and return what it says. Raises BadZip."""
    tail_at, tail = _tail(file)
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_LENGTH:
        raise BadZip("has no list of members at its end: it is cut short")
    return _directory_at(file, tail_at, tail, at)


def directories(file: Readable) -> Iterator[Directory]:
    """Yield what each end record says that a reader may find from the end, the last one first.

    Tensor bytes spell the mark of one by chance now and then: what is said need not be true.
    """
    tail_at, tail = _tail(file)
    at = tail.rfind(_END)
    while at >= 0:
        if len(tail) - at >= _END_LENGTH:
            with suppress(BadZip):
                yield _directory_at(file, tail_at, tail, at)
        at = tail.rfind(_END, 0, at)


def _tail(file: Readable) -> tuple[int, bytes]:
    """Return the bytes in which an end record may lie, and where they begin."""
    tail_at = max(0, file.size - END_READ)
    return tail_at, file.read_at(tail_at, file.size - tail_at)


def _directory_at(file: Readable, tail_at: int, tail: bytes, at: int) -> Directory:
    count, size, offset, comment = struct.unpack_from("<H2IH", tail, at + 10)
    begins, disagrees = tail_at + at, False
    locator = tail[at - 20 : at] if at >= 20 else b""
    if locator.startswith(b"PK\x06\x07"):
        begins, end, disagrees = _end_record_64(file, tail_at + at, locator)
        short = (count, size, offset)
        count, size, offset = struct.unpack_from("<3Q", end, 32)
        full = (0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
        disagrees |= any(
            said not in (wide, most)
            for said, wide, most in zip(short, (count, size, offset), full, strict=True)
        )
    return Directory(
        offset,
        size,
        count,
        shift=begins - size - offset,
        end_record=tail_at + at,
        after=len(tail) - at - _END_LENGTH - comment,
        disagrees=disagrees,
    )


def _end_record_64(file: Readable, at: int, locator: bytes) -> tuple[int, bytes, bool]:
    """Return where the 64-bit end record is, the record, and whether there are two of them.

    Some readers go where the locator points, some to the place right before it.
    """
    found: dict[int, bytes] = {}
    for begins in (int.from_bytes(locator[8:16], "little"), at - 20 - _END_64_LENGTH):
        record = file.read_at(max(0, begins), _END_64_LENGTH) if begins < file.size else b""
        if len(record) == _END_64_LENGTH and record.startswith(b"PK\x06\x06"):
            found[begins] = record
    if not found:
        raise BadZip("has a broken list of members")
    begins, record = next(iter(found.items()))
    return begins, record, len(found) > 1


def _entries(cursor: Cursor, shift: int) -> Iterator[Member]:
    for _ in range(_MAX_MEMBERS):
        if cursor.left < _ENTRY.size:
            return
        fields = _ENTRY.unpack(cursor.take(_ENTRY.size))
        if fields[0] != b"PK\x01\x02":
            raise BadZip("has a broken list of members")
        flags, method, crc, packed, size = fields[3], fields[4], *fields[7:10]
        name_length, extra_length, comment_length, offset = *fields[10:13], fields[16]
        name = cursor.take(name_length).decode("utf-8", "backslashreplace")
        extra = cursor.take(extra_length)
        cursor.skip(comment_length)
        size, packed, offset = _in_64_bits(extra, (size, packed, offset))
        link = fields[15] >> 16 & 0o170000 == _LINK
        yield Member(name, method, packed, size, offset + shift, flags, crc, link)
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
