"""What changed paths mean: files that have to settle, and libraries that are to be scanned."""

# ruff: noqa: PTH112, PTH118, PTH119 - events come as texts, and there may be many

from __future__ import annotations

import os
import time
from collections.abc import Iterable

from loradex.domain.progress import CancelToken
from loradex.formats.diffusers_folder import INDEX
from loradex.formats.model_files import is_download, is_model_file
from loradex.operations.walk import walk
from loradex.operations.watching.libraries import Watched, WatchedLibraries
from loradex.operations.watching.settling import Settling

GATHER_SECONDS = 1.0
"""A file that is renamed goes from one name and comes to another: one scan shall see both."""

_RECENT_SECONDS = 10.0


class Noticing:
    """Takes in what eyes have seen."""

    def __init__(self, libraries: WatchedLibraries, settling: Settling) -> None:
        self._libraries = libraries
        self._settling = settling

    def note(self, paths: Iterable[str]) -> None:
        """Take in paths at which something happened; they may be gone."""
        soon = time.monotonic() + GATHER_SECONDS
        for path in paths:
            watched = self._libraries.owner(path)
            if watched is None or _is_hidden(path, watched.library.root):
                continue
            name = os.path.basename(path)
            if is_download(name):
                self._note_download(watched, path, soon)
            elif is_model_file(name):
                self._note_file(watched, path, soon)
            elif os.path.isdir(path):
                self._note_folder(watched, path, soon)
            elif name == INDEX or watched.snapshot.had_folder(path):
                watched.want_scan(soon)

    def note_recent(self, cancel: CancelToken) -> None:
        """Let files settle that were written just before the watch began."""
        since = (time.time() - _RECENT_SECONDS) * 1e9
        for watched in self._libraries:
            if watched.root is None:
                continue
            root = os.fsencode(watched.library.root)
            for found in walk(root, watched.library.ignore, cancel).found:
                if found.mtime_ns > since and not found.folder:
                    path = os.fsdecode(root + b"/" + found.raw_path)
                    self._note_file(watched, path, time.monotonic())

    def _note_download(self, watched: Watched, path: str, soon: float) -> None:
        """The end of a download is when its own name, or that of its control file, is gone."""
        finished = path.rpartition(".")[0]
        if is_model_file(os.path.basename(finished)) and not os.path.lexists(path):
            self._note_file(watched, finished, soon)

    def _note_folder(self, watched: Watched, path: str, soon: float) -> None:
        """Of what is in a folder when it appears, nothing is told."""
        for folder, _, names in os.walk(path):
            for name in filter(is_model_file, names):
                self._note_file(watched, os.path.join(folder, name), soon)

    def _note_file(self, watched: Watched, path: str, soon: float) -> None:
        """A known file under another name, or one that is gone, needs no time to settle."""
        try:
            known = watched.snapshot.knows(os.stat(path))
        except OSError:
            known = True
        if known:
            watched.want_scan(soon)
        else:
            self._settling.note(path)


def _is_hidden(path: str, root: str) -> bool:
    return any(part.startswith(".") for part in path.removeprefix(root).split("/"))
