"""Untrusted metadata as bounded text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from loradex.domain.text import storable
from loradex.formats.limits import (
    MAX_METADATA_ENTRIES,
    MAX_METADATA_KEY,
    MAX_METADATA_TOTAL,
    MAX_METADATA_VALUE,
)


def clean(text: str, limit: int) -> str:
    """Return `storable(text, limit)`, quickly for the plain ASCII that most values are."""
    if len(text) <= limit and text.isascii() and "\x00" not in text:
        return text
    return storable(text, limit)


def is_bounded(metadata: Mapping[str, str], spelled: bytes) -> bool:
    """Tell whether `bounded` would return `metadata` as it is, from how JSON spelled all of it.

    Most does: ASCII without an escape by number holds nothing odd (JSON allows no raw NUL), and
    what is spelled shorter than one value may be, is. So its dozens of values need no look each.
    """
    return (
        len(spelled) <= MAX_METADATA_VALUE
        and spelled.isascii()
        and b"\\u" not in spelled
        and len(metadata) <= MAX_METADATA_ENTRIES
        and max(map(len, metadata), default=0) <= MAX_METADATA_KEY
    )


def bounded(entries: Iterable[tuple[str, object]], notes: list[str]) -> dict[str, str]:
    """Return the textual entries, cut to the limits; add a note for each kind of loss."""
    kept: dict[str, str] = {}
    odd = cut = total = 0
    for key, value in entries:
        if not isinstance(value, str):
            odd += 1
            continue
        if len(kept) >= MAX_METADATA_ENTRIES or total >= MAX_METADATA_TOTAL:
            cut += 1
            continue
        limit = min(MAX_METADATA_VALUE, MAX_METADATA_TOTAL - total)
        if len(value) > limit or len(key) > MAX_METADATA_KEY:
            cut += 1
        kept[clean(key, MAX_METADATA_KEY)] = clean(value, limit)
        total += len(value[:limit])
    if odd:
        notes.append(f"{odd} metadata values are not text and were left out.")
    if cut:
        notes.append(f"{cut} metadata entries are too long or too many and were cut.")
    return kept


def json_text(value: Mapping[str, str] | Sequence[tuple[str, int]]) -> str:
    """Return what is bounded already as JSON, ten times quicker than the standard library."""
    return msgspec.json.encode(value).decode()
