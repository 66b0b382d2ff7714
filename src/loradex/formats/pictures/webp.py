"""WebP: EXIF and XMP are chunks of a RIFF file. WebP container specification (RFC 9649, 2.7)."""

from __future__ import annotations

import struct
from typing import BinaryIO

from loradex.formats.pictures.exif import read_exif
from loradex.formats.pictures.texts import PictureTexts, as_text

_MOST_CHUNKS = 50_000
"""A moving picture has a chunk for each frame."""
_HEAD = struct.Struct("<4sI")


def is_webp(head: bytes) -> bool:
    """Say whether a file begins like a WebP."""
    return head[:4] == b"RIFF" and head[8:12] == b"WEBP"


def read_webp(file: BinaryIO, size: int, found: PictureTexts) -> None:
    """Gather the texts of a WebP; what is broken is noted, never raised."""
    place = 12
    for _ in range(_MOST_CHUNKS):
        file.seek(place)
        head = file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            if place < size:
                found.note("It ends within a chunk.")
            return
        kind, length = _HEAD.unpack(head)
        if length > size - place - _HEAD.size:
            found.note("A chunk is longer than the file.")
            return
        if kind in (b"VP8X", b"VP8 ", b"VP8L") and not found.width:
            found.width, found.height = _size(kind, file.read(min(length, 16)))
        elif kind in (b"EXIF", b"XMP ") and found.wants(length, "A text"):
            data = file.read(length)
            if kind == b"EXIF":
                read_exif(data.removeprefix(b"Exif\0\0"), found)
            else:
                found.put("xmp", as_text(data))
        place += _HEAD.size + length + (length & 1)
    found.note("It has too many chunks; the rest was not looked at.")


def _size(kind: bytes, data: bytes) -> tuple[int, int]:
    """Return width and height; zeros where they cannot be told."""
    if kind == b"VP8X" and len(data) >= 10:
        return (
            1 + int.from_bytes(data[4:7], "little"),
            1 + int.from_bytes(data[7:10], "little"),
        )
    if kind == b"VP8L" and len(data) >= 5 and data[0] == 0x2F:
        bits = int.from_bytes(data[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 " and data[3:6] == b"\x9d\x01\x2a" and len(data) >= 10:
        width, height = struct.unpack("<HH", data[6:10])
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0
