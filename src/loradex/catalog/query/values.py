"""Values that are more than text: ranges of numbers, sizes and dates."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from loradex.catalog.query.lexer import Value
from loradex.errors import QueryError

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", re.IGNORECASE)
_AGE = re.compile(r"-?(\d+)([hdwmy])", re.IGNORECASE)
_AGE_SECONDS = {"h": 3600, "d": 86_400, "w": 604_800, "m": 2_629_800, "y": 31_557_600}
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


@dataclass(frozen=True, slots=True)
class Range:
    """Bounds of a value; None is open. `low_open` and `high_open` leave the bound itself out."""

    low: float | None
    high: float | None
    low_open: bool = False
    high_open: bool = False

    def sql(self, column: str) -> tuple[str, list[float]]:
        """Return a condition on `column` and its parameters."""
        parts: list[str] = []
        params: list[float] = []
        if self.low is not None:
            parts.append(f"{column} {'>' if self.low_open else '>='} ?")
            params.append(self.low)
        if self.high is not None:
            parts.append(f"{column} {'<' if self.high_open else '<='} ?")
            params.append(self.high)
        return " AND ".join(parts) or f"{column} IS NOT NULL", params


def number_range(query: str, value: Value) -> Range:
    """Read `4`, `>4`, `>=4`, `2..4`, `4..` or `..4`."""
    return _range(query, value, float, "a number, as in 4, >3 or 2..5")


def size_range(query: str, value: Value) -> Range:
    """Read a range of sizes: `>500MB`, `1GB..2GB`, `<4GiB`; plain numbers are bytes."""
    return _range(query, value, _size, "a size, as in >500MB or 1GB..7GB")


def date_range(query: str, value: Value, now: float) -> Range:
    """Read `2026-01-31`, `2026-01-01..`, `-30d..`, or an age: `<30d` is newer than 30 days.

    Ages count in h, d, w, m (months) and y. A day alone means the whole of that day (UTC).
    """
    text = value.text
    wanted = "a date or an age, as in 2026-01-31.., <30d or -2w.."
    comparison = re.fullmatch(r"([<>]=?)-?(\d+[hdwmy])", text, re.IGNORECASE)
    if comparison:
        moment = _moment(comparison.group(2), now)
        younger = comparison.group(1).startswith("<")
        return Range(moment, None) if younger else Range(None, moment)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        start = _read(query, value, text, lambda part: _moment(part, now), wanted)
        return Range(start, start + 86_400, high_open=True)
    return _range(query, value, lambda part: _moment(part, now), wanted)


def _range(query: str, value: Value, read: Callable[[str], float], wanted: str) -> Range:
    text = value.text.strip()
    if ".." in text:
        low, _, high = text.partition("..")
        bounds = [
            _read(query, value, part, read, wanted) if part.strip() else None
            for part in (low, high)
        ]
        if bounds == [None, None]:
            raise _wrong(query, value, wanted)
        return Range(bounds[0], bounds[1])
    match = re.fullmatch(r"(<=|>=|<|>|=)?(.+)", text)
    if match is None:
        raise _wrong(query, value, wanted)
    sign, number = match.group(1), _read(query, value, match.group(2), read, wanted)
    if sign in (">", ">="):
        return Range(number, None, low_open=sign == ">")
    if sign in ("<", "<="):
        return Range(None, number, high_open=sign == "<")
    return Range(number, number)


def _read(query: str, value: Value, part: str, read: Callable[[str], float], wanted: str) -> float:
    try:
        return read(part.strip())
    except (ValueError, OverflowError) as error:
        raise _wrong(query, value, wanted) from error


def _wrong(query: str, value: Value, wanted: str) -> QueryError:
    return QueryError(
        f"{value.text!r} is not {wanted}.",
        query=query,
        position=value.position,
        length=max(value.length, 1),
    )


def _size(text: str) -> float:
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError(text)
    number, prefix, binary = match.groups()
    unit: int = (1024 if binary else 1000) ** _POWERS[prefix.lower()]
    return float(number) * unit


def _moment(text: str, now: float) -> float:
    age = _AGE.fullmatch(text)
    if age:
        return now - int(age.group(1)) * _AGE_SECONDS[age.group(2).lower()]
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
