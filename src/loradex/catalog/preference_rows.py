"""Rows of preferences, a person's own and those that others tell, as what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

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
