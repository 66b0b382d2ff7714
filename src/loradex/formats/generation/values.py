"""JSON that nobody vouches for, and typed looks into it that never raise."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator

from loradex.domain.text import storable

Json = dict[str, object]

MOST_TEXT = 100_000
"""Characters kept of one prompt or setting."""
MOST_MODELS = 200
"""Models kept of one picture."""
MOST_SETTINGS = 120
_INTEGER = re.compile(r"-?\d{1,30}")


def parsed(text: str) -> object:
    """Return what a JSON text holds, None where it is none; NaN and infinities become None.

    ComfyUI writes NaN, which strict readers refuse.
    """
    try:
        value: object = json.loads(text, parse_constant=lambda _name: None, strict=False)
    except (ValueError, RecursionError):
        return None
    return value


def mapping(value: object) -> Json:
    """Return an object as it is, or one within a text; an empty one for anything else."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = parsed(value)
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[object]:
    """Return a list as it is, or one within a text; an empty one for anything else."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = parsed(value)
    return value if isinstance(value, list) else []


def mappings(value: object) -> Iterator[Json]:
    """Yield the objects of a list."""
    for item in items(value):
        if isinstance(item, dict):
            yield item


def text_of(value: object) -> str:
    """Return a text or number as a bounded text; empty for anything else."""
    if isinstance(value, str):
        return storable(value, MOST_TEXT).strip()
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, int):
        return str(value) if value.bit_length() <= 128 else ""
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:g}" if abs(value) < 1e6 else repr(value)
    return ""


def number_of(value: object) -> float | None:
    """Return a finite number, also one in a text; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and len(value) > 40:
        return None
    try:
        number = float(value) if isinstance(value, int | float | str) else math.nan
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and abs(number) < 1e6 else None


def whole_of(value: object) -> int:
    """Return a positive id of at most ten digits, also one in a text; 0 for anything else."""
    text = text_of(value)
    if _INTEGER.fullmatch(text) is None:
        return 0
    number = int(text)
    return number if 0 < number < 10_000_000_000 else 0


def first_text(data: Json, *names: str) -> str:
    """Return the first of these entries that says something."""
    for name in names:
        text = text_of(data.get(name))
        if text:
            return text
    return ""
