"""Recompute what lists show of a content from evidence, files, tags, words and notes.

The only writer of the "effective" columns and of the full-text index. Called after every edit,
within its transaction, so that a list is never behind what was written.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Row

from loradex.domain.evidence import Evidence, Source, effective
from loradex.domain.kinds import ModelKind

_STATE_ORDER = ("present", "growing", "unreadable", "offline", "missing")
_CHUNK = 400

_Rows = dict[int, list[Row]]  # type: ignore[type-arg]


def refresh(connection: Connection, content_ids: Iterable[int]) -> None:
    """Recompute the derived columns and the full-text rows of these contents."""
    ids = sorted(set(content_ids))
    for start in range(0, len(ids), _CHUNK):
        _refresh_chunk(connection, ids[start : start + _CHUNK])


def _refresh_chunk(connection: Connection, ids: Sequence[int]) -> None:
    marks = ",".join("?" * len(ids))

    def grouped(sql: str) -> _Rows:
        rows: _Rows = defaultdict(list)
        for row in connection.exec_driver_sql(sql.format(marks=marks), tuple(ids)):
            rows[row.content_id].append(row)
        return rows

    files = grouped(
        "SELECT content_id, state, file.path, root FROM file JOIN library ON library.id ="
        " library_id WHERE content_id IN ({marks}) ORDER BY first_seen, file.id"
    )
    facts = grouped(
        "SELECT content_id, field, value, source, confidence, seen_at FROM evidence"
        " WHERE content_id IN ({marks})"
    )
    tags = grouped(
        "SELECT content_id, name, max(removed) AS removed FROM content_tag JOIN tag ON"
        " tag.id = tag_id WHERE content_id IN ({marks}) GROUP BY content_id, tag_id ORDER BY name"
    )
    words = grouped(
        "SELECT content_id, text, folded, source, position FROM trigger_word"
        " WHERE content_id IN ({marks}) ORDER BY position"
    )
    notes = grouped("SELECT * FROM annotation WHERE content_id IN ({marks})")
    abouts = grouped(
        "SELECT content_id, m.name, m.creator, m.tags, v.name AS version, v.base_model FROM match"
        " JOIN hub_version AS v ON v.hub = match.hub AND v.id = match.version_id"
        " LEFT JOIN hub_model AS m ON m.hub = match.hub AND m.id = match.model_id"
        " WHERE content_id IN ({marks})"
    )
    updates: list[tuple[object, ...]] = []
    texts: list[tuple[object, ...]] = []
    for id_ in ids:
        places = sorted(files[id_], key=lambda row: _STATE_ORDER.index(row.state))
        place = places[0] if places else None
        counting = effective(_evidence(facts[id_]))
        shown_tags = [row.name for row in tags[id_] if not row.removed]
        shown_words = _words(words[id_])
        note = notes[id_][0] if notes[id_] else None
        path = f"{place.root}/{place.path}" if place else ""
        file_name = path.rpartition("/")[2]
        name = _value(counting, "name") or file_name.rpartition(".")[0] or file_name or f"#{id_}"
        level = _value(counting, "content_level")
        updates.append(
            (
                name,
                file_name,
                _value(counting, "kind") or ModelKind.UNKNOWN.value,
                _value(counting, "base"),
                _value(counting, "derivative"),
                place.state if place else "missing",
                path,
                sum(row.state == "present" for row in places),
                json.dumps(shown_tags, ensure_ascii=False),
                json.dumps(shown_words, ensure_ascii=False),
                note.rating if note else None,
                bool(note.favourite) if note else False,
                bool(abouts[id_]),
                int(level) if level and level.isdecimal() else None,
                id_,
            )
        )
        about = " ".join(
            part
            for row in abouts[id_]
            for part in (row.name, row.version, row.creator, row.base_model, row.tags)
            if part
        )
        texts.append(
            (
                id_,
                f"{name} {file_name}",
                " ".join(shown_words),
                " ".join(shown_tags),
                note.note if note else "",
                about,
                name,
                path,
            )
        )
    _store(connection, updates, texts, ids)


def _store(
    connection: Connection,
    updates: list[tuple[object, ...]],
    texts: list[tuple[object, ...]],
    ids: Sequence[int],
) -> None:
    run = connection.exec_driver_sql
    run(
        "UPDATE content SET name=?, file_name=?, kind=?, base=?, derivative=?, state=?, path=?,"
        " copies=?, tags=?, words=?, rating=?, favourite=?, matched=?, content_level=? WHERE id=?",
        updates,
    )
    gone = [(id_,) for id_ in ids]
    run("DELETE FROM content_fts WHERE rowid = ?", gone)
    run("DELETE FROM content_fts_parts WHERE rowid = ?", gone)
    run(
        "INSERT INTO content_fts(rowid, name, words, tags, notes, about) VALUES (?,?,?,?,?,?)",
        [row[:6] for row in texts],
    )
    run(
        "INSERT INTO content_fts_parts(rowid, name, path) VALUES (?,?,?)",
        [(row[0], row[6], row[7]) for row in texts],
    )


def _evidence(rows: Iterable[Row]) -> Iterable[Evidence]:  # type: ignore[type-arg]
    for row in rows:
        yield Evidence(row.field, row.value, Source(row.source), row.confidence, row.seen_at)


def _value(counting: dict[str, Evidence], field: str) -> str | None:
    fact = counting.get(field)
    return fact.value if fact else None


def _words(rows: list[Row]) -> list[str]:  # type: ignore[type-arg]
    best: dict[str, str] = {}
    for row in sorted(rows, key=lambda row: (Source(row.source).rank, row.position)):
        best.setdefault(row.folded, row.text)
    return list(best.values())
