"""Scan: compare libraries with the disk, look into what is new, and mark what is gone."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.identity import RULES_VERSION
from loradex.domain.library import FileState, Layout, Library
from loradex.domain.progress import CancelToken, Problem, Progress, ProgressSink
from loradex.domain.scanning import Found, KnownFile, Look, Stamp
from loradex.errors import FormatError
from loradex.operations.changes import Changes, compare
from loradex.operations.looking import batches, looks
from loradex.operations.walk import Walk, shown, walk

VANISHED_SHARE = 0.2
VANISHED_LEAST = 10

WITH_SECOND_PLACES = (Layout.HUGGING_FACE, Layout.SDNEXT)
"""Layouts that show one file under several names on purpose."""


@dataclass(slots=True)
class ScanReport:
    """What a scan found, in files."""

    libraries: int = 0
    seen: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    again: int = 0
    """Unchanged files whose headers were read again."""
    moved: int = 0
    back: int = 0
    missing: int = 0
    growing: int = 0
    downloads: int = 0
    new_contents: int = 0
    offline: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    held_back: list[str] = field(default_factory=list)
    """Libraries where so much vanished that nothing was marked missing."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _How:
    """How a scan is to be done."""

    workers: int
    sink: ProgressSink
    cancel: CancelToken
    accept_missing: bool
    everything: bool


class _RootVanished(Exception):
    """The library's root went away in the middle of its scan."""


def scan(
    catalog: Catalog,
    libraries: Sequence[Library],
    *,
    workers: int,
    sink: ProgressSink,
    cancel: CancelToken,
    accept_missing: bool = False,
    everything: bool = False,
) -> ScanReport:
    """Bring the catalog up to date with these libraries.

    Opens only files that are new or changed (all of them with `everything`). A root that is not
    there, or goes away meanwhile, makes its files offline. When more than a fifth of a library
    vanished at once, nothing of it is marked missing unless `accept_missing`. Interrupted, it
    keeps what was done.
    """
    started = time.monotonic()
    report = ScanReport(libraries=len(libraries))
    how = _How(workers, sink, cancel, accept_missing, everything)
    for library in libraries:
        device = _device_of(catalog, library)
        try:
            if device is None:
                raise _RootVanished
            one = _LibraryScan(catalog, library, report, how)
            one.run()
            if one.wrote or not library.online or library.scanned_at is None:
                catalog.files.set_online(library.id, device)
        except _RootVanished:
            report.offline.append(library.name)
            if library.online:
                catalog.files.set_offline(library.id)
    report.seconds = time.monotonic() - started
    return report


def _device_of(catalog: Catalog, library: Library) -> int | None:
    """Return the root's device, None when the root is not there or is a bare mount point."""
    try:
        info = os.stat(library.root)
        with os.scandir(library.root) as listing:
            empty = next(listing, None) is None
    except OSError:
        return None
    known = catalog.files.known_device(library.id)
    if empty and known is not None and known != info.st_dev:
        return None
    return info.st_dev


class _LibraryScan:
    """One library's part of a scan. `wrote` tells whether the catalog was changed."""

    def __init__(self, catalog: Catalog, library: Library, report: ScanReport, how: _How) -> None:
        self._catalog = catalog
        self._library = library
        self._root = os.fsencode(library.root)
        self._report = report
        self._how = how
        self.wrote = False

    def run(self) -> None:
        """Walk, compare, look, and write; raise `_RootVanished` when the root goes away."""
        seen = walk(self._root, self._left_out(), self._how.cancel, self._listing)
        changes, present = self._compare(seen)
        self._believe_moves(changes)
        self._count(changes, len(seen.stamps), seen.downloads)
        for relative, reason in seen.unread:
            self._tell(relative, f"This folder cannot be listed: {reason}.")
        self._catalog.files.set_state([file.id for file in changes.back], FileState.PRESENT)
        self._catalog.files.relocate(changes.moved)
        self._keep(changes.broken)
        for batch in batches(
            looks(self._root, changes.to_look, self._how.workers, self._how.sink, self._how.cancel)
        ):
            self._keep(batch)
        self._mark_missing(changes, present)

    def _left_out(self) -> tuple[str, ...]:
        if self._library.layout not in WITH_SECOND_PLACES:
            return self._library.ignore
        from loradex.operations.layouts.walking import left_out  # noqa: PLC0415 - few libraries

        return (*self._library.ignore, *left_out(self._library))

    def _listing(self, count: int) -> None:
        self._how.sink.progress(Progress("Listing files", count, None, "files", self._library.name))

    def _compare(self, seen: Walk) -> tuple[Changes, int]:
        """Return what differs, and how many files were there before."""
        files, id_ = self._catalog.files, self._library.id
        settled: set[Stamp] = set()
        if self._how.everything:
            known = files.known_files(id_)
        else:
            settled = files.settled(id_, RULES_VERSION)
            unmet = [stamp[0] for stamp in settled - seen.stamps.keys()]
            known = files.unsettled(id_, RULES_VERSION) | files.known_at(id_, unmet)
            settled &= seen.stamps.keys()
        rules = None if self._how.everything else RULES_VERSION
        changes = compare(seen, known, settled, rules=rules)
        there = sum(file.state != FileState.MISSING for file in known.values())
        return changes, there + len(settled)

    def _believe_moves(self, changes: Changes) -> None:
        """Let a move stand only if the bytes are the known ones: inodes are used again."""
        believed: list[tuple[KnownFile, Found]] = []
        for known, found in changes.moved:
            if self._same_content(known, found):
                believed.append((known, found))
            else:
                changes.missing.append(known)
                changes.new.append(found)
        changes.moved = believed

    def _same_content(self, known: KnownFile, found: Found) -> bool:
        from loradex.formats.fingerprint import quick_fingerprint  # noqa: PLC0415 - seldom needed

        try:
            path = Path(os.fsdecode(self._root + b"/" + found.raw_path))
            return quick_fingerprint(path) == known.fingerprint
        except FormatError:
            return False

    def _count(self, changes: Changes, seen: int, downloads: int) -> None:
        report = self._report
        report.seen += seen
        report.downloads += downloads
        report.unchanged += changes.unchanged
        report.new += len(changes.new)
        report.changed += len(changes.changed)
        report.again += len(changes.again)
        report.moved += len(changes.moved)
        report.back += len(changes.back)
        self.wrote |= bool(changes.to_look or changes.moved or changes.back)

    def _keep(self, batch: Sequence[Look]) -> None:
        kept = [look for look in batch if not look.gone]
        if any(look.fingerprint is None and not look.growing for look in kept):
            self._check_root()
        if not kept:
            return
        recorded = self._catalog.looks.record(self._library.id, kept, RULES_VERSION)
        self._report.new_contents += recorded.new_contents
        self._report.growing += sum(look.growing for look in kept)
        for look in kept:
            if look.problem:
                self._tell(look.found.raw_path, look.problem)

    def _mark_missing(self, changes: Changes, present: int) -> None:
        """Mark what is still gone after all looks; a file may have come back meanwhile."""
        gone = [
            file
            for file in changes.missing
            if not os.path.lexists(self._root + b"/" + file.raw_path)
        ]
        if not gone:
            return
        self._check_root()
        if not self._how.accept_missing and len(gone) >= max(
            VANISHED_LEAST, VANISHED_SHARE * present
        ):
            self._report.held_back.append(self._library.name)
            self._tell(
                b"",
                f"{len(gone)} of {present} files are gone at once; none was marked missing.",
                "If you moved or deleted them, run `loradex scan --accept-missing`.",
            )
            return
        self._report.missing += self._catalog.files.mark_missing(gone)
        self.wrote = True

    def _check_root(self) -> None:
        """Raise `_RootVanished` when a failure is the root's and not the file's."""
        if _device_of(self._catalog, self._library) is None:
            raise _RootVanished

    def _tell(self, relative: bytes, message: str, hint: str | None = None) -> None:
        item = f"{self._library.root}/{shown(relative)}" if relative else self._library.name
        problem = Problem(item, message, hint)
        self._report.problems.append(problem)
        self._how.sink.problem(problem)
