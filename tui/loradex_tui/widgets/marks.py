"""Which models are marked: in what is shown and elsewhere, with a range that follows the cursor."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence, Set


class Marks:
    """A set of ids that knows how many of them the shown result holds.

    A range spans from its anchor to the cursor; what it spans is marked on top of what was marked
    when it began.
    """

    def __init__(self) -> None:
        self.ids: set[int] = set()
        self.shown = 0
        """How many of the marked are in the result."""
        self.sticky = False
        """The range goes on with every move, not only with those that extend it."""
        self._result: Sequence[int] = ()
        self._anchor: int | None = None
        self._end = 0
        self._before: Set[int] = frozenset()

    @property
    def in_range(self) -> bool:
        """True while a range follows the cursor."""
        return self._anchor is not None

    def show(self, result: Sequence[int]) -> None:
        """Stand beside another result; a range ends."""
        self.end_range()
        self._result = result
        self._count()

    def toggle(self, index: int) -> None:
        """Mark one of the result, or no longer."""
        self.end_range()
        id_ = self._result[index]
        self.shown += -1 if id_ in self.ids else 1
        self.ids ^= {id_}

    def set_ids(self, ids: Collection[int]) -> None:
        """Mark these and no others."""
        self.end_range()
        self.ids = set(ids)
        self._count()

    def toggle_all(self) -> None:
        """Mark all of the result; none of it when all of it is marked."""
        self.end_range()
        if self.shown == len(self._result):
            self.ids.difference_update(self._result)
            self.shown = 0
        else:
            self.ids.update(self._result)
            self.shown = len(self._result)

    def invert(self) -> None:
        """Mark of the result what is not marked, and only that of it."""
        self.end_range()
        self.ids.symmetric_difference_update(self._result)
        self.shown = len(self._result) - self.shown

    def begin_range(self, index: int, *, sticky: bool) -> None:
        """Let a range begin here."""
        self._before = frozenset(self.ids)
        self._anchor = self._end = index
        self.sticky = sticky
        self._mark([self._result[index]])

    def end_range(self) -> None:
        """Let the range be; what it marked stays marked."""
        self._anchor = None
        self.sticky = False

    def extend(self, index: int) -> range:
        """Let the range reach to here; return the places whose marks may have changed."""
        if self._anchor is None:
            return range(0)
        old, new = _span(self._anchor, self._end), _span(self._anchor, index)
        moved = _span(self._end, index)
        self._end = index
        if old.start in new and old.stop - 1 in new:
            self._mark(self._result[moved.start : moved.stop])
        elif new.start in old and new.stop - 1 in old:
            gone = range(moved.start + (moved.start == index), moved.stop - (moved.start != index))
            self._unmark(self._result[gone.start : gone.stop])
        else:
            self._unmark(self._result[old.start : old.stop])
            self._mark(self._result[new.start : new.stop])
        return moved

    def _mark(self, ids: Iterable[int]) -> None:
        before = len(self.ids)
        self.ids.update(ids)
        self.shown += len(self.ids) - before

    def _unmark(self, ids: Iterable[int]) -> None:
        before = len(self.ids)
        self.ids.difference_update(each for each in ids if each not in self._before)
        self.shown -= before - len(self.ids)

    def _count(self) -> None:
        self.shown = len(self.ids.intersection(self._result)) if self.ids else 0


def _span(first: int, last: int) -> range:
    return range(min(first, last), max(first, last) + 1)
