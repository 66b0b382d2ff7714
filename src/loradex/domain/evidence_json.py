"""A probe's numbers as JSON, and back: whatever is missing or unknown stops no reading.

Numbers that are not finite are written as null and read as NaN. All lists and texts are bounded.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import msgspec

from loradex.domain.probing import (
    CurvePoint,
    ExtraMeasure,
    ProbeEvidence,
    WordScore,
)
from loradex.domain.text import storable

MOST_POINTS = 500
"""Points of a curve, words, and measures of plugins."""
MOST_SEEDS = 1_000
MOST_NAMES = 100
"""Prompts, settings, and numbers under names."""
TEXT_LIMIT = 4_000
NAME_LIMIT = 200
LARGEST = 8 * 1024 * 1024
"""Bytes of JSON that are read."""

_Item = TypeVar("_Item")
_Raw = Mapping[str, object]


def evidence_to_json(evidence: ProbeEvidence) -> bytes:
    """Return a probe's numbers as JSON."""
    return msgspec.json.encode(_bounded(evidence))


def evidence_from_json(raw: bytes) -> ProbeEvidence | None:
    """Return the numbers in a JSON text; None where it is not such a text at all."""
    if len(raw) > LARGEST:
        return None
    try:
        return evidence_from_plain(msgspec.json.decode(raw))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def evidence_to_plain(evidence: ProbeEvidence) -> dict[str, object]:
    """Return a probe's numbers as what JSON is made of, NaN being None."""
    plain: dict[str, object] = msgspec.json.decode(evidence_to_json(evidence))
    return plain


def evidence_from_plain(raw: object) -> ProbeEvidence | None:
    """Return the numbers in decoded JSON; None for what is no object or has no number in it.

    An item of a list that cannot be read is left out.
    """
    if not isinstance(raw, dict) or not raw:
        return None
    told = {
        **_with(raw, _EVIDENCE),
        "curve": _items(raw.get("curve"), _CURVE_POINT, CurvePoint),
        "words": _items(raw.get("words"), _WORD_SCORE, WordScore),
        "extra": _items(raw.get("extra"), _EXTRA, ExtraMeasure),
        "prompts": _texts(raw.get("prompts")),
        "seeds": _whole_numbers(raw.get("seeds")),
        "settings": _settings(raw.get("settings")),
    }
    try:
        return _bounded(msgspec.convert(told, ProbeEvidence, strict=False))
    except msgspec.ValidationError:
        return None


_INTERVAL: _Raw = {"mean": math.nan, "low": math.nan, "high": math.nan, "pairs": 0}
_CURVE_POINT: _Raw = {
    "strength": math.nan, "words": "", "effect": _INTERVAL, "share": _INTERVAL,
    "response": _INTERVAL, "diversity": None, "burn": {}, "broken": 0,
}  # fmt: skip
_WORD_SCORE: _Raw = {
    "word": "", "source": "", "tokens": 0, "placebo": "", "strength": math.nan,
    "score": _INTERVAL, "leak": _INTERVAL,
}  # fmt: skip
_EXTRA: _Raw = {
    "name": "", "title": "", "source": "", "unit": "", "strength": math.nan, "base": math.nan,
    "lora": math.nan, "difference": _INTERVAL, "meaning": "",
}  # fmt: skip
_EVIDENCE: _Raw = {
    "floor": math.nan, "seed_distance": math.nan, "engine": "", "drawn": 0, "reused": 0,
    "shared": 0, "seconds": math.nan, "version": 1, "depth": "normal", "stopped": False,
}  # fmt: skip


def _with(raw: object, usual: _Raw) -> dict[str, object]:
    """Return the known names of an object, what is missing or null being as usual."""
    told = raw if isinstance(raw, dict) else {}
    return {name: _one(told.get(name), default) for name, default in usual.items()}


def _one(value: object, default: object) -> object:
    if isinstance(default, dict):
        return _with(value, default) if default else _numbers(value)
    return default if value is None else value


def _items(raw: object, usual: _Raw, made: type[_Item]) -> list[_Item]:
    found = []
    for item in raw[:MOST_POINTS] if isinstance(raw, list) else ():
        try:
            found.append(msgspec.convert(_with(item, usual), made, strict=False))
        except msgspec.ValidationError:
            continue
    return found


def _texts(raw: object) -> list[str]:
    return [str(text) for text in raw[:MOST_NAMES]] if isinstance(raw, list) else []


def _whole_numbers(raw: object) -> list[int]:
    some = raw[:MOST_SEEDS] if isinstance(raw, list) else []
    return [number for number in some if isinstance(number, int)]


def _settings(raw: object) -> dict[str, str | int | float]:
    told = raw if isinstance(raw, dict) else {}
    return {
        str(name): value for name, value in told.items() if isinstance(value, str | int | float)
    }


def _numbers(raw: object) -> dict[str, float]:
    return finite_numbers(raw) if isinstance(raw, Mapping) else {}


def finite_numbers(numbers: Mapping[str, object]) -> dict[str, float]:
    """Return the finite numbers under names, at most `MOST_NAMES` of them."""
    kept: dict[str, float] = {}
    for name, value in numbers.items():
        if isinstance(value, int | float) and math.isfinite(value) and len(kept) < MOST_NAMES:
            kept[storable(str(name), NAME_LIMIT)] = float(value)
    return kept


def _bounded(evidence: ProbeEvidence) -> ProbeEvidence:
    return replace(
        evidence,
        curve=tuple(
            replace(point, words=_name(point.words), burn=finite_numbers(point.burn))
            for point in evidence.curve[:MOST_POINTS]
        ),
        words=tuple(
            replace(
                score,
                word=storable(score.word, TEXT_LIMIT),
                source=_name(score.source),
                placebo=storable(score.placebo, TEXT_LIMIT),
            )
            for score in evidence.words[:MOST_POINTS]
        ),
        prompts=_cut(evidence.prompts),
        seeds=tuple(evidence.seeds[:MOST_SEEDS]),
        settings={
            _name(str(name)): storable(value, TEXT_LIMIT) if isinstance(value, str) else value
            for name, value in list(evidence.settings.items())[:MOST_NAMES]
        },
        engine=_name(evidence.engine),
        depth=_name(evidence.depth),
        extra=tuple(_bounded_extra(measure) for measure in evidence.extra[:MOST_POINTS]),
    )


def _bounded_extra(measure: ExtraMeasure) -> ExtraMeasure:
    return replace(
        measure,
        name=_name(measure.name),
        title=_name(measure.title),
        source=_name(measure.source),
        unit=_name(measure.unit),
        meaning=storable(measure.meaning, TEXT_LIMIT),
    )


def _cut(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(storable(text, TEXT_LIMIT) for text in texts[:MOST_NAMES])


def _name(text: str) -> str:
    return storable(text, NAME_LIMIT)
