"""Open a file, tell by its bytes what it is, and gather its texts."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from loradex.domain.text import display_text
from loradex.errors import FormatError
from loradex.formats.pictures import jpeg, png, webp
from loradex.formats.pictures.texts import MAX_TEXT, PictureTexts, as_text

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp"})
"""Endings of pictures that a folder is searched for. What a file is, its first bytes tell."""


def read_picture(path: str | bytes | Path) -> PictureTexts:
    """Return the texts of a PNG, JPEG or WebP, or of a JSON or text file beside or without one.

    Reads the parts that hold text and skips the pixels, so that a picture of any size costs about
    the same. Raises `FormatError` for anything else, and for what cannot be opened; what is broken
    within a picture is told in `notes`.
    """
    name = os.fsdecode(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with open(descriptor, "rb", buffering=8192) as file:  # noqa: PTH123 - an open descriptor
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode):
                raise FormatError(display_text(name), "is no file.")
            return _read(file, name, facts.st_size)
    except OSError as error:
        reason = error.strerror or str(error)
        raise FormatError(display_text(name), f"cannot be read: {reason}.") from error


def _read(file: BinaryIO, name: str, size: int) -> PictureTexts:
    head = file.read(12)
    if head.startswith(png.MAGIC):
        found = PictureTexts("png")
        png.read_png(file, size, found)
    elif head.startswith(jpeg.MAGIC):
        found = PictureTexts("jpeg")
        jpeg.read_jpeg(file, found)
    elif webp.is_webp(head):
        found = PictureTexts("webp")
        webp.read_webp(file, size, found)
    elif name.lower().endswith((".json", ".txt")):
        found = PictureTexts("json" if name.lower().endswith(".json") else "text")
        if found.wants(size, "It"):
            file.seek(0)
            found.put(found.kind, as_text(file.read(MAX_TEXT)).removeprefix("\ufeff"))
    else:
        raise FormatError(
            display_text(name),
            "is no PNG, JPEG or WebP picture.",
            hint="Other kinds of pictures hold no generation data that loradex reads.",
        )
    return found
