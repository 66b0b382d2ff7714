"""Walk a library: every model file and diffusers folder in it, without opening any."""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from loradex.domain.progress import CancelToken
from loradex.domain.scanning import Found
from loradex.domain.text import display_text
from loradex.formats.model_files import is_being_downloaded, is_model_file

MODEL_INDEX = b"model_index.json"
_FOLDER_DEPTH = 4


@dataclass(slots=True)
class Walk:
    """What a walk met. Nothing below an `unread` folder may be called missing."""

    found: list[Found] = field(default_factory=list)
    downloads: int = 0
    """Downloads in progress, left alone."""
    unread: list[tuple[bytes, str]] = field(default_factory=list)
    """Folders that could not be listed, relative, with the reason."""
    broken: list[tuple[bytes, str]] = field(default_factory=list)
    """Names that cannot be followed to a file, relative, with the reason."""


def walk(root: bytes, ignore: Sequence[str], cancel: CancelToken) -> Walk:
    """Return all model files below `root`, in no particular order.

    Links to files and folders are followed; a folder met before, under whatever name, is not
    entered again. Hidden folders and those that match an ignore glob are left out. A folder with
    a `model_index.json` counts as one model.
    """
    result = Walk()
    ignored = _ignoring(ignore)
    visited: set[tuple[int, int]] = set()
    # Linked folders come last, so that a file is known by where it really is.
    pending, linked = [b""], list[bytes]()
    while pending or linked:
        cancel.check()
        relative = pending.pop() if pending else linked.pop(0)
        folder = root + b"/" + relative if relative else root
        try:
            info = os.stat(folder)
            if (info.st_dev, info.st_ino) in visited:
                continue
            visited.add((info.st_dev, info.st_ino))
            with os.scandir(folder) as listing:
                entries = list(listing)
        except OSError as error:
            result.unread.append((relative, error.strerror or str(error)))
            continue
        if any(entry.name == MODEL_INDEX for entry in entries) and relative:
            result.found.append(_whole_folder(folder, relative, info))
            continue
        names = frozenset(os.fsdecode(entry.name) for entry in entries)
        for entry in entries:
            below = relative + b"/" + entry.name if relative else entry.name
            if _visit(entry, names, ignored, below, result):
                (linked if entry.is_symlink() else pending).append(below)
    return result


def _visit(
    entry: os.DirEntry[bytes],
    beside: frozenset[str],
    ignored: Callable[[bytes], bool],
    relative: bytes,
    result: Walk,
) -> bool:
    """Take in one entry; return True for a folder that is to be entered."""
    try:
        if entry.is_dir():
            return not entry.name.startswith(b".") and not ignored(relative)
        name = os.fsdecode(entry.name)
        if is_being_downloaded(name, beside):
            result.downloads += 1
            return False
        if not is_model_file(name) or ignored(relative):
            return False
        info = entry.stat()
    except FileNotFoundError:
        if entry.is_symlink():  # else it was deleted while we looked
            result.broken.append((relative, "It is a link that leads nowhere."))
        return False
    except OSError as error:
        result.broken.append((relative, f"It cannot be read: {error.strerror or error}."))
        return False
    if stat.S_ISREG(info.st_mode):
        result.found.append(
            Found(relative, info.st_size, info.st_mtime_ns, info.st_dev, info.st_ino)
        )
    return False


def _ignoring(globs: Sequence[str]) -> Callable[[bytes], bool]:
    """Return a test of relative paths; most libraries have no globs at all."""
    if not globs:
        return lambda _relative: False
    patterns = [re.compile(fnmatch.translate(glob)) for glob in globs]
    return lambda relative: any(p.match(os.fsdecode(relative)) for p in patterns)


def _whole_folder(folder: bytes, relative: bytes, info: os.stat_result) -> Found:
    """Return a diffusers folder as one thing: the sum of its sizes, the newest of its times."""
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
    return Found(relative, size, newest, info.st_dev, info.st_ino, folder=True)


def shown(relative: bytes) -> str:
    """Return a relative path as a person may see it."""
    return display_text(os.fsdecode(relative))
