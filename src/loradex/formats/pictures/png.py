"""PNG: the chunks that hold text (tEXt, zTXt, iTXt, eXIf). PNG specification, 3rd edition, 11.3."""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

from loradex.formats.pictures.exif import read_exif
from loradex.formats.pictures.texts import MAX_TEXT, PictureTexts, as_text, unpacked

MAGIC = b"\x89PNG\r\n\x1a\n"
_PRICE = 1024 * 1024
"""What unpacking a broken text counts as having read."""
_MOST_CHUNKS = 200_000
"""A large picture in 8 kB pieces has 20,000."""
_HEAD = struct.Struct(">I4s")
_TEXTUAL = (b"tEXt", b"zTXt", b"iTXt", b"eXIf")
_TOLD = frozenset({
    "parameters", "prompt", "workflow", "invokeai_metadata", "sd-metadata", "dream", "usercomment",
})  # fmt: skip
"""Texts of generators. They come before the pixels; only without any are the chunks behind those
looked through, which takes a read for each on a disk that may be slow."""


def read_png(file: BinaryIO, size: int, found: PictureTexts) -> None:
    """Gather the texts of a PNG whose magic was read; what is broken is noted, never raised."""
    place = len(MAGIC)
    for _ in range(_MOST_CHUNKS):
        file.seek(place)
        head = file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            found.note("It ends before its last chunk.")
            return
        length, kind = _HEAD.unpack(head)
        if kind == b"IEND" or (kind == b"IDAT" and not _TOLD.isdisjoint(found.texts)):
            return
        if length > size - place - _HEAD.size:
            found.note("A chunk is longer than the file.")
            return
        if kind == b"IHDR" and length >= 8:
            found.width, found.height = struct.unpack(">II", file.read(8))
        elif kind in _TEXTUAL and found.wants(length, "A text"):
            _take(kind, file.read(length), found)
        place += _HEAD.size + length + 4
    found.note("It has too many chunks; the rest was not looked at.")


def _take(kind: bytes, data: bytes, found: PictureTexts) -> None:
    if kind == b"eXIf":
        read_exif(data, found)
        return
    key, _, rest = data.partition(b"\0")
    name = key.decode("latin-1")
    if kind == b"tEXt":
        found.put(name, as_text(rest))
        return
    packed = kind == b"zTXt"
    if kind == b"zTXt":
        rest = rest[1:]
    else:
        packed, rest = rest[:1] == b"\x01", _behind_language(rest)
    if packed:
        rest = _unpacked(rest, found)
    found.put(name, as_text(rest))


def _behind_language(rest: bytes) -> bytes:
    """Return an iTXt chunk's text: behind two flags, a language and a translated keyword."""
    return rest[2:].partition(b"\0")[2].partition(b"\0")[2]


def _unpacked(data: bytes, found: PictureTexts) -> bytes:
    most = min(MAX_TEXT, found.room)
    try:
        text = unpacked(data, most)
    except zlib.error:
        found.spend(_PRICE)
        found.note("A packed text cannot be unpacked.")
        return b""
    if text is None:
        found.spend(most)
        found.note("A text is too large when unpacked.")
        return b""
    return text
