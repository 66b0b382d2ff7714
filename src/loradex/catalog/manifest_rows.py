"""Read what a manifest tells of models, some at a time and always in the same order."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from loradex.catalog.hub_order import rank_of
from loradex.catalog.reader import CHUNK, Reader, chunks
from loradex.catalog.verdict_transfer import told_verdicts
from loradex.domain.manifest import Entry, HubPlace, OwnField
from loradex.domain.preferences import FIELDS

if TYPE_CHECKING:
    import sqlite3

Row = tuple[object, ...]
_Told = dict[int, list[Row]]


class ManifestRows:
    """The reading side of `loradex export` and `diff`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def order(self, content_ids: Sequence[int] | None = None) -> list[int]:
        """Return all contents, or these, as a manifest lists them: by SHA256, then the others."""
        wanted = None if content_ids is None else json.dumps(list(content_ids))
        return [
            int(str(row[0]))
            for row in self._reader.rows_of(
                "SELECT id FROM content WHERE ?1 IS NULL OR id IN (SELECT value FROM json_each(?1))"
                " ORDER BY sha256 IS NULL, sha256, fingerprint, id",
                (wanted,),
            )
        ]

    def of_library(self, library_id: int) -> list[int]:
        """Return the contents that a library has, as far as the last scan knows."""
        return [
            int(str(row[0]))
            for row in self._reader.rows_of(
                "SELECT DISTINCT content_id FROM file WHERE library_id = ? AND content_id IS NOT"
                " NULL AND state <> 'missing'",
                (library_id,),
            )
        ]

    def entries(self, content_ids: Sequence[int]) -> Iterator[Entry]:
        """Yield these contents in that order, holding some hundred at a time."""
        for some in chunks(content_ids, CHUNK):
            with self._reader.connection() as connection:
                found = _entries(connection, some)
            for id_ in some:
                if id_ in found:
                    yield found[id_]


def _entries(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, Entry]:
    wanted = json.dumps(list(ids))
    verdicts = told_verdicts(connection, ids)
    told = {name: _grouped(connection, sql, wanted) for name, sql in _TOLD.items()}
    found = {}
    for id_, *rest in connection.execute(_CONTENTS, (wanted,)):
        (
            size, name, sha256, fingerprint, blake3, crc32, autov1, autov2, autov3, file_name, kind,
            base, derivative, format_, dtype, quantisation, rank, added_at,
        ) = rest  # fmt: skip
        note, rating, favourite = next(iter(told["notes"].get(id_, ())), ("", None, 0))
        found[id_] = Entry(
            size=size,
            name=name,
            sha256=sha256,
            fingerprint=fingerprint,
            blake3=blake3,
            crc32=crc32,
            autov1=autov1,
            autov2=autov2,
            autov3=autov3,
            file_name=file_name,
            kind=kind,
            base=base,
            derivative=derivative,
            format=format_,
            dtype=dtype,
            quantisation=quantisation,
            rank=rank,
            added_at=added_at,
            hubs=tuple(_hub(row) for row in told["hubs"].get(id_, ())),
            tags=_pairs(row for row in told["tags"].get(id_, ()) if not row[2]),
            hidden_tags=tuple(str(row[0]) for row in told["tags"].get(id_, ()) if row[2]),
            trigger_words=_pairs(told["words"].get(id_, ())),
            verdicts=verdicts.get(id_, ()),
            note=str(note),
            rating=None if rating is None else int(str(rating)),
            favourite=bool(favourite),
            collections=tuple(str(row[0]) for row in told["collections"].get(id_, ())),
            preferences=_preferences(told["preferences"].get(id_, ())),
            fields=tuple(_field(row) for row in told["fields"].get(id_, ())),
            places=_pairs(told["places"].get(id_, ())),
        )
    return found


def _grouped(connection: sqlite3.Connection, sql: str, wanted: str) -> _Told:
    rows: _Told = defaultdict(list)
    for id_, *values in connection.execute(sql, (wanted,)):
        rows[id_].append(tuple(values))
    return rows


def _pairs(rows: Sequence[Row] | Iterator[Row]) -> tuple[tuple[str, str], ...]:
    return tuple((str(row[0]), str(row[1])) for row in rows)


def _hub(row: Row) -> HubPlace:
    hub, model, version, air, model_name, version_name = row
    name = " ".join(str(part) for part in (model_name, version_name) if part)
    return HubPlace(
        str(hub), int(str(model)), int(str(version)), None if air is None else str(air), name
    )


def _preferences(rows: Sequence[Row]) -> dict[str, float | int | str]:
    said = {}
    for row in rows:
        for name, value in zip(FIELDS, row, strict=True):
            if isinstance(value, float | int | str):
                said[name] = value
    return said


def _field(row: Row) -> OwnField:
    name, type_, text, number = row
    value = float(str(number)) if number is not None else str(text or "")
    return OwnField(str(name), str(type_), value)


_WANTED = "content_id IN (SELECT value FROM json_each(?))"
_CONTENTS = (
    "SELECT id, size, name, sha256, fingerprint, blake3, crc32, autov1, autov2, autov3, file_name,"
    " kind, base, derivative, format, dtype, quantisation, rank, added_at FROM content"
    " WHERE id IN (SELECT value FROM json_each(?))"
)
_TOLD = {
    "notes": f"SELECT content_id, note, rating, favourite FROM annotation WHERE {_WANTED}",
    "tags": "SELECT content_id, name, source, removed FROM content_tag JOIN tag ON tag.id = tag_id"
    f" WHERE {_WANTED} ORDER BY folded, source",
    "words": "SELECT content_id, text, source, position AS at FROM trigger_word WHERE content_id IN"
    " (SELECT value FROM json_each(?1)) UNION ALL SELECT content_id, text, 'person', place FROM"
    " word_choice WHERE own AND state <> 'gone' AND content_id IN (SELECT value FROM json_each(?1))"
    " ORDER BY source, at, text",
    "hubs": "SELECT content_id, match.hub, match.model_id, match.version_id, v.air, m.name, v.name"
    " FROM match LEFT JOIN hub_version AS v ON v.hub = match.hub AND v.id = match.version_id"
    " LEFT JOIN hub_model AS m ON m.hub = match.hub AND m.id = match.model_id"
    f" WHERE {_WANTED} ORDER BY {rank_of('match.hub')}, match.version_id",
    "collections": "SELECT content_id, name FROM collection_member JOIN collection"
    f" ON collection.id = collection_id WHERE {_WANTED} AND query IS NULL ORDER BY name",
    "preferences": f"SELECT content_id, {', '.join(FIELDS)} FROM preference WHERE {_WANTED}",
    "fields": "SELECT content_id, name, type, text_value, number_value FROM custom_value"
    f" JOIN custom_field ON custom_field.id = field_id WHERE {_WANTED} ORDER BY name",
    "places": "SELECT content_id, library.name, file.path FROM file JOIN library"
    f" ON library.id = library_id WHERE {_WANTED} AND state <> 'missing'"
    " ORDER BY library.name, file.path",
}
