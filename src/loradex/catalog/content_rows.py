"""Rows of `content`: written when bytes are first seen, and again when rules got better."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loradex.catalog.derive import store_new
from loradex.catalog.effective import COLUMNS, Derived, Place, Stored, Told, derive
from loradex.catalog.facts import WordRow, fact_row, put_facts, put_words, word_rows
from loradex.catalog.strength_effect import refresh_strengths
from loradex.catalog.training_rows import put_training
from loradex.domain.evidence import Source
from loradex.domain.trigger_words import Entry

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from loradex.domain.look import Look

_IDENTITY = (
    "claimed_hash", "format", "identified_by", "variant", "algorithm", "dora", "rank", "dtype",
    "quantisation", "prediction", "parts", "candidates", "partial", "broken", "confidence",
    "safety",
)  # fmt: skip

_HOLDERS = (
    "file", "annotation", "content_tag", "collection_member", "custom_value", "match",
    "word_choice", "word_group", "preference",
    "grid_model", "verdict",
)  # fmt: skip
"""Tables whose rows keep a content."""

_LEFT_BEHIND = (
    ("content_fts", "rowid"), ("content_fts_parts", "rowid"), ("content_fts_about", "rowid"),
    ("evidence", "content_id"),
    ("trigger_word", "content_id"), ("content_header", "content_id"), ("content", "id"),
)  # fmt: skip
"""What goes with a content, in the order it can go."""


def next_content_id(connection: Connection) -> int:
    """Return the id for the next content; the transaction is the only writer."""
    highest = connection.exec_driver_sql(
        "SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'content'), 0),"
        " coalesce((SELECT max(id) FROM content), 0))"
    ).scalar_one()
    return int(highest) + 1


def _identity_row(look: Look, rules_version: str) -> tuple[object, ...]:
    who = look.identity
    return (
        look.claimed_hash,
        look.format.value,
        rules_version,
        who.variant,
        who.algorithm,
        who.dora,
        who.rank,
        who.dtype,
        who.quantisation,
        who.prediction,
        json.dumps(list(who.parts)) if who.parts else "[]",
        json.dumps([base.value for base in who.candidates]) if who.candidates else "[]",
        who.partial,
        who.broken,
        who.confidence,
        look.safety and look.safety.value,
    )


@dataclass(slots=True)
class Fresh:
    """A content seen for the first time: what its header told, and the places that hold it."""

    look: Look
    places: list[tuple[int, Place]] = field(default_factory=list)
    """Each with its time of change: the oldest file gives the name."""


def insert_contents(connection: Connection, fresh: Mapping[int, Fresh], rules_version: str) -> None:
    """Write contents never seen before, by their ids, with all that follows from their headers.

    Nobody can have said anything of them yet, so nothing has to be read back.
    """
    if not fresh:
        return
    now = time.time()
    derived = {id_: _derived(id_, new) for id_, new in fresh.items()}
    connection.exec_driver_sql(
        _INSERT_CONTENT,
        [
            (
                id_,
                new.look.fingerprint,
                new.look.found.size,
                now,
                *_identity_row(new.look, rules_version),
                *derived[id_].columns,
            )
            for id_, new in fresh.items()
        ],
    )
    connection.exec_driver_sql(
        "INSERT INTO content_header(content_id, metadata_json, tag_counts, tensor_count,"
        " header_bytes, findings) VALUES (?, ?, ?, ?, ?, ?)",
        [(id_, *_header_row(new.look)) for id_, new in fresh.items()],
    )
    looks = {id_: new.look for id_, new in fresh.items()}
    put_facts(
        connection, [fact_row(id_, fact, now) for id_, look in looks.items() for fact in look.facts]
    )
    put_words(connection, [row for id_, look in looks.items() for row in _word_rows(id_, look)])
    store_new(connection, derived)
    put_training(connection, looks)
    told = [id_ for id_, look in looks.items() if _WEIGHT in look.metadata_json]
    if told:
        refresh_strengths(connection, told)


_WEIGHT = "modelspec.lora_default_weight"
"""The one strength that a header tells."""

_INSERT_CONTENT = (
    f"INSERT INTO content(id, fingerprint, size, added_at, {', '.join((*_IDENTITY, *COLUMNS))})"
    f" VALUES ({', '.join('?' * (4 + len(_IDENTITY) + len(COLUMNS)))})"
)


def _derived(content_id: int, new: Fresh) -> Derived:
    words = [Entry(*row[1:]) for row in _word_rows(content_id, new.look)]
    stored = Stored("", "", "", new.look.format.value)
    places = [place for _, place in sorted(new.places, key=lambda item: item[0])]
    return derive(content_id, Told(stored, places, new.look.facts, words=words))


def _word_rows(content_id: int, look: Look) -> list[WordRow]:
    return word_rows(content_id, look.trigger_words, Source.HEADER)


def _header_row(look: Look) -> tuple[object, ...]:
    return (
        look.metadata_json,
        look.tag_counts_json,
        look.tensor_count,
        look.header_bytes,
        json.dumps(look.findings, ensure_ascii=False) if look.findings else "[]",
    )


def identify_again(connection: Connection, looked: Mapping[int, Look], rules_version: str) -> None:
    """Replace what older rules said of known contents; other sources' facts are not touched.

    So is what was said of several files: those beside the first may be others by now.
    """
    stale = {
        row[0]
        for row in connection.exec_driver_sql(
            "SELECT id FROM content WHERE identified_by <> ?"
            " AND id IN (SELECT value FROM json_each(?))",
            (rules_version, json.dumps(list(looked))),
        )
    }
    judged = {id_: look for id_, look in looked.items() if id_ in stale or look.sharded}
    _judge_again(connection, judged, rules_version)
    again = {id_: look for id_, look in judged.items() if look.problem is None}
    if not again:
        return
    run = connection.exec_driver_sql
    run(
        f"UPDATE content SET {', '.join(f'{name} = ?' for name in _IDENTITY)} WHERE id = ?",
        [(*_identity_row(look, rules_version), id_) for id_, look in again.items()],
    )
    run(
        "UPDATE content_header SET metadata_json = ?, tag_counts = ?, tensor_count = ?,"
        " header_bytes = ?, findings = ? WHERE content_id = ?",
        [(*_header_row(look), id_) for id_, look in again.items()],
    )
    run("DELETE FROM training WHERE content_id = ?", [(id_,) for id_ in again])
    put_training(connection, again)
    run(
        "DELETE FROM evidence WHERE content_id = ?"
        " AND source IN ('header', 'tensors', 'file name')",
        [(id_,) for id_ in again],
    )
    now = time.time()
    put_facts(
        connection, [fact_row(id_, fact, now) for id_, look in again.items() for fact in look.facts]
    )
    put_words(connection, [row for id_, look in again.items() for row in _word_rows(id_, look)])


def _judge_again(connection: Connection, looked: Mapping[int, Look], rules_version: str) -> None:
    """Replace the verdicts; what cannot be read keeps what it was called, and gets one too."""
    if not looked:
        return
    connection.exec_driver_sql(
        "UPDATE content SET identified_by = ?, safety = ? WHERE id = ?",
        [(rules_version, look.safety and look.safety.value, id_) for id_, look in looked.items()],
    )
    connection.exec_driver_sql(
        "UPDATE content_header SET findings = ? WHERE content_id = ?",
        [(json.dumps(look.findings, ensure_ascii=False), id_) for id_, look in looked.items()],
    )


def adopt_fingerprints(connection: Connection, adopted: Mapping[int, str]) -> None:
    """Give contents their fingerprints of today's scheme: their bytes are the same."""
    if adopted:
        connection.exec_driver_sql(
            "UPDATE content SET fingerprint = ? WHERE id = ?",
            [(fingerprint, id_) for id_, fingerprint in adopted.items()],
        )


def forget_drafts(connection: Connection, content_ids: Iterable[int]) -> set[int]:
    """Remove contents that were only ever states of a growing file; return their ids.

    Such a content has no place any more, was never hashed, and nothing of a person's, a hub's or
    a grid's hangs on it.
    """
    rows = connection.exec_driver_sql(
        "SELECT id FROM content WHERE id IN (SELECT value FROM json_each(?)) AND sha256 IS NULL"
        + "".join(
            f" AND id NOT IN (SELECT content_id FROM {table} WHERE content_id IS NOT NULL)"
            for table in _HOLDERS
        )
        + " AND id NOT IN (SELECT checkpoint_id FROM verdict WHERE checkpoint_id IS NOT NULL)",
        (json.dumps(list(content_ids)),),
    )
    drafts = {row[0] for row in rows}
    for table, column in _LEFT_BEHIND:
        connection.exec_driver_sql(
            f"DELETE FROM {table} WHERE {column} IN (SELECT value FROM json_each(?))",
            (json.dumps(list(drafts)),),
        )
    return drafts


def split_content(connection: Connection, content_id: int) -> int:
    """Copy a content that its file has outgrown: the same header, other bytes, nobody's notes."""
    new_id = next_content_id(connection)
    columns = [
        row[1]
        for row in connection.exec_driver_sql("PRAGMA table_info(content)")
        if row[1] not in ("id", "sha256")
    ]
    names = ", ".join(columns)
    run = connection.exec_driver_sql
    run(
        f"INSERT INTO content(id, {names}) SELECT ?, {names} FROM content WHERE id = ?",
        (new_id, content_id),
    )
    run(
        "INSERT INTO content_header(content_id, metadata_json, tag_counts, tensor_count,"
        " header_bytes, findings) SELECT ?, metadata_json, tag_counts, tensor_count,"
        " header_bytes, findings FROM content_header WHERE content_id = ?",
        (new_id, content_id),
    )
    run(
        "INSERT INTO training(content_id, title, author, trained_at, alpha)"
        " SELECT ?, title, author, trained_at, alpha FROM training WHERE content_id = ?",
        (new_id, content_id),
    )
    run(
        "INSERT INTO evidence(content_id, field, value, source, confidence, detail, seen_at)"
        " SELECT ?, field, value, source, confidence, detail, seen_at FROM evidence"
        " WHERE content_id = ? AND source IN ('header', 'tensors', 'file name')",
        (new_id, content_id),
    )
    run(
        "INSERT INTO trigger_word(content_id, text, folded, source, position)"
        " SELECT ?, text, folded, source, position FROM trigger_word"
        " WHERE content_id = ? AND source = 'header'",
        (new_id, content_id),
    )
    return new_id
