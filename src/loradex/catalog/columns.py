"""Answers conditions on one column of contents without a look at every content.

One scan of the index of filters takes 10 ms at 100,000 contents, for each query anew. Most columns
have few different values: SQL is asked of those alone, and one byte a content tells which it has
(0.2 ms). Of sizes and dates the order is kept: what is asked of them is some ranges of it (2 ms).
"""

from __future__ import annotations

import json
import re
import sqlite3
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, pairwise

from loradex.catalog.coded import Coded
from loradex.catalog.query.condition import Condition, Param
from loradex.catalog.snapshot import FILTERS, Snapshot

_FAR = 1e300
"""Further than any size or date."""

_NAMES = re.compile(r"\bcontent\.(\w+)")
_CODED = frozenset({
    "kind", "base", "derivative", "state", "format", "safety", "rank", "rating", "favourite",
    "matched", "copies", "content_level", "algorithm", "dtype", "variant", "quantisation",
    "prediction", "dora", "broken", "partial",
})  # fmt: skip
"""Columns of the index of filters that as a rule have few values."""
_ORDERED = frozenset({"size", "added_at"})
"""Columns of numbers that are never NULL and have an index of their own."""

Found = Callable[[str, Sequence[Param]], int]


class Columns:
    """What conditions on one column find, as sets of a snapshot. Kept as long as that."""

    def __init__(self, connection: sqlite3.Connection, snapshot: Snapshot) -> None:
        self._connection = connection
        self._snapshot = snapshot
        self._kept: dict[str, Found | None] = {}
        self._coded: dict[str, Coded | None] = {}

    def found(self, part: Condition) -> int | None:
        """Return the set of a condition; None when only a scan can tell.

        An order is only read for the second question: it takes as long as three scans.
        """
        names = set(_NAMES.findall(part.sql))
        name = names.pop() if len(names) == 1 else ""
        if name in _CODED:
            if name not in self._kept:
                self._kept[name] = self._of_coded(name)
        elif name in _ORDERED and all(abs(float(each)) < _FAR for each in part.params):
            if name not in self._kept:
                self._kept[name] = None
            elif self._kept[name] is None:
                self._kept[name] = self._ordered(name)
        answer = self._kept.get(name)
        return None if answer is None else answer(part.sql, part.params)

    def coded(self, *names: str) -> list[Coded | None]:
        """Return columns as a byte a content; None for one that has too many values.

        Those that are not kept are read in one go: half of that is the walk along the index.
        """
        unread = [name for name in names if name not in self._coded]
        if unread:
            lists = ", ".join(f"json_group_array({name})" for name in unread)
            row = self._connection.execute(f"SELECT {lists} FROM {FILTERS}").fetchone()
            for name, held in zip(unread, row, strict=True):
                self._coded[name] = Coded.of(self._snapshot, json.loads(held))
        return [self._coded[name] for name in names]

    def _of_coded(self, name: str) -> Found | None:
        (coded,) = self.coded(name)
        if coded is None:
            return None
        return lambda sql, params: coded.found(self._true_of(name, coded.values, sql, params))

    def _ordered(self, name: str) -> Found:
        rows = self._connection.execute(
            f"SELECT {name}, id FROM content ORDER BY {name}"
        ).fetchall()
        values = array("d", [row[0] for row in rows])
        ids = array("q", [row[1] for row in rows])

        def found(sql: str, params: Sequence[Param]) -> int:
            """Try one number of each stretch: what is true can only change where `sql` says one."""
            bounds = sorted({float(each) for each in params})
            samples = list(chain.from_iterable(
                ((before + bound) / 2 if before > -_FAR else -_FAR, bound)
                for before, bound in pairwise((-_FAR, *bounds))
            ))  # fmt: skip
            cuts = [0, *_cuts(values, bounds), len(values)]
            true = self._true_of(name, [*samples, _FAR], sql, params)
            return self._snapshot.set_of(
                list(chain.from_iterable(ids[cuts[place] : cuts[place + 1]] for place in true))
            )

        return found

    def _true_of(
        self, name: str, values: Sequence[object], sql: str, params: Sequence[Param]
    ) -> list[int]:
        """Return the places of the values of a column of which a condition is true."""
        rows = self._connection.execute(
            f"WITH content(place, {name}) AS (SELECT key, value FROM json_each(?))"
            f" SELECT place FROM content WHERE {sql}",
            (json.dumps(values), *params),
        )
        return [row[0] for row in rows]


def _cuts(values: Sequence[float], bounds: Sequence[float]) -> Iterator[int]:
    """Return where in sorted values each bound begins and ends."""
    for bound in bounds:
        yield bisect_left(values, bound)
        yield bisect_right(values, bound)
