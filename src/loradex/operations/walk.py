"""Walk a library: every model file and diffusers folder in it, without opening any.

A scan of a library where nothing has changed is this walk and little else, so the usual entry, a
regular file with a model's suffix, takes the shortest way: one `lstat`, one tuple.
"""

from __future__ import annotations

import fnmatch
import os
import re
import stat
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import cast

from loradex.domain.progress import CancelToken
from loradex.domain.scanning import Found, Stamp
from loradex.domain.text import display_text
from loradex.formats.model_files import (
    CONTROL_FILE,
    DOWNLOAD_SUFFIXES,
    MODEL_SUFFIXES,
    is_model_file,
)
from loradex.operations.walk_helpers import Helper, may_help

MODEL_INDEX = b"model_index.json"
_FOLDER_DEPTH = 4
_MODEL_ENDS = frozenset(map(os.fsencode, MODEL_SUFFIXES))
_PLAIN_ENDS = frozenset({b".safetensors", b".sft", b".gguf", b".ckpt"})
"""Suffixes that training state never has."""
_DOWNLOAD_ENDS = frozenset(map(os.fsencode, DOWNLOAD_SUFFIXES))
_CONTROL_END = os.fsencode(CONTROL_FILE)
_TELLING_ENDS = _MODEL_ENDS | _DOWNLOAD_ENDS
_DOT = ord(".")
_TELL_EVERY = 32


@dataclass(slots=True)
class Walk:
    """What a walk met. Nothing below an `unread` folder may be called missing."""

    stamps: dict[Stamp, int] = field(default_factory=dict)
    """Path, size, time and inode of each model, and the device it is on."""
    folders: set[bytes] = field(default_factory=set)
    """Which of these paths are diffusers folders."""
    downloads: int = 0
    """Downloads in progress, left alone."""
    unread: list[tuple[bytes, str]] = field(default_factory=list)
    """Folders that could not be listed, relative, with the reason."""
    broken: list[tuple[bytes, str]] = field(default_factory=list)
    """Names that cannot be followed to a file, relative, with the reason."""

    @property
    def found(self) -> list[Found]:
        """All models of the walk."""
        return self.only(self.stamps)

    def only(self, stamps: Iterable[Stamp]) -> list[Found]:
        """Return the models that have these stamps, in that order."""
        return [
            Found(path, size, mtime_ns, self.stamps[stamp], inode, path in self.folders)
            for stamp in stamps
            for path, size, mtime_ns, inode in (stamp,)
        ]


def walk(
    root: bytes,
    ignore: Sequence[str],
    cancel: CancelToken,
    on_count: Callable[[int], None] | None = None,
    *,
    helpers: int = 0,
) -> Walk:
    """Return all model files below `root`, in no particular order.

    Links to files and folders are followed; a folder met before, under whatever name, is not
    entered again. Hidden folders and those that match an ignore glob are left out. A folder with
    a `model_index.json` counts as one model, and so do the shards of one beside each other.
    `on_count` hears how many were found, now and then. Up to `helpers` other processes take a
    share where that is possible: for libraries of thousands of files.
    """
    walker = _Walker(root, _ignoring(ignore))
    if helpers and may_help():
        _walk_together(walker, helpers, cancel)
    folders = 0
    while walker.pending or walker.linked:
        cancel.check()
        if walker.pending:
            walker.enter(walker.pending.pop())
        else:  # linked folders come last, so that a file is known by where it really is
            walker.enter_link(walker.linked.pop(0))
        folders += 1
        if on_count is not None and folders % _TELL_EVERY == 1:
            on_count(len(walker.result.stamps))
    return walker.result


_Names = list[tuple[bytes, str]]
_Share = tuple[
    dict[Stamp, int], set[bytes], int, _Names, _Names, list[bytes], list[bytes]
]  # as plain as `Helper` wants it


class _Walker:
    """The walk under way: folders that wait, and what was found."""

    def __init__(self, root: bytes, ignored: Callable[[bytes], bool] | None) -> None:
        self.result = Walk()
        self.pending = [b""]
        self.linked: list[bytes] = []
        self._root = root
        self._ignored = ignored
        self._entered: list[bytes] = []
        self._visited: set[tuple[int, int]] | None = None

    def _path(self, relative: bytes) -> bytes:
        return self._root + b"/" + relative if relative else self._root

    def enter(self, relative: bytes) -> None:
        """List a folder that lies where it is."""
        self._entered.append(relative)
        self._list(relative)

    def enter_link(self, relative: bytes) -> None:
        """List a folder that a link leads to, or one below it, unless it was entered before.

        Only links lead to a folder twice, so without any no folder's identity is ever asked for.
        """
        if self._visited is None:
            self._visited = set(filter(None, map(self._identity, self._entered)))
        identity = self._identity(relative)
        if identity is None:
            self.result.unread.append((relative, "it cannot be looked at"))
        elif identity not in self._visited:
            self._visited.add(identity)
            waiting = len(self.pending)
            self._list(relative)
            # What lies below a link may have been entered as well: ask each.
            self.linked += self.pending[waiting:]
            del self.pending[waiting:]

    def walk_below(self, share: list[bytes], go_on: Callable[[], bool]) -> _Share:
        """Walk these folders in a copy of this process; return what they hold for `take_in`."""
        mine = _Walker(self._root, self._ignored)
        mine.pending = share
        while mine.pending and go_on():
            mine.enter(mine.pending.pop())
        found = mine.result
        return (
            found.stamps,
            found.folders,
            found.downloads,
            found.unread,
            found.broken,
            mine.linked,
            mine._entered,
        )

    def take_in(self, share: object) -> bool:
        """Add what a helper met; False when it met nothing because it failed."""
        if share is None:
            return False
        stamps, folders, downloads, unread, broken, linked, entered = cast("_Share", share)
        self.result.stamps.update(stamps)
        self.result.folders.update(folders)
        self.result.downloads += downloads
        self.result.unread += unread
        self.result.broken += broken
        self.linked += linked
        self._entered += entered
        return True

    def _identity(self, relative: bytes) -> tuple[int, int] | None:
        try:
            info = os.stat(self._path(relative))
        except OSError:
            return None
        return info.st_dev, info.st_ino

    def _list(self, relative: bytes) -> None:
        try:
            listing = os.scandir(self._path(relative))
        except OSError as error:
            self.result.unread.append((relative, error.strerror or str(error)))
            return
        folder = _Folder(relative + b"/" if relative else b"", self._ignored, self.result.stamps)
        try:
            with listing:
                folder.take(listing)
        except OSError as error:
            folder.forget()
            self.result.unread.append((relative, error.strerror or str(error)))
            return
        if folder.is_model:
            folder.forget()
            _add_whole_folder(self.result, self._path(relative), relative)
            return
        folder.settle(self.result)
        self.pending += folder.inner
        self.linked += folder.linked


def _walk_together(walker: _Walker, helpers: int, cancel: CancelToken) -> None:
    """Walk with helpers until only linked folders are left, or what a helper has failed to do."""
    hands = helpers + 1
    for _ in range(_MOST_FIRST):
        if not walker.pending or len(walker.pending) >= _FOLDERS_EACH * hands:
            break
        walker.enter(walker.pending.pop(0))  # in breadth, so that shares are alike
    shares = [walker.pending[number::hands] for number in range(hands)]
    if not all(shares):
        return
    walker.pending = shares[0]
    others: list[tuple[list[bytes], Helper | None]] = []
    try:
        for share in shares[1:]:
            others.append((share, _helper(walker, share)))
        while walker.pending:
            cancel.check()
            walker.enter(walker.pending.pop())
        for share, helper in others:
            if helper is None or not walker.take_in(helper.result(cancel)):
                walker.pending += share
    finally:
        for _, helper in others:
            if helper is not None:
                helper.stop()


def _helper(walker: _Walker, share: list[bytes]) -> Helper | None:
    try:
        return Helper(partial(walker.walk_below, share))
    except OSError:  # too many processes: then it is done here
        return None


_FOLDERS_EACH = 16
_MOST_FIRST = 200


class _Folder:
    """One folder's entries; its models go straight into `stamps`, as the last ones there."""

    __slots__ = (
        "_before", "_broken", "_controls", "_downloads", "_ignored", "_prefix", "_shards",
        "_stamps", "_unread", "inner", "is_model", "linked",
    )  # fmt: skip

    def __init__(
        self, prefix: bytes, ignored: Callable[[bytes], bool] | None, stamps: dict[Stamp, int]
    ) -> None:
        self.inner: list[bytes] = []
        self.linked: list[bytes] = []
        self.is_model = False
        self._prefix = prefix
        self._ignored = ignored
        self._stamps = stamps
        self._before = len(stamps)
        self._controls: set[bytes] = set()
        self._broken: list[tuple[bytes, str]] = []
        self._unread: list[tuple[bytes, str]] = []
        self._downloads = 0
        self._shards = False

    def take(self, listing: Iterable[os.DirEntry[bytes]]) -> None:
        """Look at all entries; raise OSError when the listing breaks off."""
        prefix, stamps, plain = self._prefix, self._stamps, self._ignored is None
        for entry in listing:
            name = entry.name
            end = name[name.rfind(b".") :]
            if end in _PLAIN_ENDS and plain and name[0] != _DOT and b"-of-" not in name:
                try:
                    info = entry.stat(follow_symlinks=False)
                except OSError:
                    self._unusual(entry, end)
                    continue
                if stat.S_ISREG(info.st_mode):
                    key = (prefix + name, info.st_size, info.st_mtime_ns, info.st_ino)
                    stamps[key] = info.st_dev
                    continue
            elif (
                entry.is_file(follow_symlinks=False)
                and end.lower() not in _TELLING_ENDS
                and name != MODEL_INDEX
            ):
                continue  # a preview, a text: there may be one beside each model
            self._unusual(entry, end)

    def _unusual(self, entry: os.DirEntry[bytes], end: bytes) -> None:
        """Take in a folder, a link, a download or anything else that is no plain model file."""
        path = self._prefix + entry.name
        try:
            if entry.is_dir():
                if entry.name[0] != _DOT and not self._leaves_out(path):
                    (self.linked if entry.is_symlink() else self.inner).append(path)
                return
            self._other_file(entry, path, end.lower())
        except FileNotFoundError:
            if entry.is_symlink():  # else it was deleted while we looked
                self._broken.append((path, "It is a link that leads nowhere."))
        except OSError as error:
            reason = error.strerror or str(error)
            if end.lower() in _MODEL_ENDS:
                self._broken.append((path, f"It cannot be read: {reason}."))
            else:  # a link, perhaps to a folder
                self._unread.append((path, reason))

    def _other_file(self, entry: os.DirEntry[bytes], path: bytes, end: bytes) -> None:
        if end in _DOWNLOAD_ENDS:
            if end == _CONTROL_END:
                self._controls.add(path[: -len(_CONTROL_END)])
            else:
                self._downloads += end != entry.name
        elif end in _MODEL_ENDS:
            if is_model_file(os.fsdecode(entry.name)) and not self._leaves_out(path):
                info = entry.stat()
                if stat.S_ISREG(info.st_mode):
                    self._shards |= b"-of-" in path
                    key = (path, info.st_size, info.st_mtime_ns, info.st_ino)
                    self._stamps[key] = info.st_dev
        elif entry.name == MODEL_INDEX:
            self.is_model = bool(self._prefix)

    def _leaves_out(self, path: bytes) -> bool:
        return self._ignored is not None and self._ignored(path)

    def forget(self) -> None:
        """Take back the folder's models."""
        while len(self._stamps) > self._before:
            self._stamps.popitem()

    def settle(self, result: Walk) -> None:
        """Leave out what a downloader still writes, and shards that only go on with another."""
        if self._controls or self._shards:
            mine = list(islice(self._stamps, self._before, None))
            growing = [stamp for stamp in mine if stamp[0] in self._controls]
            for stamp in (*growing, *further_shards(mine)):
                self._stamps.pop(stamp, None)
            result.downloads += len(growing)
        result.broken += self._broken
        result.unread += self._unread
        result.downloads += self._downloads


def further_shards(stamps: Sequence[Stamp]) -> list[Stamp]:
    """Return those that only go on with a model whose first shard is among them.

    All are of one folder. The first shard stands for the model: its header is read with the rest.
    """
    from loradex.formats.shards import shard_name  # noqa: PLC0415 - few folders have any

    named = [(stamp, shard) for stamp in stamps if (shard := shard_name(os.fsdecode(stamp[0])))]
    whole = {(shard.whole, shard.of) for _, shard in named if shard.number == 1}
    return [
        stamp for stamp, shard in named if shard.number > 1 and (shard.whole, shard.of) in whole
    ]


def _ignoring(globs: Sequence[str]) -> Callable[[bytes], bool] | None:
    """Return a test of relative paths, None for the many libraries that leave out nothing."""
    if not globs:
        return None
    pattern = re.compile("|".join(fnmatch.translate(glob) for glob in globs))
    return lambda relative: pattern.match(os.fsdecode(relative)) is not None


def _add_whole_folder(result: Walk, folder: bytes, relative: bytes) -> None:
    """Add a diffusers folder as one thing: the sum of its sizes, the newest of its times.

    The nanoseconds of its time stand for all its files' names, sizes and times, so that any of
    them may change and be noticed.
    """
    try:
        info = os.stat(folder)
    except OSError as error:
        result.unread.append((relative, error.strerror or str(error)))
        return
    size, newest, told = 0, info.st_mtime_ns, list[bytes]()
    pending = [(b"", 0)]
    while pending:
        below, depth = pending.pop()
        try:
            with os.scandir(folder + below) as listing:
                entries = list(listing)
        except OSError:
            continue
        for entry in entries:
            name = below + b"/" + entry.name
            try:
                if entry.is_dir(follow_symlinks=False):
                    if depth < _FOLDER_DEPTH:
                        pending.append((name, depth + 1))
                    continue
                inner = entry.stat()
            except OSError:  # a link that leads nowhere, say
                continue
            size += inner.st_size
            newest = max(newest, inner.st_mtime_ns)
            told.append(b"%b\0%d\0%d" % (name, inner.st_size, inner.st_mtime_ns))
    time_ns = newest - newest % _SECOND + zlib.crc32(b"\n".join(sorted(told))) % _SECOND
    result.stamps[(relative, size, time_ns, info.st_ino)] = info.st_dev
    result.folders.add(relative)


_SECOND = 1_000_000_000


def shown(relative: bytes) -> str:
    """Return a relative path as a person may see it."""
    return display_text(os.fsdecode(relative))
