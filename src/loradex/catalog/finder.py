"""Answers queries: pages, counts, ids and facets, from one look at what a query finds.

Every condition is SQL: either a SELECT of ids by an index, or one on columns of each content.
Where an index names few contents, SQL asks the rest of the query of them alone. Else what each
condition finds becomes a set, and sets are joined: SQLite, which cannot know how many rows a word
or a tag has, would look up each of them in the wide table of contents.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import reduce
from itertools import chain
from pathlib import Path
from threading import Lock

from loradex.catalog.facets import Facets, of_few, of_many
from loradex.catalog.faults import translate
from loradex.catalog.kept import Answer, Kept
from loradex.catalog.matches import matching
from loradex.catalog.query import CompiledQuery
from loradex.catalog.query.condition import Condition, any_of, every
from loradex.catalog.schema import connect_read_only
from loradex.catalog.snapshot import FILTERS, Snapshot, listed

FEW = 1_000
"""Contents that are asked and sorted one by one."""

_REMEMBERED = 4
"""Queries whose sets are kept: a page, its count and its facets come one after the other."""

_SETS = 64
"""Terms whose sets are kept: who types adds a word to what was asked before. 100 kB each."""

_THESE = "SELECT value FROM json_each(?)"


class Finder:
    """One connection that answers one query at a time. Safe to share between threads."""

    def __init__(self, path: Path, prepare: Callable[[sqlite3.Connection], None]) -> None:
        self._path = path
        self._prepare = prepare
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None
        self._kept: Kept | None = None
        self._version = -1

    def page(
        self, compiled: CompiledQuery, limit: int | None = None, offset: int = 0
    ) -> tuple[list[int], int]:
        """Return ids in the query's order, from `offset` on, and how many there are in all."""
        with self._moment() as connection:
            answer = self._answer(connection, compiled)
            if answer.ids is not None:
                end = None if limit is None else offset + limit
                return answer.ids[offset:end], answer.total
            order = None if compiled.by_name else compiled.order
            ids = self._known(connection).snapshot.page(answer.found, order, limit, offset)
            return ids, answer.total

    def count(self, compiled: CompiledQuery) -> int:
        """Return how many there are."""
        with self._moment() as connection:
            return self._answer(connection, compiled).total

    def facets(self, compiled: CompiledQuery) -> Facets:
        """Return counts of `kind`, `base` and `tag`, most frequent first."""
        with self._moment() as connection:
            answer = self._answer(connection, compiled)
            if answer.ids is not None:
                return of_few(connection, answer.ids)
            kept = self._known(connection)
            counted = of_many(kept, answer.found) if answer.total > FEW else None
            return counted or of_few(connection, kept.snapshot.ids_of(answer.found))

    def close(self) -> None:
        """Close the connection and forget what was kept."""
        with self._lock:
            self._kept = None
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextmanager
    def _moment(self) -> Iterator[sqlite3.Connection]:
        """Give the connection within a transaction: all that is read is of one moment."""
        with self._lock:
            try:
                connection = self._connection
                if connection is None:
                    connection = self._connection = connect_read_only(self._path)
                    self._prepare(connection)
                connection.execute("BEGIN")
                try:
                    self._forget_old(connection)
                    yield connection
                finally:
                    connection.execute("ROLLBACK")
            except sqlite3.Error as error:
                raise translate(error, self._path) from error

    def _forget_old(self, connection: sqlite3.Connection) -> None:
        """Forget what was kept when somebody has written since."""
        connection.execute("SELECT 1 FROM content LIMIT 1").fetchone()  # the moment begins here
        version = connection.execute("PRAGMA data_version").fetchone()[0]
        if version != self._version:
            self._version = version
            self._kept = None

    def _known(self, connection: sqlite3.Connection) -> Kept:
        if self._kept is None:
            self._kept = Kept(connection)
        return self._kept

    def _answer(self, connection: sqlite3.Connection, compiled: CompiledQuery) -> Answer:
        key = (compiled.where, compiled.params, compiled.order)
        kept = self._known(connection)
        answer = kept.answers.get(key)
        if answer is None:
            answer = kept.answers[key] = _Search(connection, kept).answer(compiled)
            if len(kept.answers) > _REMEMBERED:
                kept.answers.popitem(last=False)
        return answer


class _Search:
    """One search. What a SELECT of ids gave is kept until it ends."""

    def __init__(self, connection: sqlite3.Connection, kept: Kept) -> None:
        self._connection = connection
        self._kept = kept
        self._read: dict[int, list[list[int]]] = {}

    def answer(self, compiled: CompiledQuery) -> Answer:
        """Return what a query finds."""
        found = compiled.found
        for part in found.parts if found.joint == "and" else (found,):
            few = self._few(part)
            if few is not None:
                ids = self._sorted(compiled, few)
                return Answer(len(ids), ids)
        whole = self._set(found)
        total = whole.bit_count()
        if total <= FEW and not compiled.by_name:
            ids = self._sorted(compiled, self._snapshot.ids_of(whole))
            return Answer(total, ids)
        return Answer(total, None, whole)

    @property
    def _snapshot(self) -> Snapshot:
        return self._kept.snapshot  # not made where few are found

    def _few(self, part: Condition) -> list[int] | None:
        """Return what an index names for a part, if that is little."""
        if part.ids is None:
            return None
        known = self._kept.sets.get((part.sql, part.params))
        if known is not None:
            return self._snapshot.ids_of(known) if known.bit_count() <= FEW else None
        lists = self._ids(part)
        return list(chain.from_iterable(lists)) if sum(map(len, lists)) <= FEW else None

    def _ids(self, part: Condition) -> list[list[int]]:
        """Return lists of ids, some perhaps twice, that a SELECT of ids gives, or its parts."""
        lists = self._read.get(id(part))
        if lists is None:
            if part.parts:
                lists = list(chain.from_iterable(map(self._ids, part.parts)))
            else:
                lists = [self._listed(part)]
            self._read[id(part)] = lists
        return lists

    def _listed(self, part: Condition) -> list[int]:
        if part.match:
            return matching(self._connection, part.match)
        if part.folders:
            found = self._kept.folders.contents(*part.folders)
            return self._select(part) if found is None else found
        return self._select(part)

    def _select(self, part: Condition) -> list[int]:
        return listed(
            self._connection,
            f"WITH found(id) AS ({part.ids})"
            " SELECT json_group_array(id) FROM found WHERE id IS NOT NULL",
            part.params,
        )

    def _sorted(self, compiled: CompiledQuery, ids: list[int]) -> list[int]:
        """Return those of some contents that meet the whole query, in its order."""
        return [
            row[0]
            for row in self._connection.execute(
                f"SELECT content.id FROM content WHERE content.id IN ({_THESE})"
                f" AND {compiled.where} ORDER BY {compiled.order}",
                (json.dumps(ids), *compiled.params),
            )
        ]

    def _set(self, part: Condition) -> int:
        """Return what a condition finds, as a set."""
        if part.sql == "1":
            return self._snapshot.all
        if part.ids is not None:
            return self._leaf(part)
        if part.scanned:
            return self._of_columns(part)
        if part.joint == "not":
            return self._snapshot.all ^ self._set(part.parts[0])
        scanned = [inner for inner in part.parts if inner.scanned]
        others = [inner for inner in part.parts if not inner.scanned]
        if part.joint == "or":
            found = self._of_columns(any_of(scanned)) if scanned else 0
            for inner in others:
                found |= self._set(inner)
            return found
        found = self._snapshot.all
        for inner in others:
            found &= self._set(inner)
        return self._narrow(found, every(scanned)) if scanned else found

    def _of_columns(self, part: Condition) -> int:
        """Return the set of a condition on columns: what is not kept of them is scanned once."""
        found = self._kept.columns.found(part)
        if found is not None:
            return found
        if part.joint == "not":
            return self._snapshot.all ^ self._of_columns(part.parts[0])
        if not part.parts:
            return self._leaf(part)
        kept = {inner: self._kept.columns.found(inner) for inner in part.parts}
        unkept = [inner for inner in part.parts if kept[inner] is None]
        sets = [found for found in kept.values() if found is not None]
        if not sets:
            return self._leaf(part)
        if unkept:
            sets.append(self._of_columns((every if part.joint == "and" else any_of)(unkept)))
        return reduce(int.__and__ if part.joint == "and" else int.__or__, sets)

    def _narrow(self, found: int, part: Condition) -> int:
        """Return what of a set meets a condition: a few are asked alone."""
        if found.bit_count() > FEW:
            return found & self._of_columns(part)
        ids = json.dumps(self._snapshot.ids_of(found))
        rows = self._connection.execute(
            f"SELECT content.id FROM content WHERE content.id IN ({_THESE}) AND {part.sql}",
            (ids, *part.params),
        )
        return self._snapshot.set_of([row[0] for row in rows])

    def _leaf(self, part: Condition) -> int:
        """Return the set of a condition that one statement answers."""
        key = (part.sql, part.params)
        found = self._kept.sets.get(key)
        if found is None:
            found = (
                self._scan(part) if part.ids is None else self._snapshot.set_of(*self._ids(part))
            )
            self._kept.sets[key] = found
            if len(self._kept.sets) > _SETS:
                self._kept.sets.popitem(last=False)
        self._kept.sets.move_to_end(key)
        return found

    def _scan(self, part: Condition) -> int:
        marks: str | None = self._connection.execute(
            f"SELECT group_concat(iif({part.sql}, '1', '0'), '') FROM {FILTERS}", part.params
        ).fetchone()[0]
        return self._snapshot.set_of_marks(marks or "")
