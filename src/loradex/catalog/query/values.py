"""Values that are more than text: ranges of numbers, sizes and dates."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from loradex.catalog.query.lexer import Value
from loradex.errors import QueryError

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", re.IGNORECASE)
_AGE = re.compile(r"-?([0-9]+)([hdwmy])", re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d\d-\d\d|\d{8}", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d\d)", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)
_DAYS_AGO = {"today": 0, "yesterday": 1}
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


Read = Callable[[str], Range]
"""Reads a value that stands alone: what it spans, from its first moment to its last."""


def number_range(query: str, value: Value) -> Range:
    """Read `4`, `>4`, `>=4`, `2..4`, `4..` or `..4`."""
    return _range(query, value, lambda part: _point(float(part)), "a number, as in 4, >3 or 2..5")


def level_range(query: str, value: Value, levels: Mapping[str, int]) -> Range:
    """Read `r`, `pg..r`, `>=x`: each level is its bit and all weaker ones."""
    wanted = f"a level, as in r, ..pg13 or >=x: {', '.join(levels)}"

    def read(part: str) -> Range:
        bit = levels.get(part.lower())
        if bit is None:
            raise ValueError(part)
        return Range(bit, 2 * bit, high_open=True)

    return _range(query, value, read, wanted)


def size_range(query: str, value: Value) -> Range:
    """Read a range of sizes: `>500MB`, `1GB..2GB`, `<4GiB`; plain numbers are bytes."""
    return _range(
        query, value, lambda part: _point(_size(part)), "a size, as in >500MB or 1GB..7GB"
    )


def date_range(query: str, value: Value, now: float) -> Range:
    """Read `2026-01-31`, `2026-01-01..`, `-30d..`, or an age: `<30d` is newer than 30 days.

    Ages count in h, d, w, m (months) and y. A day, `today`, `yesterday`, a month (`2026-01`) and a
    year mean the whole of it (UTC) wherever they stand. A time without an offset is UTC.
    """
    wanted = "a date or an age, as in 2026-01-31.., 2026-01, today, -2w.. or <30d"
    comparison = re.fullmatch(r"([<>]=?)-?([0-9]+[hdwmy])", value.text, re.IGNORECASE)
    if comparison:
        moment = _read(query, value, comparison.group(2), lambda part: _when(part, now), wanted)
        younger = comparison.group(1).startswith("<")
        return Range(moment.low, None) if younger else Range(None, moment.high)
    return _range(query, value, lambda part: _when(part, now), wanted)


def _range(query: str, value: Value, read: Read, wanted: str) -> Range:
    text = value.text.strip()
    if ".." in text:
        first, last = (
            _read(query, value, part, read, wanted) if part.strip() else Range(None, None)
            for part in text.split("..", 1)
        )
        if first.low is None and last.high is None:
            raise _wrong(query, value, wanted)
        return Range(first.low, last.high, high_open=last.high_open)
    match = re.fullmatch(r"(<=|>=|<|>|=)?(.+)", text)
    if match is None:
        raise _wrong(query, value, wanted)
    span = _read(query, value, match.group(2), read, wanted)
    match match.group(1):
        case ">":
            return Range(span.high, None, low_open=not span.high_open)
        case ">=":
            return Range(span.low, None)
        case "<":
            return Range(None, span.low, high_open=True)
        case "<=":
            return Range(None, span.high, high_open=span.high_open)
        case _:
            return span


def _read(query: str, value: Value, part: str, read: Read, wanted: str) -> Range:
    try:
        return read(part.strip())
    except (ValueError, OverflowError) as error:
        raise _wrong(query, value, wanted) from error


def _point(number: float) -> Range:
    if not math.isfinite(number):
        raise ValueError(number)
    return Range(number, number)


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


def _when(text: str, now: float) -> Range:
    """Return the whole of a day, month or year, or the moment that an age or ISO 8601 tells."""
    age = _AGE.fullmatch(text)
    if age:
        return _point(now - int(age.group(1)) * _AGE_SECONDS[age.group(2).lower()])
    if text.lower() in _DAYS_AGO:
        start = (now // 86_400 - _DAYS_AGO[text.lower()]) * 86_400
        return Range(start, start + 86_400, high_open=True)
    month = _MONTH.fullmatch(text)
    if month:
        return _months(int(month[1]), int(month[2]), 1)
    if _YEAR.fullmatch(text):
        return _months(int(text), 1, 12)
    if _DAY.fullmatch(text):
        start = datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
        return Range(start, start + 86_400, high_open=True)
    moment = datetime.fromisoformat(text)
    return _point((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _months(year: int, month: int, count: int) -> Range:
    """Return the whole of some months of one year."""
    start = datetime(year, month, 1, tzinfo=UTC)
    after = divmod(month - 1 + count, 12)
    end = datetime(year + after[0], after[1] + 1, 1, tzinfo=UTC)
    return Range(start.timestamp(), end.timestamp(), high_open=True)
