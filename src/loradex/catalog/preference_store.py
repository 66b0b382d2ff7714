"""How models are best used: what a person prefers, and what hubs, sidecars and headers tell."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from loradex.catalog.reader import Reader, chunks
from loradex.catalog.writer import BULK
from loradex.domain.evidence import Source
from loradex.domain.preferences import (
    FIELDS,
    TOLD_FIELDS,
    KnownPreferences,
    Preferences,
    read_preferences,
    told_preferences,
)

if TYPE_CHECKING:
    import sqlite3

    from loradex.catalog.writer import Writer

_OWN = f"SELECT content_id, {', '.join(FIELDS)} FROM preference WHERE content_id IN ({{marks}})"
_TOLD = (
    "SELECT content_id, source, field, value FROM evidence WHERE content_id IN ({marks})"
    f" AND field IN ({', '.join(repr(name) for name in TOLD_FIELDS)}) ORDER BY seen_at"
)
_HEADERS = (
    "SELECT content_id, json_extract(metadata_json, '$.\"modelspec.lora_default_weight\"')"
    " FROM content_header WHERE content_id IN ({marks})"
    " AND metadata_json LIKE '%modelspec.lora_default_weight%'"
)
"""SwarmUI writes a LoRA's usual strength into the file itself."""


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


def known_preferences(
    connection: sqlite3.Connection, content_ids: Sequence[int]
) -> dict[int, KnownPreferences]:
    """Return what is known of at most `CHUNK` models and who says it; others are left out."""
    marks, ids = ",".join("?" * len(content_ids)), tuple(content_ids)
    own: dict[int, Preferences] = {}
    for id_, *values in map(tuple, connection.execute(_OWN.format(marks=marks), ids)):
        own[id_] = read_preferences(dict(zip(FIELDS, values, strict=True)))
    told: dict[int, dict[Source, list[tuple[str, str]]]] = {}
    for id_, source, field, value in map(tuple, connection.execute(_TOLD.format(marks=marks), ids)):
        told.setdefault(id_, {}).setdefault(Source(source), []).append((field, value))
    for id_, weight in map(tuple, connection.execute(_HEADERS.format(marks=marks), ids)):
        fact = (f"{TOLD_FIELDS[0]}", str(weight))
        told.setdefault(id_, {}).setdefault(Source.HEADER, []).append(fact)
    return {
        id_: KnownPreferences(
            own.get(id_, Preferences()),
            tuple(
                (source.value, told_preferences(facts))
                for source, facts in sorted(
                    told.get(id_, {}).items(), key=lambda item: item[0].rank
                )
            ),
        )
        for id_ in {**own, **told}
    }
