"""One look through a library's folders: what lies there beside models. Nothing is opened."""

# ruff: noqa: PTH115 - names are bytes here, which pathlib does not take

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from loradex.domain.progress import CancelToken, Progress, ProgressSink
from loradex.formats.model_files import is_download

_INDEX = "model_index.json"


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link. `target` is what it says, as bytes."""

    relative: bytes
    target: bytes
    reaches: str
    """`nothing`, `inside` or `outside` of the library."""


@dataclass(slots=True)
class Survey:
    """What a look through a library met; paths are relative."""

    names: dict[bytes, list[str]] = field(default_factory=dict)
    """Folder ("" is the root) to the names of plain files in it."""
    folders: dict[bytes, list[str]] = field(default_factory=dict)
    """Folder to the names of the folders in it, which may be models."""
    links: list[Link] = field(default_factory=list)
    downloads: list[tuple[bytes, int, float]] = field(default_factory=list)
    """Unfinished files: path, size, and when they last changed."""
    closed: list[tuple[bytes, str]] = field(default_factory=list)
    """Folders that could not be listed, with the reason."""


def look_around(
    root: bytes, ignore: Sequence[str], sink: ProgressSink, cancel: CancelToken
) -> Survey:
    """Return what lies in a library's folders, without what its globs leave out.

    Links are told and not followed; hidden folders and those of a diffusers model are not entered.
    """
    survey = Survey()
    ignored = re.compile("|".join(map(fnmatch.translate, ignore))) if ignore else None
    waiting, count, real = [b""], 0, os.path.realpath(root)
    while waiting:
        cancel.check()
        relative = waiting.pop()
        before = relative + b"/" if relative else b""
        inner: list[bytes] = []
        names: list[str] = []
        try:
            with os.scandir(root + b"/" + relative) as listing:
                for entry in listing:
                    path = before + entry.name
                    if ignored is not None and ignored.match(os.fsdecode(path)):
                        continue
                    if entry.is_symlink():
                        survey.links.append(_link(root, real, path))
                        names.append(os.fsdecode(entry.name))
                    elif entry.is_dir(follow_symlinks=False):
                        if not entry.name.startswith(b"."):
                            inner.append(path)
                    else:
                        name = os.fsdecode(entry.name)
                        names.append(name)
                        if is_download(name):
                            info = entry.stat(follow_symlinks=False)
                            survey.downloads.append((path, info.st_size, info.st_mtime))
        except OSError as error:
            survey.closed.append((relative, error.strerror or str(error)))
            continue
        if _INDEX in names and relative:
            continue
        survey.names[relative] = names
        survey.folders[relative] = [os.fsdecode(path[len(before) :]) for path in inner]
        waiting += inner
        count += len(names)
        sink.progress(Progress("Looking around", count))
    return survey


def _link(root: bytes, real: bytes, relative: bytes) -> Link:
    path = root + b"/" + relative
    try:
        target = os.readlink(path)
        resolved = os.path.realpath(path, strict=True)
    except OSError:
        return Link(relative, _told(path), "nothing")
    inside = resolved == real or resolved.startswith(real.rstrip(b"/") + b"/")
    return Link(relative, target, "inside" if inside else "outside")


def _told(path: bytes) -> bytes:
    try:
        return os.readlink(path)
    except OSError:
        return b""
