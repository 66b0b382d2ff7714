"""Scan: compare libraries with the disk, look into what is new, and mark what is gone."""

from __future__ import annotations

import time
from collections.abc import Sequence

from loradex.catalog.catalog import Catalog
from loradex.domain.library import Layout, Library
from loradex.domain.progress import CancelToken, ProgressSink
from loradex.operations.library_scan import How, LibraryScan, RootVanished
from loradex.operations.roots import device_of
from loradex.operations.scan_report import ScanReport


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
    there, or goes away meanwhile, makes its files offline. A file that is gone is missing, unless
    one with the same content has come, anywhere: then it was moved. When more than a fifth of a
    library vanished at once, nothing of it is marked missing unless `accept_missing`.
    Interrupted, it keeps what was done.
    """
    started = time.monotonic()
    report = ScanReport(libraries=len(libraries))
    how = How(workers, sink, cancel, accept_missing, everything, time.time())
    # What is gone from one library may lie in another now, so first all are looked through.
    scans = [_Fenced(catalog, library, report, how) for library in libraries]
    for one in scans:
        one.run()
    for one in scans:
        one.finish()
    report.seconds = time.monotonic() - started
    return report


class _Fenced:
    """One library's scan, and what becomes of it when its root is not there."""

    def __init__(self, catalog: Catalog, library: Library, report: ScanReport, how: How) -> None:
        self._catalog = catalog
        self._library = library
        self._report = report
        known = catalog.files.known_device(library.id)
        self._device = device_of(library.root, known)
        self._scan: LibraryScan | None = None
        if self._device is not None:
            same = known in (None, self._device)
            self._scan = LibraryScan(catalog, library, report, how, on_known_device=same)

    def run(self) -> None:
        """Find and keep what is there."""
        if self._scan is None:
            self._offline()
            return
        try:
            self._scan.run()
        except RootVanished:
            self._offline()

    def finish(self) -> None:
        """Mark what is gone, note that the library was there, and ask its tool what it knows."""
        if self._scan is None:
            return
        try:
            self._scan.mark_missing()
        except RootVanished:
            self._offline()
            return
        library = self._library
        news = self._scan.wrote or not library.online or library.scanned_at is None
        if self._device is not None and news:
            self._catalog.files.set_online(library.id, self._device)
        if library.layout in (Layout.INVOKEAI, Layout.HUGGING_FACE):
            from loradex.operations.layouts.facts import import_facts  # noqa: PLC0415

            import_facts(self._catalog, library)

    def _offline(self) -> None:
        self._scan = None
        self._report.offline.append(self._library.name)
        if self._library.online:
            self._catalog.files.set_offline(self._library.id)
