"""How many of what a query finds have each kind, base model and tag.

Few contents are counted by SQL. For more, the tags of each content are kept, and read one after the
other. For many, the contents of each value are kept as bits, and a count is one AND. Bits are made
when they are first needed, and of the most frequent tags only.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from loradex.catalog.coded import Coded
from loradex.catalog.kept import Kept
from loradex.catalog.tagged import Tagged

Facets = dict[str, list[tuple[str, int]]]

TAGS = 100
"""Tags that are counted at most: the most frequent ones."""

MANY = 5
"""One of so many contents: from there on bits are quicker than reading the tags of each. The fewer
are found, the more tags may be among the most frequent ones, and the bits of each take 7 µs."""

_WITH_BITS = 500
"""Tags whose bits are kept, 13 kB each at 100,000 contents: of what has hardly a tag, the most
frequent ones are not to be found among these."""

_NAMED = 2 * TAGS
"""Tags whose names are read: of those that are as frequent, the first by name are counted."""

_FEW_VALUES = (
    "SELECT {column}, count(*) FROM content WHERE id IN (SELECT value FROM json_each(?)) GROUP BY 1"
)
_FEW_TAGS = (
    "SELECT tag_id, count(*) FROM json_each(?) AS found"
    " JOIN tag_effective ON content_id = found.value GROUP BY 1"
)


def of_few(connection: sqlite3.Connection, ids: Sequence[int]) -> Facets:
    """Count some hundred contents, one by one."""
    these = (json.dumps(ids),)
    tags = Counter(dict(connection.execute(_FEW_TAGS, these)))
    some = tags.most_common(_NAMED)
    names: dict[int, str] = dict(
        connection.execute(
            "SELECT id, name FROM tag WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps([tag_id for tag_id, _ in some]),),
        )
    )
    kinds, bases, derivatives = (
        connection.execute(_FEW_VALUES.format(column=column), these).fetchall()
        for column in ("kind", "base", "derivative")
    )
    return _named(kinds, bases, derivatives, names, some)


def of_many(kept: Kept, found: int) -> Facets | None:
    """Count a set of a snapshot; None where a column has more values than are kept."""
    columns = kept.columns.coded("kind", "base", "derivative")
    bits = kept.snapshot.bits(found)
    coded = [_of_column(column, bits) for column in columns if column is not None]
    if len(coded) < len(columns):
        return None
    kinds, bases, derivatives = coded
    size = found.bit_count()
    if size == kept.snapshot.size:
        tags = kept.tagged.totals
    elif size * MANY < kept.snapshot.size:
        tags = kept.tagged.count(found).most_common(_NAMED)
    else:
        counted = _of_bits(kept.tagged, bits)
        tags = kept.tagged.count(found).most_common(_NAMED) if counted is None else counted
    return _named(kinds, bases, derivatives, kept.tagged.names, tags[:_NAMED])


def _of_column(column: Coded, found: int) -> list[tuple[object, int]]:
    return [(value, count) for value, bits in column.bits if (count := (bits & found).bit_count())]


def _of_bits(tagged: Tagged, found: int) -> list[tuple[int, int]] | None:
    """Return the most frequent tags: one that has fewer contents in all needs no look.

    None where they are not among those whose bits are kept.
    """
    counts: list[tuple[int, int]] = []
    least = 0
    for place, (tag_id, total) in enumerate(tagged.totals):
        if total < max(least, 1):
            break
        if place == _WITH_BITS:
            return None
        count = (tagged.bits(tag_id) & found).bit_count()
        if count and count >= least:
            counts.append((tag_id, count))
        if len(counts) >= 2 * TAGS:
            counts = sorted(counts, key=_frequency)[:TAGS]
            least = counts[-1][1]
    return sorted(counts, key=_frequency)


def _frequency(counted: tuple[int, int]) -> int:
    return -counted[1]


def _named(
    kinds: Iterable[tuple[object, int]],
    bases: Iterable[tuple[object, int]],
    derivatives: Iterable[tuple[object, int]],
    names: Mapping[int, str],
    tags: Sequence[tuple[int, int]],
) -> Facets:
    counted: Counter[str] = Counter()
    for base, count in (*bases, *(each for each in derivatives if each[0])):
        counted[str(base or "")] += count
    return {
        "kind": _ordered((str(kind), count) for kind, count in kinds),
        "base": _ordered(counted.items()),
        "tag": _ordered((names[tag_id], count) for tag_id, count in tags)[:TAGS],
    }


def _ordered(counts: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted(counts, key=lambda item: (-item[1], item[0]))
