"""Walk a library: every model file and diffusers folder in it, without opening any.

A scan of a library where nothing has changed is this walk and little else, so the usual entry, a
regular file with a model's suffix, takes the shortest way: one `lstat`, one tuple.
"""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from loradex.domain.progress import CancelToken
from loradex.domain.scanning import Found, Stamp
from loradex.domain.text import display_text
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
_CONTROL_END = os.fsencode(CONTROL_FILE)
_DOT = ord(".")


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

    def add(self, path: bytes, info: os.stat_result) -> None:
        """Take in a file."""
        self.stamps[(path, info.st_size, info.st_mtime_ns, info.st_ino)] = info.st_dev


def walk(
    root: bytes,
    ignore: Sequence[str],
    cancel: CancelToken,
    on_count: Callable[[int], None] | None = None,
) -> Walk:
    """Return all model files below `root`, in no particular order.

    Links to files and folders are followed; a folder met before, under whatever name, is not
    entered again. Hidden folders and those that match an ignore glob are left out. A folder with
    a `model_index.json` counts as one model, and so do the shards of one beside each other.
    `on_count` hears how many were found, once a folder.
    """
    result = Walk()
    ignored = _ignoring(ignore)
    visited: set[tuple[int, int]] = set()
    # Linked folders come last, so that a file is known by where it really is.
    pending, linked = [b""], list[bytes]()
    while pending or linked:
        cancel.check()
        relative = pending.pop() if pending else linked.pop(0)
        path = root + b"/" + relative if relative else root
        try:
            info = os.stat(path)
            if (info.st_dev, info.st_ino) in visited:
                continue
            visited.add((info.st_dev, info.st_ino))
            folder = _Folder(path, relative, ignored)
        except OSError as error:
            result.unread.append((relative, error.strerror or str(error)))
            continue
        if folder.is_model:
            _add_whole_folder(result, path, relative, info)
            continue
        folder.give(result)
        pending += folder.inner
        linked += folder.linked
        if on_count is not None:
            on_count(len(result.stamps))
    return result


class _Folder:
    """One folder's entries. Raises OSError when it cannot be listed."""

    def __init__(
        self, path: bytes, relative: bytes, ignored: Callable[[bytes], bool] | None
    ) -> None:
        self.inner: list[bytes] = []
        self.linked: list[bytes] = []
        self.is_model = False
        self._prefix = relative + b"/" if relative else b""
        self._ignored = ignored
        self._files = Walk()
        self._controls: set[bytes] = set()
        self._list(path)

    def _list(self, path: bytes) -> None:
        prefix, stamps, plain = self._prefix, self._files.stamps, self._ignored is None
        with os.scandir(path) as listing:
            for entry in listing:
                name = entry.name
                end = name[name.rfind(b".") :]
                if end in _PLAIN_ENDS and plain and name[0] != _DOT:
                    try:
                        info = entry.stat(follow_symlinks=False)
                    except OSError:
                        self._unusual(entry, end)
                        continue
                    if stat.S_ISREG(info.st_mode):
                        key = (prefix + name, info.st_size, info.st_mtime_ns, info.st_ino)
                        stamps[key] = info.st_dev
                        continue
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
                self._files.broken.append((path, "It is a link that leads nowhere."))
        except OSError as error:
            text = f"It cannot be read: {error.strerror or error}."
            self._files.broken.append((path, text))

    def _other_file(self, entry: os.DirEntry[bytes], path: bytes, end: bytes) -> None:
        if end in _DOWNLOAD_ENDS:
            if end == _CONTROL_END:
                self._controls.add(path[: -len(_CONTROL_END)])
            else:
                self._files.downloads += end != entry.name
        elif end in _MODEL_ENDS:
            if is_model_file(os.fsdecode(entry.name)) and not self._leaves_out(path):
                info = entry.stat()
                if stat.S_ISREG(info.st_mode):
                    self._files.add(path, info)
        elif entry.name == MODEL_INDEX:
            self.is_model = bool(self._prefix)

    def _leaves_out(self, path: bytes) -> bool:
        return self._ignored is not None and self._ignored(path)

    def give(self, result: Walk) -> None:
        """Add what the folder holds; a file that a downloader still writes counts as a download."""
        files = self._files
        if self._controls:
            growing = [stamp for stamp in files.stamps if stamp[0] in self._controls]
            for stamp in growing:
                del files.stamps[stamp]
            files.downloads += len(growing)
        if parts := [stamp for stamp in files.stamps if b"-of-" in stamp[0]]:
            for stamp in further_shards(parts):
                del files.stamps[stamp]
        result.stamps.update(files.stamps)
        result.broken += files.broken
        result.downloads += files.downloads


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


def _add_whole_folder(result: Walk, folder: bytes, relative: bytes, info: os.stat_result) -> None:
    """Add a diffusers folder as one thing: the sum of its sizes, the newest of its times."""
    size, newest = 0, info.st_mtime_ns
    pending = [(folder, 0)]
    while pending:
        current, depth = pending.pop()
        try:
            with os.scandir(current) as listing:
                for entry in listing:
                    if entry.is_dir(follow_symlinks=False):
                        if depth < _FOLDER_DEPTH:
                            pending.append((current + b"/" + entry.name, depth + 1))
                        continue
                    inner = entry.stat()
                    size += inner.st_size
                    newest = max(newest, inner.st_mtime_ns)
        except OSError:
            continue
    result.stamps[(relative, size, newest, info.st_ino)] = info.st_dev
    result.folders.add(relative)


def shown(relative: bytes) -> str:
    """Return a relative path as a person may see it."""
    return display_text(os.fsdecode(relative))
