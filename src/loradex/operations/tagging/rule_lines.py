"""Where in a TOML text a key stands: tomllib tells that for wrong TOML only."""

from __future__ import annotations

import re

_HEADER = re.compile(r"\s*\[\s*([^\[\]].*?)\s*\]\s*(?:#.*)?$")
_PART = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*\.?""")


def line_of(text: str, where: tuple[str, ...]) -> int:
    """Return the line that a key stands in, else that of its table, else 1."""
    best = 1
    table: tuple[str, ...] = ()
    deepest = -1
    for number, line in enumerate(text.splitlines(), 1):
        header = _HEADER.match(line)
        if header:
            table = _parts(header[1])
        path = table if header else (*table, *_parts(line.partition("=")[0]))
        if path == where[: len(path)] and len(path) > max(deepest, 0):
            best, deepest = number, len(path)
    return best


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(
        next(part for part in match if part) for match in _PART.findall(dotted) if any(match)
    )
