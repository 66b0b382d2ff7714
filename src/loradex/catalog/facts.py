"""Write evidence and trigger words so that nothing good is replaced by nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from loradex.domain.evidence import Evidence, Source
from loradex.domain.text import storable

if TYPE_CHECKING:
    from sqlalchemy import Connection

FactRow = tuple[int, str, str, str, float, str, float]
WordRow = tuple[int, str, str, str, int]


def fact_row(content_id: int, fact: Evidence, now: float) -> FactRow:
    """Return a fact as a row for `put_facts`; `now` stands in for a missing time."""
    return (
        content_id,
        fact.field,
        storable(fact.value, 4096),
        fact.source.value,
        fact.confidence,
        storable(fact.detail, 1024),
        fact.seen_at or now,
    )


def word_rows(content_id: int, words: Sequence[str], source: Source) -> list[WordRow]:
    """Return trigger words, in their order, as rows for `put_words`."""
    return [
        (content_id, storable(word, 1024), storable(word.casefold(), 1024), source.value, place)
        for place, word in enumerate(words)
    ]


def put_facts(connection: Connection, rows: Sequence[FactRow]) -> None:
    """Write facts; an empty value never replaces a good one, and no other source is touched."""
    if rows:
        connection.exec_driver_sql(
            "INSERT INTO evidence(content_id, field, value, source, confidence, detail, seen_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT(content_id, field, source) DO UPDATE SET"
            " value = excluded.value, confidence = excluded.confidence,"
            " detail = excluded.detail, seen_at = excluded.seen_at WHERE excluded.value <> ''",
            list(rows),
        )


def put_words(connection: Connection, rows: Sequence[WordRow]) -> None:
    """Write trigger words; what was measured of a word stays with it."""
    if rows:
        connection.exec_driver_sql(
            "INSERT INTO trigger_word(content_id, text, folded, source, position)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT(content_id, folded, source) DO UPDATE SET"
            " text = excluded.text, position = excluded.position",
            list(rows),
        )
