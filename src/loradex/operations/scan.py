"""Scan: compare libraries with the disk, look into what is new, and mark what is gone."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from loradex.catalog.catalog import Catalog
from loradex.domain.identity import RULES_VERSION
from loradex.domain.library import FileState, Library
from loradex.domain.progress import CancelToken, Problem, Progress, ProgressSink
from loradex.domain.scanning import Found, KnownFile, Look
from loradex.operations.walk import Walk, shown, walk

BATCH = 500
CHUNK = 32
WORTH_A_POOL = 300
"""Headers below this count are read here: starting processes costs more than it saves."""
VANISHED_SHARE = 0.2
VANISHED_LEAST = 10


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


@dataclass(slots=True)
class _Changes:
    """The difference between a walk and what was known."""

    look: list[Found] = field(default_factory=list)
    back: list[int] = field(default_factory=list)
    moved: list[tuple[KnownFile, Found]] = field(default_factory=list)
    missing: list[KnownFile] = field(default_factory=list)
    again: list[Found] = field(default_factory=list)
    """Unchanged, but to be identified by better rules."""
    changed: int = 0
    unchanged: int = 0


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
    there makes its files offline. When more than a fifth of a library vanished at once, nothing of
    it is marked missing unless `accept_missing`. Interrupted, it keeps what was done.
    """
    started = time.monotonic()
    report = ScanReport(libraries=len(libraries))
    for library in libraries:
        device = _device_of(catalog, library)
        if device is None:
            report.offline.append(library.name)
            catalog.files.set_offline(library.id)
            continue
        _scan_one(
            catalog,
            library,
            report,
            workers=workers,
            sink=sink,
            cancel=cancel,
            accept_missing=accept_missing,
            everything=everything,
        )
        if report.new or report.changed or not library.online or library.scanned_at is None:
            catalog.files.set_online(library.id, device)
    for problem in report.problems:
        sink.problem(problem)
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


def _scan_one(
    catalog: Catalog,
    library: Library,
    report: ScanReport,
    *,
    workers: int,
    sink: ProgressSink,
    cancel: CancelToken,
    accept_missing: bool,
    everything: bool,
) -> None:
    root = os.fsencode(library.root)
    sink.progress(Progress("Listing files", 0, None, "files", library.name))
    seen = walk(root, library.ignore, cancel)
    known = catalog.files.known_files(library.id)
    changes = _compare(seen, known, everything=everything)
    report.seen += len(seen.found)
    report.downloads += seen.downloads
    report.unchanged += changes.unchanged
    report.changed += changes.changed
    report.moved += len(changes.moved)
    report.back += len(changes.back)
    report.new += len(changes.look) - changes.changed
    report.problems.extend(
        Problem(shown(relative) or library.name, f"This folder cannot be listed: {reason}.")
        for relative, reason in seen.unread
    )
    report.problems.extend(
        Problem(f"{library.root}/{shown(relative)}", reason) for relative, reason in seen.broken
    )
    catalog.files.set_state(changes.back, FileState.PRESENT)
    catalog.files.relocate(changes.moved)
    report.again += len(changes.again)
    todo = [*changes.look, *changes.again]
    for looks in _batches(_looks(root, todo, workers, sink, cancel)):
        recorded = catalog.looks.record(library.id, looks, RULES_VERSION)
        report.new_contents += recorded.new_contents
        report.growing += sum(look.growing for look in looks)
        report.problems.extend(
            Problem(f"{library.root}/{shown(look.found.raw_path)}", look.problem)
            for look in looks
            if look.problem
        )
        cancel.check()
    if not changes.missing:
        return
    if not accept_missing and _too_many(len(changes.missing), len(known)):
        report.held_back.append(library.name)
        report.problems.append(
            Problem(
                library.name,
                f"{len(changes.missing)} of {len(known)} files are gone at once;"
                " none was marked missing.",
                "If you moved or deleted them, run `loradex scan --accept-missing`.",
            )
        )
        return
    report.missing += len(changes.missing)
    catalog.files.set_state([file.id for file in changes.missing], FileState.MISSING)


def _too_many(gone: int, known: int) -> bool:
    return gone >= VANISHED_LEAST and gone > VANISHED_SHARE * known


def _compare(seen: Walk, known: dict[bytes, KnownFile], *, everything: bool) -> _Changes:
    changes = _Changes()
    met: set[bytes] = set()
    for found in seen.found:
        met.add(found.raw_path)
        before = known.get(found.raw_path)
        if before is None:
            changes.look.append(found)
        elif not before.same_bytes(found) or before.state == FileState.GROWING:
            changes.look.append(found)
            changes.changed += 1
        elif everything or (before.rules is not None and before.rules != RULES_VERSION):
            changes.again.append(found)
        elif before.state in (FileState.MISSING, FileState.OFFLINE):
            changes.back.append(before.id)
        else:
            changes.unchanged += 1
    gone = [file for path, file in known.items() if path not in met]
    unsure = [*seen.unread, *seen.broken]
    gone = [file for file in gone if not _under_unread(file.raw_path, unsure)]
    _pair_moves(changes, gone)
    taken = {file.id for file, _ in changes.moved}
    changes.missing = [
        file for file in gone if file.id not in taken and file.state != FileState.MISSING
    ]
    return changes


def _pair_moves(changes: _Changes, gone: Sequence[KnownFile]) -> None:
    """Recognise renamed files by device, inode, size and time: their headers need no reading."""
    places = {
        (file.device, file.inode, file.size, file.mtime_ns): file
        for file in gone
        if file.content_id is not None and file.state == FileState.PRESENT
    }
    still: list[Found] = []
    for found in changes.look:
        before = places.pop((found.device, found.inode, found.size, found.mtime_ns), None)
        if before is None:
            still.append(found)
        else:
            changes.moved.append((before, found))
    changes.look = still


def _under_unread(path: bytes, unread: Iterable[tuple[bytes, str]]) -> bool:
    return any(
        relative in (b"", path) or path.startswith(relative + b"/") for relative, _ in unread
    )


def _looks(
    root: bytes,
    todo: Sequence[Found],
    workers: int,
    sink: ProgressSink,
    cancel: CancelToken,
) -> Iterator[Look]:
    """Look into files, here or in worker processes, and give each as it is done."""
    if not todo:
        return
    # Parsers are imported only now: a rescan that finds nothing new needs none of them.
    from loradex.operations.look import look_at  # noqa: PLC0415

    if workers > 1 and len(todo) >= WORTH_A_POOL:
        stream = _in_processes(root, todo, workers, cancel)
    else:
        stream = (look_at(root, found) for found in todo)
    for done, look in enumerate(stream, start=1):
        cancel.check()
        name = shown(look.found.raw_path)
        sink.progress(Progress("Reading headers", done, len(todo), "files", name))
        yield look


def _in_processes(
    root: bytes, todo: Sequence[Found], workers: int, cancel: CancelToken
) -> Iterator[Look]:
    import multiprocessing  # noqa: PLC0415
    from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait  # noqa: PLC0415

    from loradex.operations.look import look_at_all, prepare_worker  # noqa: PLC0415

    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    pool = ProcessPoolExecutor(
        workers, mp_context=multiprocessing.get_context(method), initializer=prepare_worker
    )
    chunks = iter([todo[at : at + CHUNK] for at in range(0, len(todo), CHUNK)])
    running: set[Future[list[Look]]] = set()
    try:
        while True:
            while len(running) < workers * 2 and (chunk := next(chunks, None)) is not None:
                running.add(pool.submit(look_at_all, root, chunk))
            if not running:
                return
            finished, running = wait(running, return_when=FIRST_COMPLETED, timeout=0.5)
            cancel.check()
            for future in finished:
                yield from future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _batches(looks: Iterator[Look]) -> Iterator[list[Look]]:
    """Group looks so that a commit is worth its price; what is left at an interrupt is kept too."""
    batch: list[Look] = []
    since = time.monotonic()
    for look in looks:
        batch.append(look)
        if len(batch) >= BATCH or time.monotonic() - since > 1.0:
            yield batch
            batch, since = [], time.monotonic()
    if batch:
        yield batch
