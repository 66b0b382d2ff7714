"""The libraries under watch, and when each is to be scanned next."""

# ruff: noqa: PTH112 - the bytes of names may be no Unicode, and many are asked about

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from loradex.domain.library import Library
from loradex.operations.watching.snapshot import Snapshot

Identity = tuple[int, int]
"""Device and inode of a folder."""


@dataclass(slots=True)
class Watched:
    """A library under watch. Times are monotonic."""

    library: Library
    snapshot: Snapshot
    due: float | None = 0.0
    """When it is to be scanned; None while there is no reason."""
    root: Identity | None = None
    """Its folder as it was when eyes were opened on it; None when it was away."""
    seen: bool = False
    """Whether it was told that it is watched; told again when it comes back."""
    told: bool = False
    """Whether it was scanned before: what the first scan finds is told of as a whole."""

    def want_scan(self, when: float) -> None:
        """Let it be scanned at that time, or before."""
        self.due = when if self.due is None else min(self.due, when)


class WatchedLibraries:
    """All of them, by their ids."""

    def __init__(self, snapshots: Iterable[tuple[Library, Snapshot]]) -> None:
        self._all = {library.id: Watched(library, files) for library, files in snapshots}

    def __contains__(self, library_id: int) -> bool:
        return library_id in self._all

    def __iter__(self) -> Iterator[Watched]:
        return iter(list(self._all.values()))

    def add(self, library: Library, snapshot: Snapshot) -> None:
        """Watch one more; it is to be scanned at once."""
        self._all[library.id] = Watched(library, snapshot)

    def owner(self, path: str) -> Watched | None:
        """Return the library that an absolute path lies in."""
        return next(
            (
                each
                for each in self._all.values()
                if path == each.library.root or path.startswith(f"{each.library.root}/")
            ),
            None,
        )

    def paths_outside(self, library: Library) -> dict[int, str]:
        """Return the paths of all other libraries' files, by the files' ids."""
        return {
            file.id: each.snapshot.path_of(file)
            for each in self._all.values()
            if each.library.id != library.id
            for file in each.snapshot.files.values()
        }

    def refresh(self, registered: dict[int, Library]) -> bool:
        """Take in what is registered and which folders are there; return whether that changed.

        A library that is registered no longer is watched no longer; one whose folder went away,
        came back, or is another one now is to be scanned.
        """
        changed = False
        for id_, watched in list(self._all.items()):
            library = registered.get(id_)
            if library is None:
                del self._all[id_]
                changed = True
                continue
            moved = library.root != watched.library.root
            watched.library = library
            if moved or identity(library.root) != watched.root:
                watched.want_scan(0.0)
                watched.seen = False
                changed = True
        return changed


def identity(root: str) -> Identity | None:
    """Return what tells a folder from another one of its name; None when it is not there."""
    try:
        info = os.stat(root)
    except OSError:
        return None
    return (info.st_dev, info.st_ino) if os.path.isdir(root) else None
