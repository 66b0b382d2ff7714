"""What hubs say at length, as the words that a search looks for."""

from __future__ import annotations

import re
from collections.abc import Iterable

LONGEST = 4_096
"""Characters that are searched: descriptions end in thanks and links to everything else."""

_READ = 16_384
_MARKUP = re.compile(r"<[^<>]*>")


def about(texts: Iterable[str | None]) -> str:
    """Return descriptions, HTML or not, as one plain text of at most `LONGEST` characters."""
    return " ".join(filter(None, map(plain, dict.fromkeys(texts))))[:LONGEST]


def plain(text: str | None) -> str:
    """Return the words of a description."""
    if not text:
        return ""
    bare = _MARKUP.sub(" ", text[:_READ])
    if "&" in bare:
        from html import unescape  # noqa: PLC0415 - a table of two thousand names

        bare = unescape(bare)
    return " ".join(bare.split()).replace("\x00", "")
