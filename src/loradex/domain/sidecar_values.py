"""Take values out of documents that nobody vouches for: the wanted type within bounds, or nothing.

For dialects of sidecars: none of these functions raises.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

from loradex.domain.hashes import EMPTY_SHA256

LONGEST_TEXT = 262_144
LONGEST_LINE = 1_024
LONGEST_LIST = 4_096
"""Characters of a line of a prompt that is cut at its commas."""
MOST_ENTRIES = 500

_DIGITS = re.compile(r"[0-9a-f]+")
_COMMAS = re.compile(r",(?![^(<\[{]*[)>\]}])")
"""Commas that stand in no bracket."""


def table(value: object) -> Mapping[str, object]:
    """Return a JSON object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def entries(value: object) -> list[object]:
    """Return a JSON array, an empty one for anything else, at most `MOST_ENTRIES` long."""
    return value[:MOST_ENTRIES] if isinstance(value, list) else []


def text(value: object, limit: int = LONGEST_TEXT) -> str:
    """Return text without blanks around it, cut to `limit`; empty for anything else."""
    return value[:limit].strip() if isinstance(value, str) else ""


def line(value: object) -> str:
    """Return text on one line."""
    return " ".join(text(value, LONGEST_LINE).split())


def lines(value: object) -> tuple[str, ...]:
    """Return the texts of an array, each on one line, empty and repeated ones left out."""
    return tuple(dict.fromkeys(each for entry in entries(value) if (each := line(entry))))


def number(value: object, least: float, most: float) -> float | None:
    """Return a number (or text that is one) within bounds, None otherwise."""
    if isinstance(value, str) and len(value) <= 32:
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and least <= value <= most else None


def whole(value: object, least: int = 0, most: int = 2**53) -> int | None:
    """Return a whole number (or text that is one) within bounds, None otherwise."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if least <= value <= most else None
    found = number(value, least, most)
    return int(found) if found is not None and found.is_integer() else None


def digest(value: object, length: int) -> str:
    """Return the first `length` hex digits in lower case, without `0x`; empty when it is none.

    The digest of nothing, which some tools write, is none.
    """
    found = text(value, 128).lower().removeprefix("0x")
    whole_hex = len(found) >= length and _DIGITS.fullmatch(found) is not None
    return found[:length] if whole_hex and not EMPTY_SHA256.startswith(found) else ""


def digests(values: Iterable[object], length: int) -> tuple[str, ...]:
    """Return all that are digests, once each."""
    return tuple(dict.fromkeys(found for value in values if (found := digest(value, length))))


def phrases(value: object) -> tuple[str, ...]:
    """Return a line of a prompt cut at its commas; those in brackets and tags stay.

    For fields in which a tool keeps several trigger words as one text.
    """
    found = (" ".join(part.split()) for part in _COMMAS.split(text(value, LONGEST_LIST)))
    return tuple(dict.fromkeys(part for part in found if part))[:MOST_ENTRIES]


def highest_level(values: Iterable[object]) -> int | None:
    """Return all content-level bits of some pictures together, None when none says."""
    bits = [found for value in values if (found := whole(value, 1, 63)) is not None]
    level = 0
    for each in bits:
        level |= each
    return level or None


def more_tags(there: object, ours: Iterable[str], removed: Iterable[str]) -> list[str]:
    """Return the tags that are there, as they are, and ours behind them; without `removed` ones.

    `removed` are folded.
    """
    gone = set(removed)
    kept = [tag for tag in lines(there) if tag.casefold() not in gone]
    known = {tag.casefold() for tag in kept}
    return kept + [tag for tag in ours if tag.casefold() not in known]
