"""The last line of A1111's parameter text: `Name: value` pairs, in time linear to its length.

A value is a JSON string, a JSON object or list (CivitAI's, Fooocus'), or all up to the next comma.
"""

from __future__ import annotations

import json
import re

MOST_LINE = 512 * 1024
_MOST_PAIRS = 400
_MOST_JSON = 64
_LONGEST_NAME = 80
_QUOTED = re.compile(r'"(?:\\.|[^\\"])*"')
_DECODER = json.JSONDecoder(strict=False, parse_constant=lambda _name: None)


def read_pairs(line: str) -> dict[str, object]:
    """Return the pairs of a line in their order: texts, and what JSON holds.

    The first of several pairs of one name counts. Text that is no pair is passed over.
    """
    line = line[:MOST_LINE]
    pairs: dict[str, object] = {}
    place = budget = 0
    while len(pairs) < _MOST_PAIRS:
        colon = line.find(":", place)
        if colon < 0:
            break
        name = line[place:colon].rpartition(",")[2].strip()
        start = colon + 1
        while start < len(line) and line[start] == " ":
            start += 1
        value, place = None, start
        if line[start : start + 1] in ("{", "[") and budget < _MOST_JSON:
            budget += 1
            value, place = _json(line, start)
        elif line[start : start + 1] == '"' and (quoted := _QUOTED.match(line, start)):
            value, place = _unquoted(quoted.group()), quoted.end()
        if value is None:
            comma = line.find(",", start)
            place = len(line) if comma < 0 else comma
            value = line[start:place].strip()
        if 0 < len(name) <= _LONGEST_NAME:
            pairs.setdefault(name, value)
        comma = line.find(",", place)
        place = len(line) if comma < 0 else comma + 1
    return pairs


def _json(line: str, start: int) -> tuple[object, int]:
    try:
        value, end = _DECODER.raw_decode(line, start)
    except (ValueError, RecursionError):
        return None, start
    return value, end


def _unquoted(text: str) -> str:
    try:
        value = json.loads(text, strict=False)
    except ValueError:
        return text[1:-1]
    return value if isinstance(value, str) else text[1:-1]
