"""The words in names of files and folders, which people write in every way there is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST = 512
"""Characters of a name that are looked at."""

_WORD = re.compile(
    r"""
    \d+(?:d|bit)(?![a-z])       # 3D, 8bit: a number that belongs to its unit
    | [A-Z]+(?![a-z])           # SDXL, and the XL of XLAnime
    | [A-Z]?[^\W\d_A-Z]+        # Anime, anime, and letters of other scripts
    | \d+
    """,
    re.VERBOSE,
)
_CAPITAL_UNIT = re.compile(r"(?<=\d)(?:D|BIT|Bit)(?![a-z])")

_NOISE = re.compile(r"v|ver|version|r|rank|dim|e|epoch|step|fp|bf|f|q|k|pruned|ema|final|new|\d+")
"""Versions, training steps, precisions: they may stand between two words that belong together."""


def split_words(name: str) -> list[str]:
    """Return the words of a name in lower case: `XLAnimeStyle_v2` is `xl anime style v 2`."""
    plain = unicodedata.normalize("NFKC", name[:LONGEST])
    plain = _CAPITAL_UNIT.sub(lambda unit: unit.group().lower(), plain)
    return [word.casefold() for word in _WORD.findall(plain)]


def telling(words: Iterable[str]) -> list[str]:
    """Return words without versions, steps and precisions."""
    return [word for word in words if not _NOISE.fullmatch(word)]


def telling_words(name: str) -> list[str]:
    """Return the words of a name without versions, steps and precisions."""
    return telling(split_words(name))
