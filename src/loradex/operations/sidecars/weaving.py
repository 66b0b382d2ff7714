"""Weave what loradex would write into a file that a tool, or a person in it, may have changed.

Three texts are compared, key by key: the file as it is, as loradex last read or wrote it, and as
loradex would have it. What only one side has changed is taken from that side; what both have is a
conflict, in which the file stays as it is unless the person says otherwise. Keys that loradex does
not know are never touched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from loradex.domain.sidecars import KeyRule, SidecarKey


class Change(StrEnum):
    """What happens to a key."""

    ADDED = "added"
    CHANGED = "changed"
    CONFLICT = "conflict"
    """It was changed there and here: what stands there stays."""


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A key that is written, or would be but for a conflict."""

    key: str
    before: object
    after: object
    change: Change


@dataclass(frozen=True, slots=True)
class Woven:
    """A document as it is to be written, and what differs from the file as it is."""

    document: dict[str, object]
    changes: tuple[KeyChange, ...]

    def ours(self, last: Mapping[str, object] | None, before: Collection[str]) -> list[str]:
        """Return the keys that loradex itself has written so, `before` those of the last time."""
        wrote = {each.key for each in self.written}
        others = {each.key for each in self.conflicts}
        known = last or {}
        still = {
            key
            for key in before
            if key not in others and key in known and self.document.get(key) == known[key]
        }
        return sorted(wrote | still)

    @property
    def written(self) -> tuple[KeyChange, ...]:
        """The changes that are really made."""
        return tuple(each for each in self.changes if each.change is not Change.CONFLICT)

    @property
    def conflicts(self) -> tuple[KeyChange, ...]:
        """The changes that are left undone."""
        return tuple(each for each in self.changes if each.change is Change.CONFLICT)


_NOTHING = object()


def woven(
    existing: Mapping[str, object],
    last: Mapping[str, object] | None,
    keys: Iterable[SidecarKey],
    *,
    ours: Collection[str] = (),
    said: Collection[str] = (),
    replace: bool = False,
) -> Woven:
    """Return `existing` with these keys; `last` is the file as loradex knew it, None if never.

    `ours` are the keys that loradex itself wrote as they are in `last`. `said` are
    the names under which the person has said something in loradex since. With `replace` loradex
    wins every conflict.
    """
    document = dict(existing)
    changes = []
    for key in keys:
        if key.key not in existing:
            document[key.key] = key.value
            changes.append(KeyChange(key.key, None, key.value, Change.ADDED))
            continue
        there = existing[key.key]
        wanted = _wanted(key, there)
        if _same(wanted, there):
            continue
        before = _NOTHING if last is None else last.get(key.key, _NOTHING)
        own = key.own in said or key.key in ours
        change = _change(key, there, before, own=own, replace=replace)
        if change is None:
            continue
        if change is not Change.CONFLICT:
            document[key.key] = wanted
        changes.append(KeyChange(key.key, there, wanted, change))
    return Woven(document, tuple(changes))


def _wanted(key: SidecarKey, there: object) -> object:
    """Return what loradex would have there: nothing never replaces anything."""
    if is_empty(key.value) or (key.rule is KeyRule.ONCE and not is_empty(there)):
        return there
    return merged(there, key.value)


def _same(one: object, other: object) -> bool:
    """Tell whether two values are one, blanks around a text aside."""
    if isinstance(one, str) and isinstance(other, str):
        return one.strip() == other.strip()
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _change(
    key: SidecarKey, there: object, before: object, *, own: bool, replace: bool
) -> Change | None:
    """Return what becomes of a key that stands there and is wanted otherwise; None: leave it."""
    if key.rule is KeyRule.FILE or replace or is_empty(there):
        return Change.CHANGED
    if before is not _NOTHING and there != before and merged(before, key.value) == before:
        return None  # only the tool has changed it since
    if key.rule is not KeyRule.PERSON or _only_more(there, key.value):
        return Change.CHANGED
    return Change.CHANGED if there == before and own else Change.CONFLICT


def merged(there: object, ours: object) -> object:
    """Return our value; of two tables the one with the other's keys kept, all the way down.

    Inside a table, too, nothing never replaces anything.
    """
    if not (isinstance(there, dict) and isinstance(ours, dict)):
        return ours
    result = dict(there)
    for key, value in ours.items():
        if key not in there:
            result[key] = value
        elif not is_empty(value):
            result[key] = merged(there[key], value)
    return result


def is_empty(value: object) -> bool:
    """Tell whether a value says nothing: null, false, 0, or without any content."""
    return value in (None, "", 0, "Unknown") or (isinstance(value, list | dict) and not value)


def _only_more(there: object, ours: object) -> bool:
    """Tell whether our list has all that is there, and more."""
    if not (isinstance(there, list) and isinstance(ours, list)):
        return False
    return all(entry in ours for entry in there)
