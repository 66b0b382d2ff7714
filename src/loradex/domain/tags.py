"""What makes two texts one tag."""

from __future__ import annotations

import re
import unicodedata

from loradex.domain.text import storable

TAG_LIMIT = 100

_UNDERSCORE = re.compile(r"(?<=\w)_+(?=\w)")
"""Between letters or digits it stands for a space, as in booru tags; elsewhere it may be a face."""


def clean_tag(tag: str) -> str:
    """Return a tag as it is kept: one line, single spaces, at most 100 characters."""
    return " ".join(storable(tag, TAG_LIMIT).split())


def fold_tag(tag: str) -> str:
    """Return what tags that are one have in common: `Line_Art` and `line  art` are `line art`."""
    clean = clean_tag(tag)
    if not clean.isascii():
        clean = unicodedata.normalize("NFC", clean)
    return " ".join(_UNDERSCORE.sub(" ", clean.casefold()).split())
