"""What a person said of models, row by row: read before and after an edit, and put back.

A statement is one row that only a person's edits write: a tag put on or taken off, a note, a
rating, a place in a collection, a choice of words. To take an edit back, each statement becomes
what it was before, but only where it still is what the edit made of it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.catalog.reader import Reader, chunks
from loradex.catalog.writer import BULK

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from loradex.catalog.writer import Writer

Cells = tuple[object, ...]
Statements = dict[tuple[int, Cells], Cells]
"""The statements of some models: model and key to what is said."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of statement: its table, what tells two of one model apart, and what is said.

    `only` narrows the table to a person's rows. `parent` is the table that a key has to be in
    still. `nothing` is what is said where there is no row.
    """

    table: str
    keys: tuple[str, ...]
    cells: tuple[str, ...]
    only: Mapping[str, str]
    parent: str = ""
    nothing: Cells | None = None


KINDS: Mapping[str, Kind] = {
    "tags": Kind(
        "content_tag",
        ("tag_id",),
        ("removed", "confidence", "detail", "rule", "added_at"),
        {"source": "person"},
        parent="tag",
    ),
    "note": Kind("annotation", (), ("note",), {}, nothing=("",)),
    "rating": Kind("annotation", (), ("rating",), {}, nothing=(None,)),
    "favourite": Kind("annotation", (), ("favourite",), {}, nothing=(0,)),
    "collections": Kind(
        "collection_member", ("collection_id",), ("position",), {}, parent="collection"
    ),
    "words": Kind("word_choice", ("group_key", "folded"), ("text", "state", "own", "place"), {}),
    "word groups": Kind("word_group", ("key",), ("name", "note", "place", "state"), {}),
}
"""Kinds of statements by the names that `SaidStore` takes."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one statement, and the models it is the same for. None: no such row."""

    kind: str
    key: Cells
    before: Cells | None
    after: Cells | None
    ids: Sequence[int]


class SaidStore:
    """Reads statements, and puts earlier ones back."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def read(self, kind: str, content_ids: Sequence[int]) -> Statements:
        """Return all statements of a kind about these models."""
        rows = self._reader.rows_of(*_select(KINDS[kind], content_ids))
        return _statements(KINDS[kind], rows)

    def put_back(self, change: Change) -> list[int]:
        """Put back what was said before a change, where its result still stands.

        Returns the models for which that was so. What a statement hung on may be gone meanwhile:
        then nothing is put back either.
        """
        done: list[int] = []
        for some in chunks(change.ids, BULK):
            with self._writer.transaction() as connection:
                ids = self._unchanged(connection, change, some)
                _write(connection, KINDS[change.kind], change, ids)
                self._writer.refresh(connection, ids)
            done += ids
        return done

    def _unchanged(self, connection: Connection, change: Change, some: Sequence[int]) -> list[int]:
        kind = KINDS[change.kind]
        run = connection.exec_driver_sql
        if kind.parent and change.before is not None:
            (parent,) = change.key
            if run(f"SELECT 1 FROM {kind.parent} WHERE id = ?", (parent,)).scalar() is None:
                return []
        here = {
            row[0]
            for row in run(
                "SELECT id FROM content WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(list(some)),),
            )
        }
        sql, params = _select(kind, some)
        now = _statements(kind, map(tuple, run(sql, params)))
        return [
            id_
            for id_ in some
            if id_ in here and now.get((id_, change.key), kind.nothing) == change.after
        ]


def _select(kind: Kind, content_ids: Sequence[int]) -> tuple[str, tuple[object, ...]]:
    only = "".join(f" AND {name} = ?" for name in kind.only)
    return (
        f"SELECT {', '.join(('content_id', *kind.keys, *kind.cells))} FROM {kind.table}"
        f" WHERE content_id IN (SELECT value FROM json_each(?)){only}",
        (json.dumps(list(content_ids)), *kind.only.values()),
    )


def _statements(kind: Kind, rows: Iterable[Cells]) -> Statements:
    end = 1 + len(kind.keys)
    return {(int(str(row[0])), row[1:end]): row[end:] for row in rows}


def _write(connection: Connection, kind: Kind, change: Change, ids: Sequence[int]) -> None:
    if not ids:
        return
    run = connection.exec_driver_sql
    if kind.nothing is not None:
        sets = ", ".join(f"{name} = ?" for name in kind.cells)
        # Not the version of before: who began to write meanwhile has to learn of it.
        cells = (*(change.before or kind.nothing), time.time())
        run(
            f"UPDATE {kind.table} SET {sets}, changed_at = ?, version = version + 1"
            " WHERE content_id = ?",
            [(*cells, id_) for id_ in ids],
        )
        return
    names = (*kind.only, *kind.keys)
    where = " AND ".join(f"{name} = ?" for name in ("content_id", *names))
    key = (*kind.only.values(), *change.key)
    run(f"DELETE FROM {kind.table} WHERE {where}", [(id_, *key) for id_ in ids])
    if change.before is not None:
        columns = ("content_id", *names, *kind.cells)
        run(
            f"INSERT INTO {kind.table}({', '.join(columns)})"
            f" VALUES ({', '.join('?' * len(columns))})",
            [(id_, *key, *change.before) for id_ in ids],
        )
