"""Bring a watched library up to date, tell what differs, and deal with what arrived."""

# ruff: noqa: PTH110, PTH118, PTH120 - names may be no Unicode

from __future__ import annotations

import glob
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from loradex.catalog.catalog import Catalog
from loradex.domain.library import Library
from loradex.domain.progress import CancelToken, ProgressSink
from loradex.formats.diffusers_folder import INDEX
from loradex.operations.arrivals import ArrivalReport, deal_with
from loradex.operations.hash_pass import hash_pass
from loradex.operations.scan import scan
from loradex.operations.scan_report import ScanReport
from loradex.operations.walk import shown
from loradex.operations.watching.events import EventKind, Tell, WatchEvent
from loradex.operations.watching.eyes import FALLBACK_SECONDS, is_unicode
from loradex.operations.watching.hashing import BackgroundHashing
from loradex.operations.watching.libraries import Watched, WatchedLibraries
from loradex.operations.watching.problems import ProblemsHeld
from loradex.operations.watching.settling import Settling
from loradex.operations.watching.snapshot import Difference, Snapshot
from loradex.plugin_manager import Plugins

Scanned = Callable[[Sequence[Library], ScanReport], None]
"""Takes the report of each scan that was made."""


@dataclass(frozen=True, slots=True)
class Means:
    """What following needs of the world. `hash_at_once` reads each arrival in full."""

    catalog: Catalog
    workers: int
    hash_at_once: bool
    tell: Tell
    scanned: Scanned
    plugins: Callable[[], Plugins]
    sink: ProgressSink
    cancel: CancelToken


class Following:
    """Visits libraries that are to be scanned."""

    def __init__(
        self,
        means: Means,
        libraries: WatchedLibraries,
        settling: Settling,
        hashing: BackgroundHashing,
    ) -> None:
        self._means = means
        self._catalog = means.catalog
        self._libraries = libraries
        self._settling = settling
        self._hashing = hashing
        self._left: dict[int, str] = {}
        """Where files were that another process took out of a library; they may come to one."""

    def visit(self, watched: Watched) -> bool:
        """Scan a library and do what follows from it; return whether anything was different."""
        watched.due = None
        held = ProblemsHeld(self._means.sink)
        found: list[Difference] = []
        try:
            found = self._scan(watched, held if watched.told else self._means.sink)
        finally:
            held.release({_item(watched.library, each) for each in found if each.file.problem})
        self._tell_differences(watched.library, found)
        self._deal_with_arrivals(watched)
        return bool(found)

    def _scan(self, watched: Watched, sink: ProgressSink) -> list[Difference]:
        """Scan a library; return what differs since the last time, nothing at the first."""
        library, first = watched.library, not watched.told
        if not is_unicode(library.root):  # nobody tells of changes there
            watched.want_scan(time.monotonic() + FALLBACK_SECONDS)
        report = scan(
            self._catalog,
            [replace(library, ignore=(*library.ignore, *self._unsettled(library)))],
            workers=self._means.workers,
            sink=sink,
            cancel=self._means.cancel,
        )
        self._means.scanned([library], report)
        watched.told = True
        watched.library = replace(library, online=not report.offline)
        if report.offline:
            if library.online or first:
                self._tell(WatchEvent(EventKind.OFFLINE, library.name, library.root))
            return []
        if not library.online:
            self._tell(WatchEvent(EventKind.ONLINE, library.name, library.root))
        before, watched.snapshot = watched.snapshot, self._snapshot(library)
        self._left |= watched.snapshot.left_since(before)
        if first:
            return []
        elsewhere = {**self._left, **self._libraries.paths_outside(library)}
        return list(watched.snapshot.differences(before, elsewhere))

    def _unsettled(self, library: Library) -> set[str]:
        """Return the globs of what a scan has to pass over: files that are being written."""
        prefix = f"{library.root}/"
        return {
            glob.escape(_model_of(path, library.root).removeprefix(prefix))
            for path in self._settling.paths
            if path.startswith(prefix)
        }

    def _snapshot(self, library: Library) -> Snapshot:
        return Snapshot(library, self._catalog.files.known_files(library.id).values())

    def _tell_differences(self, library: Library, found: Sequence[Difference]) -> None:
        contents = [each.file.content_id for each in found if each.file.content_id is not None]
        rows = {row.id: row for row in self._catalog.rows(contents)}
        for each in found:
            row = rows.get(each.file.content_id or 0)
            detail = each.before or each.file.problem or ""
            self._tell(WatchEvent(each.kind, library.name, each.path, row, detail))
        if self._means.hash_at_once:
            fresh = (EventKind.INDEXED, EventKind.CHANGED)
            self._hash(each.file.content_id for each in found if each.kind in fresh)

    def _hash(self, content_ids: Iterable[int | None]) -> None:
        for content in {id_ for id_ in content_ids if id_ is not None}:
            hash_pass(
                self._catalog,
                sink=self._means.sink,
                cancel=self._means.cancel,
                content_id=content,
            )

    def _deal_with_arrivals(self, watched: Watched) -> None:
        """Do what the library's rule says; no file moves while it is being hashed."""
        library = watched.library
        rule = self._catalog.arrivals.rule(library.id)
        if rule is None or not self._catalog.arrivals.newcomers(library.id):
            return
        if rule.place_in is not None:
            self._hashing.stop()
        report = deal_with(
            self._catalog,
            library,
            self._means.plugins,
            sink=self._means.sink,
            cancel=self._means.cancel,
        )
        if report is None:
            return
        for event in _events(library, report):
            self._tell(event)
        if report.moves.files:
            for each in self._libraries:
                if each.library.id in (library.id, rule.place_in):
                    each.snapshot = self._snapshot(each.library)

    def _tell(self, event: WatchEvent) -> None:
        self._means.tell(event)


def _item(library: Library, found: Difference) -> str:
    """Return how a scan names the file in its problems."""
    return f"{library.root}/{shown(found.file.raw_path)}"


def _events(library: Library, report: ArrivalReport) -> Iterable[WatchEvent]:
    """Yield what a rule has done, tags first."""
    intent = report.intent
    rows = {row.id: row for row in intent.rows}
    tags = {row.id: list(intent.rule.tags) for row in intent.rows}
    for proposal in intent.proposals:
        tags[proposal.content_id].append(proposal.tag)
    for id_, names in tags.items():
        if names:
            path, text = intent.paths.get(id_, rows[id_].path), ", ".join(names)
            yield WatchEvent(EventKind.TAGGED, library.name, path, rows[id_], text)
    for entry in report.moves.moved:
        step = entry.step
        if step.file_id is not None and step.source is not None:
            path, old = os.fsdecode(step.target.path), os.fsdecode(step.source.path)
            placed = rows.get(step.content_id or 0)
            yield WatchEvent(EventKind.PLACED, library.name, path, placed, old)
    for conflict in intent.plan.conflicts:
        path = os.fsdecode(conflict.source.path)
        yield WatchEvent(EventKind.STAYS, library.name, path, detail=conflict.reason)
    for problem in report.moves.problems:
        yield WatchEvent(EventKind.STAYS, library.name, problem.item, detail=problem.message)


def _model_of(path: str, root: str) -> str:
    """Return the diffusers folder that a file is part of, else the file."""
    folder = os.path.dirname(path)
    while len(folder) > len(root):
        if os.path.exists(os.path.join(folder, INDEX)):
            return folder
        folder = os.path.dirname(folder)
    return path
