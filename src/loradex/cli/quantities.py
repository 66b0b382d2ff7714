"""Amounts as people write them in options: `20GB`, `10m`, `30d`. Callbacks of click's options."""

from __future__ import annotations

import re

import click

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", re.IGNORECASE | re.ASCII)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?\s*[smhdw]\s*)+", re.IGNORECASE | re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])", re.IGNORECASE | re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def size_bytes(_context: click.Context, _param: click.Parameter, text: str | None) -> int | None:
    """Return the bytes that a text such as `20GB` or `4GiB` means."""
    if text is None:
        return None
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise click.BadParameter(f"{text!r} is not a size, as in 20GB, 500MB or 4GiB.")
    number, prefix, binary = match.groups()
    unit: int = (1024 if binary else 1000) ** _POWERS[prefix.lower()]
    return int(float(number) * unit)


def seconds_long(
    _context: click.Context, _param: click.Parameter, text: str | None
) -> float | None:
    """Return the seconds that a text such as `10m`, `1h30m` or `30d` means."""
    if text is None:
        return None
    if _DURATION.fullmatch(text.strip()) is None:
        raise click.BadParameter(f"{text!r} is not a length of time, as in 10m, 1h30m or 30d.")
    return sum(float(number) * _SECONDS[unit.lower()] for number, unit in _PART.findall(text))
