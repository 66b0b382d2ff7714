"""What the catalog knows of a watched library, and what differs from the time before."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from loradex.domain.library import FileState, Library
from loradex.domain.scanning import KnownFile
from loradex.operations.watching.events import EventKind

_THERE = frozenset({FileState.PRESENT, FileState.UNREADABLE})


@dataclass(frozen=True, slots=True)
class Difference:
    """One file that is not as it was. `before` is its former absolute path, where it moved."""

    kind: EventKind
    file: KnownFile
    path: str
    before: str = ""


class Snapshot:
    """A library's files as the catalog had them at one time."""

    def __init__(self, library: Library, files: Iterable[KnownFile]) -> None:
        self._root = library.root
        self.files: Mapping[int, KnownFile] = {file.id: file for file in files}
        self._signs = {(file.inode, file.size, file.mtime_ns) for file in self.files.values()}
        self._folders = {
            folder
            for file in self.files.values()
            if file.state != FileState.MISSING
            for folder in _folders_above(file.raw_path)
        }

    def path_of(self, file: KnownFile) -> str:
        """Return a file's absolute path."""
        return f"{self._root}/{os.fsdecode(file.raw_path)}"

    def knows(self, info: os.stat_result) -> bool:
        """Tell whether a file is a known one as it was, under whatever name."""
        return (info.st_ino, info.st_size, info.st_mtime_ns) in self._signs

    def had_folder(self, path: str) -> bool:
        """Tell whether files were known below this absolute path."""
        return os.fsencode(os.path.relpath(path, self._root)) in self._folders

    def left_since(self, before: Snapshot) -> dict[int, str]:
        """Return where files were `before` that are in another library now, or in none."""
        return {
            id_: before.path_of(file) for id_, file in before.files.items() if id_ not in self.files
        }

    def differences(self, before: Snapshot, elsewhere: Mapping[int, str]) -> Iterator[Difference]:
        """Yield what is not as it was `before`; `elsewhere` has paths of files outside of it."""
        for file in self.files.values():
            was = before.files.get(file.id)
            path = self.path_of(file)
            if was is None:
                if file.state in _THERE and elsewhere.get(file.id) == path:
                    yield Difference(EventKind.BACK, file, path)
                elif file.state in _THERE and file.id in elsewhere:
                    yield Difference(EventKind.MOVED, file, path, elsewhere[file.id])
                elif file.state in _THERE:
                    yield Difference(EventKind.INDEXED, file, path)
            elif (kind := _change(was, file)) is not None:
                old = before.path_of(was) if kind is EventKind.MOVED else ""
                yield Difference(kind, file, path, old)


def _change(was: KnownFile, now: KnownFile) -> EventKind | None:
    if was.state in _THERE and now.state == FileState.MISSING:
        return EventKind.GONE
    if now.state not in _THERE:
        return None
    if was.state not in _THERE:
        return EventKind.INDEXED if was.state == FileState.GROWING else EventKind.BACK
    if was.raw_path != now.raw_path:
        return EventKind.MOVED
    return None if _signs(was) == _signs(now) else EventKind.CHANGED


def _signs(file: KnownFile) -> tuple[object, ...]:
    """Return what changes with a file's bytes, or with what is wrong: a shard that was missing."""
    return file.size, file.mtime_ns, file.fingerprint, file.problem


def _folders_above(path: bytes) -> Iterator[bytes]:
    while b"/" in path:
        path = path.rpartition(b"/")[0]
        yield path
