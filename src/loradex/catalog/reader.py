"""The reading door: lists, search and details over plain `sqlite3`, one connection a thread."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.catalog.faults import translate
from loradex.catalog.schema import connect_read_only

if TYPE_CHECKING:
    from loradex.catalog.query import CompiledQuery
    from loradex.domain.models import ModelRow, Page

CHUNK = 500
"""Ids in one `IN (…)`: under SQLite's limit of bound values in any build."""

_ROW_COLUMNS = (
    "content.id, content.name, content.file_name, content.kind, content.base, content.derivative,"
    " content.size, content.state, content.copies, content.rating, content.favourite,"
    " content.tags, content.words, content.matched, content.content_level, content.added_at,"
    " content.path, content.sha256, content.safety"
)


class Reader:
    """Read-only access to the catalog at `path`. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._lock = threading.Lock()

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Give this thread's connection; SQLite's errors leave as `CatalogError`."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = connect_read_only(self.path)
            self._local.connection = connection
            with self._lock:
                self._opened.append(connection)
        try:
            yield connection
        except sqlite3.Error as error:
            raise translate(error, self.path) from error

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            for connection in self._opened:
                connection.close()
            self._opened.clear()
        self._local = threading.local()

    def rows_of(self, sql: str, params: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """Return all rows of a statement written inside the catalog package."""
        with self.connection() as connection:
            return list(connection.execute(sql, params))

    def search(self, query: str, *, limit: int | None = None, offset: int = 0) -> Page:
        """Return the rows that `query` finds, in its order, and how many there are in all."""
        from loradex.domain.models import Page  # noqa: PLC0415

        compiled = _compiled(query)
        with self.connection() as connection:
            rows = [
                _model_row(row)
                for row in connection.execute(
                    f"SELECT {_ROW_COLUMNS} FROM content WHERE {compiled.where}"
                    f" ORDER BY {compiled.order} LIMIT ? OFFSET ?",
                    (*compiled.params, -1 if limit is None else limit, offset),
                )
            ]
            if limit is None or (len(rows) < limit and (rows or offset == 0)):
                return Page(tuple(rows), offset + len(rows))
            total = connection.execute(
                f"SELECT count(*) FROM content WHERE {compiled.where}", compiled.params
            ).fetchone()[0]
        return Page(tuple(rows), total)

    def ids(self, query: str) -> list[int]:
        """Return the ids that `query` finds, in its order: what a virtual list keeps."""
        compiled = _compiled(query)
        with self.connection() as connection:
            return [
                row[0]
                for row in connection.execute(
                    f"SELECT content.id FROM content WHERE {compiled.where}"
                    f" ORDER BY {compiled.order}",
                    compiled.params,
                )
            ]

    def rows(self, ids: Sequence[int]) -> list[ModelRow]:
        """Return the rows of `ids` in that order; ids that are gone are left out."""
        found: dict[int, ModelRow] = {}
        with self.connection() as connection:
            for chunk in chunks(ids):
                marks = ",".join("?" * len(chunk))
                for row in connection.execute(
                    f"SELECT {_ROW_COLUMNS} FROM content WHERE content.id IN ({marks})", chunk
                ):
                    found[row[0]] = _model_row(row)
        return [found[id_] for id_ in ids if id_ in found]

    def tag_counts(self, ids: Sequence[int]) -> dict[int, tuple[tuple[str, int], ...]]:
        """Return the training captions of `ids` with their counts; those without are left out."""
        found: dict[int, tuple[tuple[str, int], ...]] = {}
        with self.connection() as connection:
            for chunk in chunks(ids):
                marks = ",".join("?" * len(chunk))
                for id_, stored in connection.execute(
                    "SELECT content_id, tag_counts FROM content_header"
                    f" WHERE content_id IN ({marks})",
                    chunk,
                ):
                    found[id_] = counted(stored)
        return found

    def facets(self, query: str) -> dict[str, list[tuple[str, int]]]:
        """Return counts of kinds, bases and tags among what `query` finds, most frequent first.

        A model of a derivative counts for its base as well: each number is what choosing that
        value would find. A base that is not known counts under the empty text.
        """
        compiled = _compiled(query)
        counts: dict[str, list[tuple[str, int]]] = {}
        with self.connection() as connection:
            for name, value, source in (
                ("kind", "content.kind", "content"),
                (
                    "base",
                    "base.value",
                    "content, json_each(json_array(coalesce(content.base, ''),"
                    " content.derivative)) AS base",
                ),
                ("tag", "tag.value", "content, json_each(content.tags) AS tag"),
            ):
                counts[name] = connection.execute(
                    f"SELECT {value}, count(*) AS n FROM {source} WHERE {compiled.where}"
                    f" AND {value} IS NOT NULL GROUP BY 1 ORDER BY n DESC, 1",
                    compiled.params,
                ).fetchall()
        return counts


def _compiled(query: str) -> CompiledQuery:
    from loradex.catalog.query import compile_query  # noqa: PLC0415 - scans have no query

    return compile_query(query)


def chunks(items: Sequence[int], size: int = CHUNK) -> Iterator[Sequence[int]]:
    """Cut a sequence into pieces of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def texts(stored: str) -> tuple[str, ...]:
    """Return a stored JSON list of texts as a tuple."""
    value: Iterable[str] = json.loads(stored)
    return tuple(value)


def counted(stored: str | None) -> tuple[tuple[str, int], ...]:
    """Return a stored JSON list of pairs of text and count."""
    return tuple((str(text), int(count)) for text, count in json.loads(stored or "[]"))


def _model_row(row: Sequence) -> ModelRow:  # type: ignore[type-arg]
    from loradex.domain.models import ModelRow  # noqa: PLC0415

    return ModelRow(
        id=row[0],
        name=row[1],
        file_name=row[2],
        kind=row[3],
        base=row[4],
        derivative=row[5],
        size=row[6],
        state=row[7],
        copies=row[8],
        rating=row[9],
        favourite=bool(row[10]),
        tags=texts(row[11]),
        trigger_words=texts(row[12]),
        matched=bool(row[13]),
        content_level=row[14],
        added_at=row[15],
        path=row[16],
        sha256=row[17],
        safety=row[18],
    )
