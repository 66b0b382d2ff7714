"""Files that were just written, until they are complete.

A file has settled when nothing about it changed for some seconds, and its header is whole, with
all its shards, or it is something else than a model: a web page in place of a download. One that
stays incomplete for a minute is taken as it is: it may be broken for good. Times are monotonic, so
a clock that jumps changes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from loradex.errors import FormatError
from loradex.formats.headers import read_header
from loradex.formats.model_file import ModelFile
from loradex.formats.model_files import is_being_downloaded
from loradex.formats.sniffing import tell_format

QUIET_SECONDS = 3.0
"""Downloaders write at least every second or so, and the coarsest file times step by two."""

GIVE_UP_SECONDS = 60.0
_ASK_AGAIN_SECONDS = 5.0

_Signs = tuple[int, int, int, int]


@dataclass(slots=True)
class _Fresh:
    """A file that is being written. `ask_at` is when to look at its header next."""

    signs: _Signs
    since: float
    ask_at: float = 0.0


class Settling:
    """The files of all libraries that are not settled, by their paths."""

    def __init__(self, quiet: float, clock: Callable[[], float]) -> None:
        self._quiet = quiet
        self._clock = clock
        self._fresh: dict[str, _Fresh] = {}

    def note(self, path: str) -> None:
        """Take a file in, or note that something happened to it: its quiet begins anew."""
        signs = _signs(path)
        if signs is not None:
            self._fresh[path] = _Fresh(signs, self._clock())

    def settled(self) -> set[str]:
        """Return and forget the files that have settled, or are gone."""
        now = self._clock()
        done: set[str] = set()
        for path, fresh in list(self._fresh.items()):
            signs = _signs(path)
            if signs != fresh.signs and signs is not None:
                fresh.signs, fresh.since, fresh.ask_at = signs, now, 0.0
            elif signs is None or self._is_settled(path, fresh, now):
                del self._fresh[path]
                done.add(path)
        return done

    @property
    def paths(self) -> frozenset[str]:
        """The files that have not settled."""
        return frozenset(self._fresh)

    def _is_settled(self, path: str, fresh: _Fresh, now: float) -> bool:
        quiet = now - fresh.since
        if quiet < self._quiet or now < fresh.ask_at:
            return False
        fresh.ask_at = now + _ASK_AGAIN_SECONDS
        control = [f"{path}.aria2"] if os.path.lexists(f"{path}.aria2") else []
        if is_being_downloaded(path, control):
            return False
        return quiet >= GIVE_UP_SECONDS or not _may_become_whole(path)


def _signs(path: str) -> _Signs | None:
    """Return what changes when a file is written; None when it is not there, or no file."""
    try:
        info = os.stat(path)
    except OSError:
        return None
    return info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino


def _may_become_whole(path: str) -> bool:
    """Tell whether a file's header is not healthy, and may be when more is written.

    So it is with a model in several files of which some are to come.
    Where the first nine bytes are there and no model begins so, nothing can be hoped for. Zeros are
    what a downloader has made room for and not written yet.
    """
    try:
        header = read_header(Path(path))
    except FormatError:
        return not _begins_as_something_else(Path(path))
    return header.shard is not None and bool(header.shard.missing)


def _begins_as_something_else(path: Path) -> bool:
    try:
        with ModelFile(path) as file:
            if file.read_at(8, 1) in (b"", b"\0"):
                return False
            tell_format(file)
    except FormatError as error:
        return error.__cause__ is None
    return False
