"""EXIF: the few tags that tools write generation data into. EXIF 2.32, TIFF 6.0.

A1111 writes `UserComment`, ComfyUI's WebP writers `Make` and `Model`, Fooocus `MakerNote`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from loradex.formats.pictures.texts import PictureTexts, as_text

_MOST_ENTRIES = 1_024
_MOST_FOLDERS = 8
_EXIF_FOLDER = 0x8769
_USER_COMMENT = 0x9286
_NAMES = {
    0x010E: "imagedescription",
    0x010F: "make",
    0x0110: "model",
    0x0131: "software",
    0x0132: "datetime",
    0x013B: "artist",
    0x9003: "datetimeoriginal",
    0x927C: "makernote",
    _USER_COMMENT: "usercomment",
    0x9C9C: "xpcomment",
}
_UTF16 = frozenset({0x9C9C})
"""Tags that Windows writes in UTF-16, little-endian."""
_WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 7: 1}
"""TIFF's types that texts and folders come in, and the bytes of one item."""


def read_exif(data: bytes, found: PictureTexts) -> None:
    """Gather the texts of a TIFF structure; what is broken is noted, never raised."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 8:
        found.note("Its EXIF cannot be read.")
        return
    waiting, seen = [int(struct.unpack(f"{order}I", data[4:8])[0])], set[int]()
    while waiting and len(seen) < _MOST_FOLDERS:
        place = waiting.pop()
        if place in seen:
            continue
        seen.add(place)
        for tag, start, length in _entries(data, place, order):
            if tag == _EXIF_FOLDER and length >= 4:
                waiting.append(int(struct.unpack_from(f"{order}I", data, start)[0]))
            elif (
                tag in _NAMES
                and _NAMES[tag] not in found.texts
                and found.wants(length, "An EXIF text")
            ):
                found.put(_NAMES[tag], _text(tag, data[start : start + length], order))


def _entries(data: bytes, place: int, order: str) -> Iterator[tuple[int, int, int]]:
    """Yield tag, place and length of each entry of a folder that lies wholly within the data."""
    if place + 2 > len(data):
        return
    (count,) = struct.unpack_from(f"{order}H", data, place)
    for number in range(min(count, _MOST_ENTRIES)):
        start = place + 2 + 12 * number
        if start + 12 > len(data):
            return
        tag, kind, items = struct.unpack_from(f"{order}HHI", data, start)
        length = items * _WIDTHS.get(kind, 0)
        if not length:
            continue
        where = start + 8
        if length > 4:
            (where,) = struct.unpack_from(f"{order}I", data, start + 8)
        if where + length <= len(data):
            yield tag, where, length


def _text(tag: int, value: bytes, order: str) -> str:
    if tag in _UTF16:
        return value.decode("utf-16-le", "replace")
    if tag != _USER_COMMENT:
        return as_text(value.rstrip(b"\0"))
    code, text = value[:8], value[8:]
    if code == b"UNICODE\0":
        return _utf16(text, order)
    if code in (b"ASCII\0\0\0", b"JIS\0\0\0\0\0", bytes(8)):
        return as_text(text.rstrip(b"\0"))
    return as_text(value.rstrip(b"\0"))


def _utf16(text: bytes, order: str) -> str:
    """Return UTF-16 whose byte order nobody keeps to: Latin text tells it by where its zeros are.

    The standard says the order of the TIFF; piexif, and so A1111, always writes big-endian.
    """
    if text[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return text.decode("utf-16", "replace")
    head = text[:4096]
    high, low = head[::2].count(0), head[1::2].count(0)
    if high == low:
        return text.decode("utf-16-le" if order == "<" else "utf-16-be", "replace")
    return text.decode("utf-16-be" if high > low else "utf-16-le", "replace")
