"""Entries from a file that anybody may have made: every value checked, and bounded."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from loradex.domain.hashes import EMPTY_SHA256
from loradex.domain.manifest import Entry, HubPlace, OwnField
from loradex.domain.preferences import read_preferences
from loradex.domain.text import storable
from loradex.errors import LoradexError
from loradex.operations.manifest.verdict_form import MOST, checked_verdict

_HEX = re.compile(r"[0-9a-f]+")
_FINGERPRINT = re.compile(r"(?:\d+-)?[0-9a-f]{16,64}")
_TEXT, _NOTE, _SHORT = 1_024, 100_000, 100
_MOST = 2_000
"""Tags, words, places … of one model."""
_LARGEST = 2**53
_TYPES = ("text", "number", "date", "flag", "choice")
_DIGESTS = {"sha256": 64, "blake3": 64, "crc32": 8, "autov1": 8, "autov2": 10, "autov3": 12}


class ManifestError(LoradexError):
    """A file that is no manifest, or none that this loradex can read."""


def checked_entry(raw: object) -> Entry:
    """Return an entry from what JSON said; raise ValueError, with a clause, for what is none.

    What has a wrong form within a good entry is left out; only the size has to be there.
    """
    if not isinstance(raw, Mapping):
        raise ValueError("is no object")
    size = _whole(raw.get("size"))
    if size is None or size < 0:
        raise ValueError("has no size")
    digests = {name: _digest(raw.get(name), length) for name, length in _DIGESTS.items()}
    if digests["sha256"] == EMPTY_SHA256:
        digests["sha256"] = None
    fingerprint = _text(raw.get("fingerprint"), _SHORT).lower()
    rating = _whole(raw.get("rating"))
    return Entry(
        size=size,
        name=_text(raw.get("name")) or "?",
        **digests,
        fingerprint=fingerprint if _FINGERPRINT.fullmatch(fingerprint) else None,
        file_name=_text(raw.get("file_name")),
        kind=_text(raw.get("kind"), _SHORT) or "unknown",
        base=_text(raw.get("base"), _SHORT) or None,
        derivative=_text(raw.get("derivative"), _SHORT) or None,
        format=_text(raw.get("format"), _SHORT),
        dtype=_text(raw.get("dtype"), _SHORT) or None,
        quantisation=_text(raw.get("quantisation"), _SHORT) or None,
        rank=_whole(raw.get("rank")),
        added_at=_number(raw.get("added_at")),
        hubs=tuple(filter(None, map(_hub, _list(raw.get("hubs"))))),
        tags=_pairs(raw.get("tags"), "name"),
        hidden_tags=_texts(raw.get("hidden_tags"), _SHORT),
        trigger_words=_pairs(raw.get("trigger_words"), "text"),
        verdicts=tuple(filter(None, map(checked_verdict, _list(raw.get("verdicts"))[:MOST]))),
        note=_text(raw.get("note"), _NOTE),
        rating=rating if rating is not None and 1 <= rating <= 5 else None,
        favourite=raw.get("favourite") is True,
        collections=_texts(raw.get("collections"), _SHORT),
        preferences=_preferences(raw.get("preferences")),
        fields=tuple(filter(None, map(_field, _list(raw.get("fields"))))),
        places=_pairs(raw.get("places"), "library", "path"),
    )


def _list(raw: object) -> list[object]:
    return raw[:_MOST] if isinstance(raw, list) else []


def _text(raw: object, limit: int = _TEXT) -> str:
    return storable(raw, limit) if isinstance(raw, str) else ""


def _texts(raw: object, limit: int) -> tuple[str, ...]:
    return tuple(text for one in _list(raw) if (text := _text(one, limit)))


def _whole(raw: object) -> int | None:
    return raw if type(raw) is int and abs(raw) < _LARGEST else None


def _number(raw: object) -> float | None:
    if type(raw) not in (int, float) or not isinstance(raw, int | float):
        return None
    return float(raw) if abs(raw) < _LARGEST and math.isfinite(raw) else None


def _digest(raw: object, length: int) -> str | None:
    text = _text(raw, _SHORT).lower()
    return text if len(text) == length and _HEX.fullmatch(text) else None


def _pairs(raw: object, first: str, second: str = "source") -> tuple[tuple[str, str], ...]:
    return tuple(
        (text, _text(one.get(second)))
        for one in _list(raw)
        if isinstance(one, Mapping) and (text := _text(one.get(first)))
    )


def _hub(raw: object) -> HubPlace | None:
    if not isinstance(raw, Mapping):
        return None
    hub = _text(raw.get("hub"), _SHORT)
    model, version = _whole(raw.get("model_id")), _whole(raw.get("version_id"))
    if not hub or model is None or version is None:
        return None
    air = _text(raw.get("air"), 300)
    return HubPlace(
        hub,
        model,
        version,
        air if re.fullmatch(r"[\w:@.+/-]+", air, re.ASCII) else None,
        _text(raw.get("name")),
    )


def _preferences(raw: object) -> dict[str, float | int | str]:
    return read_preferences(raw).said() if isinstance(raw, Mapping) else {}


def _field(raw: object) -> OwnField | None:
    if not isinstance(raw, Mapping):
        return None
    name, type_ = _text(raw.get("name"), _SHORT).lower(), raw.get("type")
    if not re.fullmatch(r"[^\W\d][\w-]*", name) or type_ not in _TYPES:
        return None
    text, number = _text(raw.get("value"), _NOTE), _number(raw.get("value"))
    if type_ in ("text", "choice"):
        return OwnField(name, str(type_), text) if text else None
    return None if number is None else OwnField(name, str(type_), number)
