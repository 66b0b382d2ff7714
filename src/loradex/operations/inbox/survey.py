"""Which models wait in the inbox, in a form that is small for any number of them."""

from __future__ import annotations

from array import array
from bisect import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from loradex.operations.inbox.items import LIKELY, SURE, Group, Item

_ORDER = tuple(Group)
_LISTS = ("ids", "groups", "sure", "tags", "likely", "certain")
_FEW = 16
"""Models up to which each is looked for by itself when they are taken out."""


@dataclass(slots=True)
class Survey:
    """Which models are in the inbox, with what lists and counters need; in lists of equal length.

    Groups come first, then the surest.
    """

    ids: array[int] = field(default_factory=lambda: array("q"))
    groups: bytearray = field(default_factory=bytearray)
    """Places in `Group`."""
    sure: bytearray = field(default_factory=bytearray)
    """Of the surest proposal, in percent."""
    tags: array[int] = field(default_factory=lambda: array("H"))
    """Proposed tags."""
    likely: array[int] = field(default_factory=lambda: array("H"))
    """Those of them that are likely at least."""
    certain: array[int] = field(default_factory=lambda: array("H"))
    """Those of them that are sure."""
    looked: int = 0
    """Models that were looked at."""
    problem: str = ""
    """Why no tags are proposed: a rule file that cannot be read. Else empty."""

    def count(self, group: Group) -> int:
        """Return how many models are in a group."""
        return self.groups.count(_ORDER.index(group))

    def group(self, index: int) -> Group:
        """Return the group of the model at a place."""
        return _ORDER[self.groups[index]]

    def of_group(self, group: Group | None) -> list[int]:
        """Return the models of a group, of all for None."""
        return [id_ for at, id_ in enumerate(self.ids) if group in (None, self.group(at))]

    def add(self, item: Item) -> None:
        """Take a model in, at the end; one that nothing is proposed of stays out."""
        if item.group is not None:
            self.ids.append(item.row.id)
            self.groups.append(_ORDER.index(item.group))
            self.sure.append(round(item.sure * 100))
            confidences = [each.confidence for each in item.tags]
            self.tags.append(len(confidences))
            self.likely.append(sum(each >= LIKELY for each in confidences))
            self.certain.append(sum(each >= SURE for each in confidences))

    def picked(self, places: Iterable[int]) -> Survey:
        """Return those at these places, in that order."""
        some = list(places)
        return Survey(
            array("q", [self.ids[at] for at in some]),
            bytearray(self.groups[at] for at in some),
            bytearray(self.sure[at] for at in some),
            array("H", [self.tags[at] for at in some]),
            array("H", [self.likely[at] for at in some]),
            array("H", [self.certain[at] for at in some]),
            self.looked,
            self.problem,
        )

    def remove(self, ids: Sequence[int]) -> None:
        """Take models out; those that are not in it are passed over."""
        if len(ids) > _FEW:
            gone = set(ids)
            left = self.picked(at for at, id_ in enumerate(self.ids) if id_ not in gone)
            for name in _LISTS:
                setattr(self, name, getattr(left, name))
            return
        for id_ in ids:
            try:
                at = self.ids.index(id_)
            except ValueError:
                continue
            for name in _LISTS:
                del getattr(self, name)[at]

    def insert(self, other: Survey) -> None:
        """Take the models of another survey in, each where it ranks. None may be in it already."""
        for at in range(len(other.ids)):
            rank = other.rank(at)
            place = bisect(range(len(self.ids)), rank, key=self.rank)
            for name in _LISTS:
                getattr(self, name).insert(place, getattr(other, name)[at])

    def rank(self, at: int) -> tuple[int, int, int]:
        """Return what the model at a place is sorted by."""
        return (self.groups[at], -self.sure[at], self.ids[at])

    def ranked(self) -> Survey:
        """Return it with groups first, then the surest, then by number."""
        return self.picked(sorted(range(len(self.ids)), key=self.rank))
