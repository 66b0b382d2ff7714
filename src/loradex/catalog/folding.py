"""Text as it is compared: without case and without accents, so that `cafe` finds `Café`."""

from __future__ import annotations

import unicodedata

_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "ı": "i"})
"""What Unicode does not take for an accent, but a person who types does."""


def folded(text: str) -> str:
    """Return `text` in lower case, its accents taken off: a key to sort and to search by."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(char for char in apart if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", bare).translate(_LETTERS)
