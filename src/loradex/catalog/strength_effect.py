"""At which strengths each content is used: worked out from all who tell of any, for searches."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from loradex.catalog.preference_rows import known_preferences
from loradex.catalog.reader import chunks

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from loradex.domain.preferences import KnownPreferences

_Row = tuple[int, float | None, float, float]


def refresh_strengths(connection: Connection, content_ids: Iterable[int]) -> None:
    """Write `content_strength` anew for these contents."""
    ids = list(content_ids)
    connection.exec_driver_sql(
        "DELETE FROM content_strength WHERE content_id IN (SELECT value FROM json_each(?))",
        (json.dumps(ids),),
    )
    raw = cast("sqlite3.Connection", connection.connection.driver_connection)
    rows = [
        row
        for some in chunks(ids)
        for id_, known in known_preferences(raw, some).items()
        if (row := _row(id_, known)) is not None
    ]
    if rows:
        connection.exec_driver_sql(
            "INSERT INTO content_strength(content_id, best, low, high) VALUES (?, ?, ?, ?)", rows
        )


def _row(content_id: int, known: KnownPreferences) -> _Row | None:
    """Return what the most trusted of those says that tell of a strength."""
    for said in (known.own, *(preferences for _, preferences in known.told)):
        numbers = [
            n for n in (said.strength_min, said.strength, said.strength_max) if n is not None
        ]
        if numbers:
            low = numbers[0] if said.strength_min is None else said.strength_min
            high = numbers[-1] if said.strength_max is None else said.strength_max
            return content_id, said.strength, min(low, high), max(low, high)
    return None
