"""Recompute what lists show of a content from evidence, files, tags, words and notes.

The only writer of the "effective" columns and of the full-text index. Called after every edit,
within its transaction, so that a list is never behind what was written.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Row

from loradex.domain.evidence import Evidence, Source, effective
from loradex.domain.kinds import ModelKind

_STATE_ORDER = ("present", "growing", "unreadable", "offline", "missing")
_CHUNK = 400

_Rows = dict[int, list[Row]]  # type: ignore[type-arg]

_QUERIES = {
    "stored": "SELECT id AS content_id, name, file_name, path, format FROM content"
    " WHERE id IN ({marks})",
    "files": "SELECT content_id, state, file.path, root, file.device, inode FROM file"
    " JOIN library ON library.id = library_id WHERE content_id IN ({marks})"
    " ORDER BY first_seen, file.id",
    "facts": "SELECT content_id, field, value, source, confidence, seen_at FROM evidence"
    " WHERE content_id IN ({marks})",
    "tags": "SELECT content_id, name, max(removed) AS removed FROM content_tag"
    " JOIN tag ON tag.id = tag_id WHERE content_id IN ({marks})"
    " GROUP BY content_id, tag_id ORDER BY name",
    "words": "SELECT content_id, text, folded, source, position FROM trigger_word"
    " WHERE content_id IN ({marks}) ORDER BY position",
    "notes": "SELECT * FROM annotation WHERE content_id IN ({marks})",
    "matches": "SELECT content_id, m.name, m.creator, m.tags, v.name AS version, v.base_model"
    " FROM match JOIN hub_version AS v ON v.hub = match.hub AND v.id = match.version_id"
    " LEFT JOIN hub_model AS m ON m.hub = match.hub AND m.id = match.model_id"
    " WHERE content_id IN ({marks})",
}


@dataclass(frozen=True, slots=True)
class _Derived:
    """One content's effective columns, and its two full-text rows."""

    columns: tuple[object, ...]
    words: tuple[str, str, str, str, str]
    parts: tuple[str, str]


def refresh(connection: Connection, content_ids: Iterable[int]) -> None:
    """Recompute the derived columns and the full-text rows of these contents."""
    ids = sorted(set(content_ids))
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        marks = ",".join("?" * len(chunk))
        groups = {
            name: _grouped(connection, sql.format(marks=marks), chunk)
            for name, sql in _QUERIES.items()
        }
        derived = {id_: _derive(id_, groups) for id_ in chunk if groups["stored"][id_]}
        _store_columns(connection, derived)
        _store_texts(connection, derived)


def _grouped(connection: Connection, sql: str, ids: Sequence[int]) -> _Rows:
    rows: _Rows = defaultdict(list)
    for row in connection.exec_driver_sql(sql, tuple(ids)):
        rows[row.content_id].append(row)
    return rows


def _derive(id_: int, groups: dict[str, _Rows]) -> _Derived:
    places = sorted(groups["files"][id_], key=lambda row: _STATE_ORDER.index(row.state))
    matches = groups["matches"][id_]
    note = groups["notes"][id_][0] if groups["notes"][id_] else None
    counting = effective(_evidence(groups["facts"][id_]))
    tags = [row.name for row in groups["tags"][id_] if not row.removed]
    words = _words(groups["words"][id_])
    name, file_name, path = _names(groups["stored"][id_][0], places, _value(counting, "name"))
    level = _value(counting, "content_level") or ""
    columns = (
        name,
        file_name,
        _value(counting, "kind") or ModelKind.UNKNOWN.value,
        _value(counting, "base"),
        _value(counting, "derivative"),
        places[0].state if places else "missing",
        path,
        len({(row.device, row.inode) for row in places if row.state == "present"}),
        json.dumps(tags, ensure_ascii=False),
        json.dumps(words, ensure_ascii=False),
        note.rating if note else None,
        bool(note.favourite) if note else False,
        bool(matches),
        int(level) if level.isdecimal() else None,
    )
    about = " ".join(
        part
        for row in matches
        for part in (row.name, row.version, row.creator, row.base_model, row.tags)
        if part
    )
    noted = note.note if note else ""
    return _Derived(
        columns,
        (f"{name} {file_name}", " ".join(words), " ".join(tags), noted, about),
        (name, path),
    )


def _names(stored: Row, places: Sequence[Row], told: str | None) -> tuple[str, str, str]:  # type: ignore[type-arg]
    """Return name, file name and path; a content without a place keeps its last ones."""
    if not places:
        return told or stored.name or f"#{stored.content_id}", stored.file_name, stored.path
    path = f"{places[0].root}/{places[0].path}"
    file_name = path.rpartition("/")[2]
    stem = file_name if stored.format == "diffusers" else file_name.rpartition(".")[0]
    return told or stem or file_name, file_name, path


def _store_columns(connection: Connection, derived: dict[int, _Derived]) -> None:
    if derived:
        connection.exec_driver_sql(
            "UPDATE content SET name=?, file_name=?, kind=?, base=?, derivative=?, state=?, path=?,"
            " copies=?, tags=?, words=?, rating=?, favourite=?, matched=?, content_level=?"
            " WHERE id=?",
            [(*item.columns, id_) for id_, item in derived.items()],
        )


def _store_texts(connection: Connection, derived: dict[int, _Derived]) -> None:
    """Write the full-text rows that differ: most edits touch neither names nor words."""
    for table, columns, texts in (
        (
            "content_fts",
            "name, words, tags, notes, about",
            {id_: item.words for id_, item in derived.items()},
        ),
        ("content_fts_parts", "name, path", {id_: item.parts for id_, item in derived.items()}),
    ):
        if not texts:
            continue
        before = {
            row[0]: tuple(row[1:])
            for row in connection.exec_driver_sql(
                f"SELECT rowid, {columns} FROM {table}"
                f" WHERE rowid IN ({','.join('?' * len(texts))})",
                tuple(texts),
            )
        }
        different = [id_ for id_, text in texts.items() if before.get(id_) != text]
        known = [(id_,) for id_ in different if id_ in before]
        if known:
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE rowid = ?", known)
        if different:
            places = ",".join("?" * (columns.count(",") + 2))
            connection.exec_driver_sql(
                f"INSERT INTO {table}(rowid, {columns}) VALUES ({places})",
                [(id_, *texts[id_]) for id_ in different],
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
