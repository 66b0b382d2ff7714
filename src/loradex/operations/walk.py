"""Walk a library: every model file and diffusers folder in it, without opening any."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

from loradex.domain.progress import CancelToken
from loradex.domain.scanning import Stamp
from loradex.domain.text import display_text
from loradex.operations.walk_folder import Folder, Walk, add_whole_folder
from loradex.operations.walk_helpers import Helper, may_help

_TELL_EVERY = 32
_FOLDERS_EACH = 8
_MOST_FIRST = 200
_MEANWHILE = 0.25
"""How long reading what was known takes, beside a walk of the same files."""


def walk(
    root: bytes,
    ignore: Sequence[str],
    cancel: CancelToken,
    on_count: Callable[[int], None] | None = None,
    *,
    helpers: int = 0,
    meanwhile: Callable[[], None] = lambda: None,
) -> Walk:
    """Return all model files below `root`, in no particular order.

    Links to files and folders are followed; a folder met before, under whatever name, is not
    entered again. Hidden folders and those that match an ignore glob are left out. A folder with
    a `model_index.json` counts as one model, and so do the shards of one beside each other.
    `on_count` hears how many were found, now and then. Up to `helpers` other processes take a
    share where that is possible: for libraries of thousands of files. `meanwhile` is done once, as
    soon as they are at work; it is taken to last a quarter of what the walk takes.
    """
    walker = _Walker(root, _ignoring(ignore), on_count)
    if helpers and may_help():
        _walk_together(walker, helpers, cancel, meanwhile)
    else:
        meanwhile()
    while walker.pending or walker.linked:
        cancel.check()
        if walker.pending:
            walker.enter(walker.pending.pop())
        else:  # linked folders come last, so that a file is known by where it really is
            walker.enter_link(walker.linked.pop(0))
    return walker.result


_Names = list[tuple[bytes, str]]
_Share = tuple[
    dict[Stamp, int], set[bytes], int, _Names, _Names, dict[bytes, str], list[bytes], list[bytes]
]  # as plain as `Helper` wants it


class _Walker:
    """The walk under way: folders that wait, and what was found."""

    def __init__(
        self,
        root: bytes,
        ignored: Callable[[bytes], bool] | None,
        on_count: Callable[[int], None] | None = None,
    ) -> None:
        self.result = Walk()
        self.pending = [b""]
        self.linked: list[bytes] = []
        self._root = root
        self._ignored = ignored
        self._on_count = on_count
        self._entered: list[bytes] = []
        self._visited: set[tuple[int, int]] | None = None

    def _path(self, relative: bytes) -> bytes:
        return self._root + b"/" + relative if relative else self._root

    def enter(self, relative: bytes) -> None:
        """List a folder that lies where it is."""
        if self._on_count is not None and len(self._entered) % _TELL_EVERY == 0:
            self._on_count(len(self.result.stamps))
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
            found.incomplete,
            mine.linked,
            mine._entered,
        )

    def take_in(self, share: object) -> bool:
        """Add what a helper met; False when it met nothing because it failed."""
        if share is None:
            return False
        plain = cast("_Share", share)
        stamps, folders, downloads, unread, broken, incomplete, linked, entered = plain
        self.result.stamps.update(stamps)
        self.result.folders.update(folders)
        self.result.downloads += downloads
        self.result.unread += unread
        self.result.broken += broken
        self.result.incomplete.update(incomplete)
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
        folder = Folder(relative + b"/" if relative else b"", self._ignored, self.result.stamps)
        try:
            with listing:
                folder.take(listing)
        except OSError as error:
            folder.forget()
            self.result.unread.append((relative, error.strerror or str(error)))
            return
        if folder.is_model:
            folder.forget()
            add_whole_folder(self.result, self._path(relative), relative)
            return
        folder.settle(self.result)
        self.pending += folder.inner
        self.linked += folder.linked


def _walk_together(
    walker: _Walker, helpers: int, cancel: CancelToken, meanwhile: Callable[[], None]
) -> None:
    """Walk with helpers until only linked folders are left, or what a helper has failed to do."""
    hands = helpers + 1
    for _ in range(_MOST_FIRST):
        if not walker.pending or len(walker.pending) >= _FOLDERS_EACH * hands:
            break
        walker.enter(walker.pending.pop(0))  # in breadth, so that shares are alike
    mine, shares = _shared(walker.pending, helpers)
    others: list[tuple[list[bytes], Helper | None]] = []
    try:
        for share in shares:
            others.append((share, _helper(walker, share)))
        walker.pending = mine
        meanwhile()
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


def _shared(folders: list[bytes], helpers: int) -> tuple[list[bytes], list[list[bytes]]]:
    """Deal folders out: fewer for oneself, who has more to do, and as many to each helper."""
    own = max(0.0, (1 + _MEANWHILE) / (helpers + 1) - _MEANWHILE)
    count = round(own * len(folders))
    chosen = {turn * len(folders) // count for turn in range(count)}
    mine = [folder for at, folder in enumerate(folders) if at in chosen]
    rest = [folder for at, folder in enumerate(folders) if at not in chosen]
    shares = [rest[number::helpers] for number in range(helpers)]
    return mine, [share for share in shares if share]


def _helper(walker: _Walker, share: list[bytes]) -> Helper | None:
    try:
        return Helper(partial(walker.walk_below, share))
    except OSError:  # too many processes: then it is done here
        return None


def _ignoring(globs: Sequence[str]) -> Callable[[bytes], bool] | None:
    """Return a test of relative paths, None for the many libraries that leave out nothing."""
    if not globs:
        return None
    pattern = re.compile("|".join(fnmatch.translate(glob) for glob in globs))
    return lambda relative: pattern.match(os.fsdecode(relative)) is not None


def shown(relative: bytes) -> str:
    """Return a relative path as a person may see it."""
    return display_text(os.fsdecode(relative))
