"""JPEG: EXIF, XMP and comments stand in segments before the scan. ITU T.81 B.1; EXIF 2.32, 4.7."""

from __future__ import annotations

import struct
from typing import BinaryIO

from loradex.formats.pictures.exif import read_exif
from loradex.formats.pictures.texts import PictureTexts, as_text

MAGIC = b"\xff\xd8\xff"
_MOST_SEGMENTS = 4_000
_EXIF, _XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
_SCAN, _END, _COMMENT, _APP1 = 0xDA, 0xD9, 0xFE, 0xE1
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""Segments that tell the size."""
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without a segment."""


def read_jpeg(file: BinaryIO, found: PictureTexts) -> None:
    """Gather the texts of a JPEG; what is broken is noted, never raised."""
    file.seek(2)
    for _ in range(_MOST_SEGMENTS):
        marker = _marker(file)
        if marker is None:
            found.note("It ends before its picture begins.")
            return
        if marker in (_SCAN, _END):
            return
        if marker in _BARE:
            continue
        head = file.read(2)
        length = int.from_bytes(head, "big") - 2
        if len(head) < 2 or length < 0:
            found.note("A segment has no proper length.")
            return
        if marker in (_APP1, _COMMENT):
            data = file.read(length)
            if len(data) < length:
                found.note("It ends before its picture begins.")
            _take(marker, data, found)
        elif marker in _FRAMES and length >= 5:
            found.height, found.width = struct.unpack(">HH", file.read(5)[1:].ljust(4, b"\0"))
            file.seek(length - 5, 1)
        else:
            file.seek(length, 1)
    found.note("It has too many segments; the rest was not looked at.")


def _marker(file: BinaryIO) -> int | None:
    """Return the next marker; a few bytes of padding before it are skipped."""
    for _ in range(1_000):
        byte = file.read(1)
        if not byte:
            return None
        if byte == b"\xff":
            code = file.read(1)
            while code == b"\xff":
                code = file.read(1)
            return code[0] if code else None
    return None


def _take(marker: int, data: bytes, found: PictureTexts) -> None:
    if not found.wants(len(data), "A text"):
        return
    if marker == _COMMENT:
        found.put("comment", as_text(data))
    elif data.startswith(_EXIF):
        read_exif(data[len(_EXIF) :], found)
    elif data.startswith(_XMP):
        found.put("xmp", as_text(data[len(_XMP) :]))
