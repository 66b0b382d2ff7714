"""How models are best used: what a person prefers, and what hubs, sidecars and headers tell."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from loradex.catalog.preference_rows import known_preferences
from loradex.catalog.reader import Reader, chunks
from loradex.catalog.strength_effect import refresh_strengths
from loradex.catalog.writer import BULK
from loradex.domain.preferences import FIELDS, KnownPreferences, Preferences

if TYPE_CHECKING:
    from loradex.catalog.writer import Writer


class PreferenceStore:
    """Preferred strengths, samplers and the rest."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def own(self, content_ids: Sequence[int]) -> dict[int, Preferences]:
        """Return what a person prefers; models of which they said nothing are left out."""
        return {
            id_: known.own for id_, known in self.known(content_ids).items() if known.own.said()
        }

    def known(self, content_ids: Sequence[int]) -> dict[int, KnownPreferences]:
        """Return what is known of these models and who says it; others are left out."""
        found: dict[int, KnownPreferences] = {}
        with self._reader.connection() as connection:
            for some in chunks(content_ids):
                found.update(known_preferences(connection, some))
        return found

    def set(
        self, content_ids: Sequence[int], changes: Mapping[str, float | int | str | None]
    ) -> None:
        """Write a person's preferences for models; None takes one back.

        Raises KeyError for a name that is no preference. Values are to be checked before.
        """
        for name in changes:
            if name not in FIELDS:
                raise KeyError(name)
        if not changes:
            return
        now = time.time()
        sets = ", ".join(f"{name} = ?" for name in changes)
        nothing = " AND ".join(f"{name} IS NULL" for name in FIELDS)
        for some in chunks(content_ids, BULK):
            with self._writer.transaction() as connection:
                run = connection.exec_driver_sql
                run(
                    "INSERT OR IGNORE INTO preference(content_id, changed_at) VALUES (?, ?)",
                    [(id_, now) for id_ in some],
                )
                run(
                    f"UPDATE preference SET {sets}, changed_at = ? WHERE content_id = ?",
                    [(*changes.values(), now, id_) for id_ in some],
                )
                run(
                    f"DELETE FROM preference WHERE {nothing} AND content_id IN"
                    " (SELECT value FROM json_each(?))",
                    (json.dumps(list(some)),),
                )
                refresh_strengths(connection, some)
