"""Who trained a model, when, and with which alpha, as its header says."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from loradex.domain.text import storable

if TYPE_CHECKING:
    from sqlalchemy import Connection

_TITLE = ("modelspec.title", "ss_output_name", "general.name")
_AUTHOR = ("modelspec.author", "general.author")
_TIME = ("ss_training_finished_at", "ss_training_started_at")
_DAY = "modelspec.date"
_ALPHA = "ss_network_alpha"
_KEYS = (*_TITLE, *_AUTHOR, *_TIME, _DAY, _ALPHA)
_LONGEST = 500
_LATEST = 1e11
"""No model was trained after the year 5138: such a number is no time."""

_PAIR = re.compile(
    r'"(' + "|".join(map(re.escape, _KEYS)) + r')": ?("(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*)'
)
"""A pair of the header's JSON: reading these alone takes a tenth of the time of reading it all."""

Row = tuple[str | None, str | None, float | None, float | None]


def training_row(metadata_json: str) -> Row | None:
    """Return title, author, time (Unix) and alpha; None when the header says none of them."""
    if len(metadata_json) <= 2:
        return None
    told: dict[str, str] = {}
    for match in _PAIR.finditer(metadata_json):
        told.setdefault(match[1], _text(match[2]))
    if not told:
        return None
    row = (_first(told, _TITLE), _first(told, _AUTHOR), _time(told), _number(told.get(_ALPHA)))
    return row if any(value is not None for value in row) else None


def put_training(connection: Connection, headers: Mapping[int, str]) -> None:
    """Write what these headers, by content, say; what older readings said of them goes."""
    rows = [(id_, *row) for id_, text in headers.items() if (row := training_row(text))]
    if rows:
        connection.exec_driver_sql(
            "INSERT OR REPLACE INTO training(content_id, title, author, trained_at, alpha)"
            " VALUES (?, ?, ?, ?, ?)",
            rows,
        )


def _text(stored: str) -> str:
    try:
        return str(json.loads(stored))
    except ValueError:
        return ""


def _first(told: Mapping[str, str], keys: tuple[str, ...]) -> str | None:
    texts = (storable(told.get(key, "").strip(), _LONGEST) for key in keys)
    return next((text for text in texts if text and text.lower() != "none"), None)


def _time(told: Mapping[str, str]) -> float | None:
    for key in _TIME:
        seconds = _number(told.get(key))
        if seconds is not None and seconds > 0:
            return seconds
    try:
        moment = datetime.fromisoformat(told.get(_DAY, ""))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if -_LATEST < value < _LATEST else None
