"""Which contents have which tags, as bits of each tag or as tags of each content."""

from __future__ import annotations

import sqlite3
from array import array
from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from itertools import accumulate, compress, pairwise
from typing import Final

from loradex.catalog.snapshot import Snapshot, listed

_AT_ONCE = 16_384
"""Ids of contents whose tags are read in one statement."""

_PACKED: Final = "I"
"""How ids of tags are kept."""


class Tagged:
    """Tags of the contents of a snapshot. Each part is read when it is first needed."""

    def __init__(self, connection: sqlite3.Connection, snapshot: Snapshot) -> None:
        self._connection = connection
        self._snapshot = snapshot
        self._bits: dict[int, int] = {}

    @cached_property
    def names(self) -> Mapping[int, str]:
        """The names of all tags."""
        return dict(self._connection.execute("SELECT id, name FROM tag"))

    @cached_property
    def totals(self) -> list[tuple[int, int]]:
        """Tags with how many contents each finds, most frequent first."""
        return self._connection.execute(
            "SELECT tag_id, count(*) AS n FROM tag_effective GROUP BY 1 ORDER BY n DESC, 1"
        ).fetchall()

    def bits(self, tag_id: int) -> int:
        """Return the bits of what a tag finds."""
        bits = self._bits.get(tag_id)
        if bits is None:
            sql = "SELECT json_group_array(content_id) FROM tag_effective WHERE tag_id = ?"
            found = self._snapshot.set_of(listed(self._connection, sql, (tag_id,)))
            bits = self._bits[tag_id] = self._snapshot.bits(found)
        return bits

    def count(self, found: int) -> Counter[int]:
        """Count the tags of a set by reading those of each of its contents.

        That takes 0.3 µs a content: less than bits of each tag while no fifth of all is in the set.
        """
        marks = found.to_bytes(self._snapshot.span, "little")
        return Counter(memoryview(b"".join(compress(self._of_each, marks))).cast(_PACKED))

    @cached_property
    def _of_each(self) -> list[bytes]:
        """The ids of the tags of each content."""
        span, each = self._snapshot.span, array(_PACKED).itemsize
        tags: list[bytes] = []
        # Piece by piece: lists of all would take 40 MB at 100,000 contents, for a moment.
        for start in range(0, span, _AT_ONCE):
            end = min(start + _AT_ONCE, span)
            ids, held = (
                listed(
                    self._connection,
                    f"SELECT json_group_array({column}) FROM tag_effective"
                    " INDEXED BY ix_tag_effective_content_id WHERE content_id >= ?1"
                    " AND content_id < ?2",
                    (start, end),
                )
                for column in ("content_id", "tag_id")
            )
            counts = Counter(ids)
            all_tags = array(_PACKED, held).tobytes()
            ends = accumulate((each * counts[id_] for id_ in range(start, end)), initial=0)
            tags += [all_tags[one:next_] for one, next_ in pairwise(ends)]
        return tags
