"""The reading door: lists, search and details over plain `sqlite3`, one connection a thread."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from loradex.catalog.faults import translate
from loradex.catalog.schema import connect_read_only
from loradex.errors import CatalogError, QueryError

_T = TypeVar("_T")

if TYPE_CHECKING:
    from loradex.catalog.finder import Finder
    from loradex.catalog.query import CompiledQuery
    from loradex.catalog.query.scene import Lore
    from loradex.domain.models import ModelRow, Page

CHUNK = 500
"""Ids in one `IN (…)`: under SQLite's limit of bound values in any build."""

_MOMENT = 10.0
"""Seconds for which ages count from the same moment, so that one look answers several questions."""

_CACHED_KIB = 24 * 1024
"""Memory at most for pages of the catalog. The system keeps the rest of them: with more, searches
in 100,000 contents are no faster, and a program that stays open has it for good."""

_ROW_COLUMNS = (
    "content.id, content.name, content.file_name, content.kind, content.base, content.derivative,"
    " content.size, content.state, content.copies, content.rating, content.favourite,"
    " content.tags, content.words, content.matched, content.content_level, content.added_at,"
    " content.path, content.sha256, content.safety"
)
_TAGS, _WORDS = 11, 12
"""Where the two columns of JSON stand."""


class Reader:
    """Read-only access to the catalog at `path`. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._finder: Finder | None = None

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
            if self._finder is not None:
                self._finder.close()
                self._finder = None
        self._local = threading.local()

    def rows_of(self, sql: str, params: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """Return all rows of a statement written inside the catalog package."""
        with self.connection() as connection:
            return list(connection.execute(sql, params))

    def search(self, query: str, *, limit: int | None = None, offset: int = 0) -> Page:
        """Return the rows that `query` finds, in its order, and how many there are in all."""
        from loradex.domain.models import Page  # noqa: PLC0415

        ids, total = self._ask(query, lambda finder, asked: finder.page(asked, limit, offset))
        return Page(tuple(self.rows(ids)), total)

    def count(self, query: str) -> int:
        """Return how many `query` finds."""
        return self._ask(query, lambda finder, asked: finder.count(asked))

    def ids(self, query: str) -> list[int]:
        """Return the ids that `query` finds, in its order: what a virtual list keeps."""
        return self._ask(query, lambda finder, asked: finder.page(asked)[0])

    def facets(self, query: str) -> dict[str, list[tuple[str, int]]]:
        """Return counts of kinds, bases and tags among what `query` finds, most frequent first.

        A model of a derivative counts for its base as well, one of a tag's child for the tag: each
        number is what choosing that value would find. A base that is not known counts under the
        empty text. Of tags the most frequent hundred are counted.
        """
        return self._ask(query, lambda finder, asked: finder.facets(asked))

    def values(
        self, ids: Sequence[int], expressions: Sequence[str]
    ) -> dict[int, tuple[object, ...]]:
        """Return SQL values, written inside the catalog package, of these contents."""
        found: dict[int, tuple[object, ...]] = {}
        with self.connection() as connection:
            for chunk in chunks(ids):
                marks = ",".join("?" * len(chunk))
                for id_, *values in connection.execute(
                    f"SELECT content.id, {', '.join(expressions)} FROM content"
                    f" WHERE content.id IN ({marks})",
                    chunk,
                ):
                    found[id_] = tuple(values)
        return found

    def check(self, query: str, name: str | None = None) -> None:
        """Raise `QueryError` for a query that cannot be read.

        With `name`, also for one that, saved under it, would lead back to itself.
        """
        from loradex.catalog.query import compile_query  # noqa: PLC0415

        lore = self.lore()
        compile_query(query, lore=lore if name is None else lore.with_saved(name, query))

    def lore(self) -> Lore:
        """Return the custom fields and collections that queries may name."""
        from loradex.catalog.query.scene import Lore  # noqa: PLC0415

        return Lore(self.rows_of)

    def _ask(self, query: str, question: Callable[[Finder, CompiledQuery], _T]) -> _T:
        """Put a question about a query; raise `QueryError` where a pattern takes too long."""
        from loradex.catalog.finder import Finder  # noqa: PLC0415 - scans have no query
        from loradex.catalog.query import compile_query  # noqa: PLC0415
        from loradex.catalog.query.patterns import SECONDS, Matcher  # noqa: PLC0415

        now = time.time() // _MOMENT * _MOMENT
        compiled = compile_query(query, now, self.lore())
        matcher = self._local.matcher = Matcher()
        with self._lock:
            if self._finder is None:
                self._finder = Finder(self.path, self._prepare)
            finder = self._finder
        try:
            return question(finder, compiled)
        except CatalogError as error:
            if not matcher.expired:
                raise
            raise QueryError(
                f"The pattern took more than {SECONDS:g} seconds.",
                query=query,
                position=max(query.find("::"), 0),
                length=2,
                hint="Make it simpler.",
            ) from error

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Teach a connection REGEXP, and let it keep what searches read."""
        from loradex.catalog.matches import prepare  # noqa: PLC0415 - scans have no query

        prepare(connection)
        connection.create_function("regexp", 2, self._matches, deterministic=True)
        connection.execute(f"PRAGMA cache_size = -{_CACHED_KIB}")

    def _matches(self, pattern: str, text: str | None) -> bool:
        """Hold a text against a pattern, within the time of this thread's search."""
        matched: bool = self._local.matcher(pattern, text)
        return matched

    def rows(self, ids: Sequence[int]) -> list[ModelRow]:
        """Return the rows of `ids` in that order; ids that are gone are left out."""
        found: dict[int, ModelRow] = {}
        with self.connection() as connection:
            for chunk in chunks(ids):
                marks = ",".join("?" * len(chunk))
                rows = connection.execute(
                    f"SELECT {_ROW_COLUMNS} FROM content WHERE content.id IN ({marks})", chunk
                ).fetchall()
                # One JSON text of all is read in a tenth of the time that two of each row take.
                tags, words = (
                    json.loads(f"[{','.join(row[at] for row in rows)}]") for at in (_TAGS, _WORDS)
                )
                for row, tagged, said in zip(rows, tags, words, strict=True):
                    found[row[0]] = _model_row(row, tagged, said)
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


def _model_row(row: Sequence, tags: Sequence[str], words: Sequence[str]) -> ModelRow:  # type: ignore[type-arg]
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
        tags=tuple(tags),
        trigger_words=tuple(words),
        matched=bool(row[13]),
        content_level=row[14],
        added_at=row[15],
        path=row[16],
        sha256=row[17],
        safety=row[18],
    )
