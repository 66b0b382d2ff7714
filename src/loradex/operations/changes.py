"""What differs between a walk and what the catalog knew. Pure: nothing is read or written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from loradex.domain.library import FileState
from loradex.domain.scanning import NOT_OPENED, Found, KnownFile, Stamp
from loradex.operations.walk_folder import Walk


@dataclass(slots=True)
class Changes:
    """The difference. Every file of the walk and of the catalog is in exactly one place."""

    new: list[Found] = field(default_factory=list)
    changed: list[Found] = field(default_factory=list)
    again: list[Found] = field(default_factory=list)
    """Unchanged, but to be looked at: by better rules, because it failed the last time, or because
    other shards lie beside it."""
    back: list[KnownFile] = field(default_factory=list)
    moved: list[tuple[KnownFile, Found]] = field(default_factory=list)
    missing: list[KnownFile] = field(default_factory=list)
    broken: list[tuple[bytes, str]] = field(default_factory=list)
    """Names that cannot be followed to a file, and were not known as such."""
    unchanged: int = 0

    @property
    def to_look(self) -> list[list[Found]]:
        """The files whose headers are to be read, in two parts.

        Known places come first: where a copy is new, the old place's content must be the one that
        is known by a new fingerprint.
        """
        return [part for part in (self.again, [*self.new, *self.changed]) if part]


def compare(
    seen: Walk, to_tell: Iterable[Stamp], known: Mapping[bytes, KnownFile], *, rules: str | None
) -> Changes:
    """Return what a scan has to do.

    `to_tell` are the stamps of the walk that the catalog does not have as settled; `known` holds
    every place that is not settled, or was not met. `rules` None looks at all.

    A new path pairs with a vanished one of the same device, inode, size and time: it was moved.
    Below folders that could not be listed nothing counts as missing. `known` holds the models
    that lack shards too.
    """
    telling = seen.only(sorted(to_tell))
    changes = Changes(unchanged=len(seen.stamps) - len(telling))
    met: set[bytes] = set()
    for found in telling:
        met.add(found.raw_path)
        before = known.get(found.raw_path)
        if before is None:
            changes.new.append(found)
        elif not before.same_bytes(found) or before.state == FileState.GROWING:
            changes.changed.append(found)
        elif _look_again(before, rules) or _lacks_other_shards(before, seen):
            changes.again.append(found)
        elif before.state in (FileState.MISSING, FileState.OFFLINE):
            changes.back.append(before)
        else:
            changes.unchanged += 1
    for path, problem in seen.broken:
        met.add(path)
        before = known.get(path)
        if before is None or before.problem != problem or before.state != FileState.UNREADABLE:
            changes.broken.append((path, problem))
    gone = [
        file
        for path, file in known.items()
        if path not in met and not _below(path, seen.unread) and file.state != FileState.MISSING
    ]
    _pair_moves(changes, gone)
    moved = {file.id for file, _ in changes.moved}
    changes.again += [found for file, found in changes.moved if found.raw_path in seen.incomplete]
    changes.missing = [file for file in gone if file.id not in moved]
    return changes


def _look_again(before: KnownFile, rules: str | None) -> bool:
    """True for what older rules read, what could not be opened, and what was broken and away."""
    away = before.state in (FileState.MISSING, FileState.OFFLINE)
    return (
        before.content_id is None
        or before.rules != rules
        or before.device == NOT_OPENED
        or (away and before.problem is not None)
    )


def _lacks_other_shards(before: KnownFile, seen: Walk) -> bool:
    """True when a model lacks other shards than its last look told, or none any more.

    What the shards that are there hold is not seen by a walk: broken ones are always looked at.
    """
    lacking = seen.incomplete.get(before.raw_path)
    if before.problem is None or before.state != FileState.UNREADABLE:
        return lacking is not None
    from loradex.formats.shards import is_shards_problem  # noqa: PLC0415 - seldom needed

    return before.problem != lacking and is_shards_problem(before.problem)


def _pair_moves(changes: Changes, gone: Sequence[KnownFile]) -> None:
    places = {
        (file.device, file.inode, file.size, file.mtime_ns): file
        for file in gone
        if file.content_id is not None and file.state in (FileState.PRESENT, FileState.UNREADABLE)
    }
    still: list[Found] = []
    for found in changes.new:
        before = places.pop((found.device, found.inode, found.size, found.mtime_ns), None)
        if before is None:
            still.append(found)
        else:
            changes.moved.append((before, found))
    changes.new = still


def _below(path: bytes, unread: Iterable[tuple[bytes, str]]) -> bool:
    return any(
        relative in (b"", path) or path.startswith(relative + b"/") for relative, _ in unread
    )
