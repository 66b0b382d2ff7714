"""What is gathered from one picture, within bounds that no picture can push."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

from loradex.domain.text import storable

MAX_TEXT = 16 * 1024 * 1024
"""Bytes of one text, unpacked. The largest ComfyUI workflows, with pictures in them, have about
10 MB."""
MAX_TEXTS = 64
"""Texts kept of one picture; tools write one to five."""
_MOST_TRIES = 4 * MAX_TEXTS
MAX_TOTAL = 2 * MAX_TEXT
_XMP_OF_PNG = "xml:com.adobe.xmp"
MAX_KEY = 79
"""The PNG specification's limit for keywords, 11.3.4.2."""


@dataclass(slots=True)
class PictureTexts:
    """The texts of one picture by their names, as its file has them.

    PNG keywords keep their names in lower case. EXIF gives `usercomment`, `imagedescription`,
    `make`, `model`, `software`, `makernote`, `xpcomment` and `datetime`; `comment` is JPEG's, and
    `xmp` is the whole packet. A JSON or text file gives one text, `json` or `text`. `notes` tells
    in sentences what was left out, and why.
    """

    kind: str
    """`png`, `jpeg`, `webp`, `json` or `text`."""
    width: int = 0
    height: int = 0
    texts: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    room: int = MAX_TOTAL
    tries: int = 0
    """Texts that were looked into; repeated or empty ones are not kept, but cost as much."""

    def note(self, text: str) -> None:
        """Keep a sentence once."""
        if text not in self.notes:
            self.notes.append(text)

    def wants(self, nbytes: int, what: str) -> bool:
        """Say whether a text of so many bytes may be read; note it where not."""
        self.tries += 1
        if len(self.texts) >= MAX_TEXTS or self.tries > _MOST_TRIES:
            self.note(f"It has more than {MAX_TEXTS} texts; the others were not read.")
            return False
        if nbytes > min(MAX_TEXT, self.room):
            self.note(f"{what} of {nbytes:,} bytes was not read: it is too large.")
            return False
        return True

    def spend(self, nbytes: int) -> None:
        """Take from what may still be read, for work that gave no text."""
        self.room = max(self.room - nbytes, 0)

    def put(self, key: str, text: str) -> None:
        """Keep a text under a name, unless that name has one that says something."""
        key = storable(key[:MAX_KEY].lower(), MAX_KEY)
        key = "xmp" if key == _XMP_OF_PNG else key
        if text.strip("\0 \r\n\t") and key not in self.texts:
            self.texts[key] = text.replace("\0", "")
            self.room -= len(text)


def as_text(data: bytes) -> str:
    """Return bytes as text: UTF-8 where they are that, else Latin-1, as PNG and JPEG have it."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def unpacked(data: bytes, most: int) -> bytes | None:
    """Return zlib data unpacked, never more than `most` bytes; None when it has more.

    Raises `zlib.error` for what is not zlib's, and for what ends early.
    """
    machine = zlib.decompressobj()
    text = machine.decompress(data, most + 1)
    if len(text) > most:
        return None
    if not machine.eof:
        raise zlib.error("it ends early")
    return text
