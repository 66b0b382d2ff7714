"""All contents at one moment, in the orders of lists, and sets of them as bytes and bits.

A set is an int of one byte an id, 0 or 1, the one of id 0 lowest: joining two sets of 100,000 takes
some 10 µs. Ids, which come sorted from an index, are marked one beside the other: four times as
fast as by their place in a list. Facets count with one bit an id.
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain, compress, islice

FILTERS = "content INDEXED BY ix_content_filters"
"""What a look at every content reads: the index of filters, from end to end, by name."""

_ORDERS = 6
"""Orders that are kept."""

_SORTED = 4
"""What sorting a content by name takes, in contents of a list that are passed over."""

_HALF_ORDERED = ("content.size ", "content.added_at ")
"""Orders for which SQLite would take an index of the column alone, and look up the name of each
content in the wide table: 900 ms instead of 120."""

_NEXT = (1).__add__
_MARKS = bytes.maketrans(b"01", b"\x00\x01")
_BITS = bytes.maketrans(b"\x00\x01", b"01")


class Snapshot:
    """The ids of all contents by name, and orders that were asked for since."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.ids = array("q", listed(connection, f"SELECT json_group_array(id) FROM {FILTERS}"))
        self.size = len(self.ids)
        self.span = max(self.ids, default=0) + 1
        """Bytes of a set."""
        self.all = self._marked(self.ids)
        self._orders: OrderedDict[str, array[int]] = OrderedDict()
        self._places: array[int] | None = None

    def set_of(self, *lists: Sequence[int]) -> int:
        """Return contents as a set; an id that is no content's is left out."""
        try:
            return self._marked(*lists) & self.all
        except IndexError:  # of a content that is gone
            return self._marked([id_ for id_ in chain(*lists) if id_ < self.span]) & self.all

    def _marked(self, *lists: Iterable[int]) -> int:
        marks = bytearray(self.span)
        for ids in lists:
            for id_ in ids:
                marks[id_] = 1
        return int.from_bytes(marks, "little")

    def set_of_marks(self, marks: str) -> int:
        """Return the set of the contents whose mark, in the order of the index, is `1`."""
        return self._marked(compress(self.ids, marks.encode("ascii").translate(_MARKS)))

    def ids_of(self, found: int) -> list[int]:
        """Return the ids of a set, the smallest first."""
        gaps = found.to_bytes(self.span, "little").split(b"\x01")
        return list(accumulate(map(_NEXT, map(len, gaps)), initial=-1))[1:-1]

    def page(self, found: int, order: str | None, limit: int | None, offset: int) -> list[int]:
        """Return ids of a set in an order (SQL; None is by name), from `offset` on."""
        end = None if limit is None else offset + limit
        ids = self.ids if order is None else self._order(order)
        if found == self.all:
            return ids[offset:end].tolist()
        total = found.bit_count()
        walked = self.size if end is None or end >= total else self.size * end // total
        if order is None and total * _SORTED < walked:
            return sorted(self.ids_of(found), key=self._place.__getitem__)[offset:end]
        marks = found.to_bytes(self.span, "little")
        return list(islice(filter(marks.__getitem__, ids), offset, end))

    @property
    def _place(self) -> array[int]:
        """Where by name the contents stand."""
        if self._places is None:
            self._places = array("i", bytes(array("i").itemsize * self.span))
            for place, id_ in enumerate(self.ids):
                self._places[id_] = place
        return self._places

    def _order(self, order: str) -> array[int]:
        """Return the ids of all contents in this order."""
        ids = self._orders.get(order)
        if ids is None:
            source = FILTERS if order.startswith(_HALF_ORDERED) else "content"
            sql = (
                "SELECT json_group_array(id) FROM"
                f" (SELECT content.id FROM {source} ORDER BY {order})"
            )
            ids = self._orders[order] = array("q", listed(self._connection, sql))
            if len(self._orders) > _ORDERS:
                self._orders.popitem(last=False)
        self._orders.move_to_end(order)
        return ids

    def bits(self, found: int) -> int:
        """Return a set with one bit an id."""
        return packed(found.to_bytes(self.span, "little"))


def packed(marks: bytes) -> int:
    """Return bytes, 0 or 1 each, as bits."""
    return int(b"0" + marks.translate(_BITS), 2)


def listed(connection: sqlite3.Connection, sql: str, params: Sequence[object] = ()) -> list:  # type: ignore[type-arg]
    """Return what a SELECT of one JSON array gives: rows one by one take three times as long."""
    found: list = json.loads(connection.execute(sql, params).fetchone()[0])  # type: ignore[type-arg]
    return found
