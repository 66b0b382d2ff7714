"""One folder of a walk: which of its entries are models, folders to enter, links or downloads.

A scan of a library where nothing has changed is listing its folders and little else, so the usual
entry, a regular file with a model's suffix, takes the shortest way: one `lstat`, one tuple.
"""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice

from loradex.domain.scanning import Found, Stamp
from loradex.formats.model_files import (
    CONTROL_FILE,
    DOWNLOAD_SUFFIXES,
    MODEL_SUFFIXES,
    is_model_file,
)

MODEL_INDEX = b"model_index.json"
_FOLDER_DEPTH = 4
_MODEL_ENDS = frozenset(map(os.fsencode, MODEL_SUFFIXES))
_PLAIN_ENDS = frozenset({b".safetensors", b".sft", b".gguf", b".ckpt"})
"""Suffixes that training state never has."""
_DOWNLOAD_ENDS = frozenset(map(os.fsencode, DOWNLOAD_SUFFIXES))
CONTROL_END = os.fsencode(CONTROL_FILE)
_TELLING_ENDS = _MODEL_ENDS | _DOWNLOAD_ENDS
_DOT = ord(".")
_SECOND = 1_000_000_000


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
    incomplete: dict[bytes, str] = field(default_factory=dict)
    """Models in several files that lack some of them, and the sentence that says which."""

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


class Folder:
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
        self._shards: set[bytes] = set()

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
            if end == CONTROL_END:
                self._controls.add(path[: -len(CONTROL_END)])
            else:
                self._downloads += end != entry.name
        elif end in _MODEL_ENDS:
            if is_model_file(os.fsdecode(entry.name)):
                info = entry.stat()
                if not stat.S_ISREG(info.st_mode):
                    return
                if b"-of-" in entry.name:
                    self._shards.add(entry.name)
                if not self._leaves_out(path):
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
        if self._shards:
            self._settle_shards(result)
        if self._controls:
            mine = list(islice(self._stamps, self._before, None))
            growing = [stamp for stamp in mine if stamp[0] in self._controls]
            for stamp in growing:
                del self._stamps[stamp]
            result.downloads += len(growing)
        result.broken += self._broken
        result.unread += self._unread
        result.downloads += self._downloads

    def _settle_shards(self, result: Walk) -> None:
        """Leave out shards that only go on with the first, and note which models lack some.

        The first shard stands for the model: its header is read with the rest.
        """
        from loradex.formats.shards import shard_name, shards_problem  # noqa: PLC0415 - few have any

        named = [
            (stamp, shard)
            for stamp in islice(self._stamps, self._before, None)
            if (shard := shard_name(os.fsdecode(stamp[0].rpartition(b"/")[2])))
        ]
        whole = {(shard.whole, shard.of) for _, shard in named if shard.number == 1}
        for stamp, shard in named:
            if shard.number > 1 and (shard.whole, shard.of) in whole:
                del self._stamps[stamp]
                continue
            there = self._shards
            lost = [n for n in shard.needed if os.fsencode(shard.sibling(n)) not in there]
            problem = shards_problem(lost, (), shard.of)
            if problem is not None:
                result.incomplete[stamp[0]] = problem


def add_whole_folder(result: Walk, folder: bytes, relative: bytes) -> None:
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
