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

from loradex.catalog.snapshot import Snapshot

Facets = dict[str, list[tuple[str, int]]]

TAGS = 100
"""Tags that are counted at most: the most frequent ones."""

MANY = 5
"""One of so many contents: from there on bits are quicker than reading the tags of each. The fewer
are found, the more tags may be among the most frequent ones, and the bits of each take 8 µs."""

_WITH_BITS = 500
"""Tags whose bits are kept, 13 kB each at 100,000 contents: of what has hardly a tag, the most
frequent ones are not to be found among these."""

_NAMED = 2 * TAGS
"""Tags whose names are read: of those that are as frequent, the first by name are counted."""

_FEW_LABELS = (
    "SELECT kind || char(31) || coalesce(base, '') || char(31) || coalesce(derivative, ''),"
    " count(*) FROM content WHERE id IN (SELECT value FROM json_each(?)) GROUP BY 1"
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
    return _named(names, connection.execute(_FEW_LABELS, these), some)


def of_many(snapshot: Snapshot, found: int) -> Facets:
    """Count a set of a snapshot."""
    bits = snapshot.bits(found)
    labels = (
        (label, count)
        for label, having in snapshot.labels.items()
        if (count := (having & bits).bit_count())
    )
    return _named(snapshot.tag_names, labels, _tags(snapshot, found)[:_NAMED])


def _tags(snapshot: Snapshot, marked: int) -> list[tuple[int, int]]:
    """Return the most frequent tags: one that has fewer contents in all needs no look."""
    size = marked.bit_count()
    if size == snapshot.size:
        return snapshot.totals
    if size * MANY < snapshot.size:
        return snapshot.tags_of(marked).most_common(_NAMED)
    found = snapshot.bits(marked)
    counts: list[tuple[int, int]] = []
    least = 0
    for place, (tag_id, total) in enumerate(snapshot.totals):
        if total < max(least, 1):
            break
        if place == _WITH_BITS:
            return snapshot.tags_of(marked).most_common(_NAMED)
        count = (snapshot.tag(tag_id) & found).bit_count()
        if count and count >= least:
            counts.append((tag_id, count))
        if len(counts) >= 2 * TAGS:
            counts = sorted(counts, key=lambda item: -item[1])[:TAGS]
            least = counts[-1][1]
    return sorted(counts, key=lambda item: -item[1])


def _named(
    names: Mapping[int, str],
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
    return {
        "kind": _ordered(kinds.items()),
        "base": _ordered(bases.items()),
        "tag": _ordered((names[tag_id], count) for tag_id, count in tags)[:TAGS],
    }


def _ordered(counts: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted(counts, key=lambda item: (-item[1], item[0]))
