"""How many of what a query finds have each kind, base model and tag.

Few contents are counted by SQL. For many, that would read several tags of each: so the contents of
each value are kept as a bit set, in the order of the index of filters, and one scan of that index
gives the bit set of what the query finds; a count is then one AND. Bit sets are made when they are
first needed, of the most frequent tags only, and again when somebody has written to the catalog.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from threading import Lock

from loradex.catalog.faults import translate
from loradex.catalog.query import CompiledQuery
from loradex.catalog.schema import connect_read_only

Facets = dict[str, list[tuple[str, int]]]

TAGS = 100
"""Tags that are counted at most: the most frequent ones."""

FILTERS = "content INDEXED BY ix_content_filters"
"""What a scan of every content reads."""

_FEW = 1_500
"""Contents whose tags are counted one by one."""

_BITS = bytes.maketrans(b"\x00\x01", b"01")

_MANY_OF = (
    "SELECT json_group_array(kind || char(31) || coalesce(base, '') || char(31)"
    f" || coalesce(derivative, '')) FROM {FILTERS}"
)
_FEW_OF = (
    "SELECT kind || char(31) || coalesce(base, '') || char(31) || coalesce(derivative, ''),"
    " count(*) FROM content WHERE id IN (SELECT value FROM json_each(?)) GROUP BY 1"
)
_FEW_TAGS = (
    "SELECT tag_id, count(*) FROM json_each(?) AS found"
    " JOIN tag_effective ON content_id = found.value GROUP BY 1"
)


class _Snapshot:
    """All contents as they were at one moment, in the order of the index of filters."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.ids: list[int] = _list(connection, f"SELECT json_group_array(id) FROM {FILTERS}")
        self._slots: dict[int, int] | None = None
        self._labels: Mapping[str, int] | None = None
        self._totals: list[tuple[int, int]] | None = None
        self._tags: dict[int, int] = {}

    def bits_of(self, ids: Iterable[int]) -> int:
        """Return contents as a bit set: the first of the order is the highest bit."""
        if self._slots is None:
            self._slots = {id_: slot for slot, id_ in enumerate(self.ids)}
        slots = self._slots
        found = bytearray(len(self.ids))
        for id_ in ids:
            found[slots[id_]] = 1
        return int(found.translate(_BITS), 2)

    @property
    def labels(self) -> Mapping[str, int]:
        """Kind, base and derivative of a content, joined, to the bit set of those that have it."""
        if self._labels is None:
            found: dict[str, bytearray] = {}
            for slot, label in enumerate(_list(self._connection, _MANY_OF)):
                row = found.get(label)
                if row is None:
                    row = found[label] = bytearray(len(self.ids))
                row[slot] = 1
            self._labels = {label: int(row.translate(_BITS), 2) for label, row in found.items()}
        return self._labels

    @property
    def totals(self) -> list[tuple[int, int]]:
        """Tags with how many contents each finds, most frequent first."""
        if self._totals is None:
            self._totals = self._connection.execute(
                "SELECT tag_id, count(*) AS n FROM tag_effective GROUP BY 1 ORDER BY n DESC, 1"
            ).fetchall()
        return self._totals

    def tag(self, tag_id: int) -> int:
        """Return the bit set of what a tag finds."""
        bits = self._tags.get(tag_id)
        if bits is None:
            sql = "SELECT json_group_array(content_id) FROM tag_effective WHERE tag_id = ?"
            bits = self._tags[tag_id] = self.bits_of(_list(self._connection, sql, (tag_id,)))
        return bits


class FacetCounter:
    """Counts facets on a connection of its own, one query at a time; safe to share."""

    def __init__(self, path: Path, prepare: Callable[[sqlite3.Connection], None]) -> None:
        self._path = path
        self._prepare = prepare
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None
        self._snapshot: _Snapshot | None = None
        self._version = -1

    def count(self, compiled: CompiledQuery) -> Facets:
        """Return counts of `kind`, `base` and `tag`, most frequent first."""
        with self._lock:
            try:
                return self._count(compiled)
            except sqlite3.Error as error:
                raise translate(error, self._path) from error

    def close(self) -> None:
        """Close the connection and forget what was kept."""
        with self._lock:
            self._snapshot = None
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _count(self, compiled: CompiledQuery) -> Facets:
        connection = self._connection
        if connection is None:
            connection = self._connection = connect_read_only(self._path)
            self._prepare(connection)
        connection.execute("BEGIN")  # one moment for all that follows
        try:
            return self._facets(connection, compiled)
        finally:
            connection.execute("ROLLBACK")

    def _facets(self, connection: sqlite3.Connection, compiled: CompiledQuery) -> Facets:
        if compiled.selective:
            sql = f"SELECT json_group_array(content.id) FROM content WHERE {compiled.where}"
            ids = _list(connection, sql, compiled.params)
            if len(ids) <= _FEW:
                return _of_few(connection, ids)
            snapshot = self._current(connection)
            return _of_many(connection, snapshot, snapshot.bits_of(ids))
        snapshot = self._current(connection)
        if compiled.where == "1":
            return _of_many(connection, snapshot, (1 << len(snapshot.ids)) - 1)
        marks: str = (
            connection.execute(
                f"SELECT group_concat(iif({compiled.where}, '1', '0'), '') FROM {FILTERS}",
                compiled.params,
            ).fetchone()[0]
            or ""
        )
        if marks.count("1") <= _FEW:
            return _of_few(
                connection,
                [id_ for id_, mark in zip(snapshot.ids, marks, strict=True) if mark == "1"],
            )
        return _of_many(connection, snapshot, int(marks, 2))

    def _current(self, connection: sqlite3.Connection) -> _Snapshot:
        version = connection.execute("PRAGMA data_version").fetchone()[0]
        if self._snapshot is None or version != self._version:
            self._snapshot = _Snapshot(connection)
            self._version = version
        return self._snapshot


def _of_few(connection: sqlite3.Connection, ids: Sequence[int]) -> Facets:
    listed = (json.dumps(ids),)
    labels = connection.execute(_FEW_OF, listed)
    tags = Counter(dict(connection.execute(_FEW_TAGS, listed)))
    return _facets(connection, labels, tags.most_common())


def _of_many(connection: sqlite3.Connection, snapshot: _Snapshot, found: int) -> Facets:
    labels = (
        (label, count)
        for label, bits in snapshot.labels.items()
        if (count := (bits & found).bit_count())
    )
    return _facets(connection, labels, _tags_of_many(snapshot, found))


def _tags_of_many(snapshot: _Snapshot, found: int) -> list[tuple[int, int]]:
    """Return the most frequent tags: one with fewer contents in all than these need no look."""
    if found.bit_count() == len(snapshot.ids):
        return snapshot.totals
    counts: list[tuple[int, int]] = []
    least = 0
    for tag_id, total in snapshot.totals:
        if len(counts) >= TAGS and total <= least:
            break
        count = (snapshot.tag(tag_id) & found).bit_count()
        if count > least:
            counts.append((tag_id, count))
            if len(counts) >= 2 * TAGS:
                counts = sorted(counts, key=lambda item: -item[1])[:TAGS]
            if len(counts) >= TAGS:
                least = sorted(count for _, count in counts)[-TAGS]
    return sorted(counts, key=lambda item: -item[1])


def _facets(
    connection: sqlite3.Connection,
    labels: Iterable[tuple[str, int]],
    tags: Sequence[tuple[int, int]],
) -> Facets:
    kinds: Counter[str] = Counter()
    bases: Counter[str] = Counter()
    for label, count in labels:
        kind, base, derivative = label.split("\x1f")
        kinds[kind] += count
        bases[base] += count
        if derivative:
            bases[derivative] += count
    some = tags[: TAGS + TAGS // 2]
    names: dict[int, str] = dict(
        connection.execute(
            "SELECT id, name FROM tag WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps([tag_id for tag_id, _ in some]),),
        )
    )
    named = [(names[tag_id], count) for tag_id, count in some]
    return {
        "kind": _ordered(kinds.items()),
        "base": _ordered(bases.items()),
        "tag": _ordered(named)[:TAGS],
    }


def _ordered(counts: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted(counts, key=lambda item: (-item[1], item[0]))


def _list(connection: sqlite3.Connection, sql: str, params: Sequence[object] = ()) -> list:  # type: ignore[type-arg]
    """Return a SELECT of one JSON array: rows one by one would take three times as long."""
    found: list = json.loads(connection.execute(sql, params).fetchone()[0])  # type: ignore[type-arg]
    return found
