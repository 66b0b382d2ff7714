"""One column of all contents that has few different values: a byte a content tells which."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from functools import cached_property

from loradex.catalog.snapshot import Snapshot, packed

VALUES = 255
"""Different values at most: 0 stands for an id that is no content's."""


class Coded:
    """The values of a column, and the sets of the contents that have them."""

    def __init__(self, values: Sequence[Hashable], codes: bytes) -> None:
        self.values = values
        self._codes = codes

    @classmethod
    def of(cls, snapshot: Snapshot, held: Sequence[Hashable]) -> Coded | None:
        """Return a column of values by name; None where it has too many different ones."""
        values = list(dict.fromkeys(held))
        if len(values) > VALUES:
            return None
        code_of = {value: code for code, value in enumerate(values, 1)}
        codes = bytearray(snapshot.span)
        for id_, code in zip(snapshot.ids, map(code_of.__getitem__, held), strict=True):
            codes[id_] = code
        return cls(values, bytes(codes))

    def found(self, places: Iterable[int]) -> int:
        """Return the set of the contents that have one of the values at these places."""
        return int.from_bytes(self._marks(places), "little")

    @cached_property
    def bits(self) -> list[tuple[object, int]]:
        """Each value with the bits of the contents that have it."""
        return [(value, packed(self._marks([at]))) for at, value in enumerate(self.values)]

    def _marks(self, places: Iterable[int]) -> bytes:
        chosen = bytearray(VALUES + 1)
        for place in places:
            chosen[place + 1] = 1
        return self._codes.translate(chosen)
