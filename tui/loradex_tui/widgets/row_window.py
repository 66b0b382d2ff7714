"""Rows of a long result, kept for what is near the view and asked for in windows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from loradex.domain.models import ModelRow

WINDOW = 200
KEPT = 3_000


class RowWindow:
    """All ids of a result, and the rows of some of them.

    `row` notes what it could not give; `wanted` tells those ids in windows. A row that was
    forgotten is still given until its new form arrives, so that nothing flickers.
    """

    def __init__(self) -> None:
        self.ids: Sequence[int] = ()
        self._rows: OrderedDict[int, ModelRow | None] = OrderedDict()
        self._stale: set[int] = set()
        self._missing: OrderedDict[int, None] = OrderedDict()

    def set_ids(self, ids: Sequence[int]) -> None:
        """Stand for another result. Rows that are known stay known."""
        self.ids = ids
        self._missing.clear()

    def row(self, index: int) -> ModelRow | None:
        """Return the row at `index`, None while it is not known (or no longer there)."""
        id_ = self.ids[index]
        known = id_ in self._rows
        if known:
            self._rows.move_to_end(id_)
        if not known or id_ in self._stale:
            self.want(index)
        return self._rows.get(id_)

    def want(self, index: int) -> None:
        """Ask for the window around `index`."""
        if 0 <= index < len(self.ids):
            id_ = self.ids[index]
            if id_ not in self._rows or id_ in self._stale:
                self._missing[index // WINDOW] = None

    @property
    def lacks(self) -> bool:
        """True while rows were asked for that are not here, or not in their new form."""
        return bool(self._missing)

    def wanted(self) -> list[int]:
        """Take what was asked for last off the list and return its ids; empty: nothing is."""
        while self._missing:
            window, _ = self._missing.popitem()
            ids = self.ids[window * WINDOW : (window + 1) * WINDOW]
            missing = [id_ for id_ in ids if id_ not in self._rows or id_ in self._stale]
            if missing:
                return missing
        return []

    def store(self, asked: Iterable[int], rows: Iterable[ModelRow]) -> None:
        """Keep rows; of the ids asked for, those without a row are gone."""
        for id_ in asked:
            self._rows[id_] = None
            self._stale.discard(id_)
        for row in rows:
            self._rows[row.id] = row
            self._stale.discard(row.id)
            self._rows.move_to_end(row.id)
        while len(self._rows) > KEPT:
            self._stale.discard(self._rows.popitem(last=False)[0])

    def forget(self, ids: Iterable[int] | None = None) -> None:
        """Ask again for these rows (all when None) when they are next seen."""
        self._stale.update(self._rows if ids is None else set(ids) & self._rows.keys())
