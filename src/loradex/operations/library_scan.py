"""One library's part of a scan: what it finds, and what of it becomes rows."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.catalog.catalog import Catalog
from loradex.domain.library import FileState, Layout, Library
from loradex.domain.progress import CancelToken, Problem, Progress, ProgressSink
from loradex.domain.rules_version import RULES_VERSION
from loradex.domain.scanning import FINGERPRINT_SCHEME, NOT_OPENED, Found, KnownFile, Stamp
from loradex.errors import FormatError
from loradex.operations.changes import Changes, compare
from loradex.operations.looking import WORTH_A_POOL, batches, expect_many, looks
from loradex.operations.roots import device_of
from loradex.operations.scan_report import ScanReport
from loradex.operations.walk import shown, walk
from loradex.operations.walk_folder import CONTROL_END, Walk

if TYPE_CHECKING:
    from loradex.domain.look import Look

VANISHED_SHARE = 0.2
VANISHED_LEAST = 10
WORTH_HELPERS = 4_000
"""Files from which on walking with helpers is worth it: 10,000 are listed in two thirds of the
time, while a small library is listed in the time that starting one takes."""
MOST_HANDS = 4
"""Processes that walk one library: more of them only wait for the disk."""
SCANNING = "scanning"
"""The job of reading the many new headers of one library."""

WITH_SECOND_PLACES = (Layout.HUGGING_FACE, Layout.SDNEXT)
"""Layouts that show one file under several names on purpose."""


@dataclass(frozen=True, slots=True)
class How:
    """How a scan is to be done."""

    workers: int
    sink: ProgressSink
    cancel: CancelToken
    accept_missing: bool
    everything: bool
    started: float
    """Unix time in seconds: places first seen from then on are this scan's finds."""


class RootVanished(Exception):
    """The library's root went away in the middle of its scan."""


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the garbage collector from walking over and over through what grows here.

    Names, numbers and tuples of them have no cycles: a tenth of a scan in which nothing changed
    went into finding that out.
    """
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


class LibraryScan:
    """One library's part of a scan. `wrote` tells whether the catalog was changed."""

    def __init__(
        self,
        catalog: Catalog,
        library: Library,
        report: ScanReport,
        how: How,
        *,
        on_known_device: bool,
    ) -> None:
        self._catalog = catalog
        self._library = library
        self._root = os.fsencode(library.root)
        self._report = report
        self._how = how
        self._on_known_device = on_known_device
        self._gone: list[KnownFile] = []
        self._wrong: dict[bytes, tuple[str | None, str | None]] = {}
        """What was wrong with unchanged files, and their fingerprints."""
        self._settled: set[Stamp] = set()
        """The places of which nothing is to be learnt while the disk shows them like this."""
        self._present = 0
        self.wrote = False

    def run(self) -> None:
        """Walk, compare, look, and write; raise `RootVanished` when the root goes away."""
        with _uncollected():
            seen = walk(
                self._root,
                self._left_out(),
                self._how.cancel,
                self._listing,
                helpers=self._helpers(),
                meanwhile=self._read_settled,
            )
            changes = self._compare(seen)
        self._check_stub(changes)
        self._believe_moves(changes)
        self._count(changes, len(seen.stamps), seen.downloads)
        for relative, reason in seen.unread:
            self._report.folders.append(self._item(relative))
            self._tell(relative, f"This folder cannot be listed: {reason}.")
        self._catalog.files.set_state([file.id for file in changes.back], FileState.PRESENT)
        self._catalog.files.relocate(changes.moved)
        self._keep_broken(changes.broken)
        self._gone = changes.missing
        for part in changes.to_look:
            with self._reading(part) as mine:
                for batch in batches(
                    looks(self._root, mine, self._how.workers, self._how.sink, self._how.cancel)
                ):
                    self._keep(batch)

    @contextmanager
    def _reading(self, to_look: list[Found]) -> Iterator[list[Found]]:
        """Give what is to be read here: nothing of many files that another process reads."""
        if len(to_look) < WORTH_A_POOL:
            yield to_look
            return
        from loradex.operations.lease import leased  # noqa: PLC0415 - first scans only

        if self._how.workers > 1:
            expect_many()
        jobs, subject = self._catalog.jobs, f"library {self._library.id}"
        lease = jobs.acquire(SCANNING, subject, task="scan")
        if lease is None:
            holder = jobs.holder(SCANNING, subject)
            by = f" ({holder.process})" if holder else ""
            self._report.elsewhere.append(f"{self._library.name}{by}")
            yield []
            return
        with leased(jobs, lease, lost=lambda: None):
            yield to_look

    def _left_out(self) -> tuple[str, ...]:
        if self._library.layout not in WITH_SECOND_PLACES:
            return self._library.ignore
        from loradex.operations.layouts.walking import left_out  # noqa: PLC0415 - few libraries

        return (*self._library.ignore, *left_out(self._library))

    def _helpers(self) -> int:
        if not self._catalog.files.has_many(self._library.id, WORTH_HELPERS):
            return 0
        return min(self._how.workers, MOST_HANDS) - 1

    def _listing(self, count: int) -> None:
        self._how.sink.progress(Progress("Listing files", count, None, "files", self._library.name))

    def _read_settled(self) -> None:
        if not self._how.everything:
            self._settled = self._catalog.files.settled(self._library.id, RULES_VERSION)

    def _compare(self, seen: Walk) -> Changes:
        files, id_ = self._catalog.files, self._library.id
        if self._how.everything:
            known = files.known_files(id_)
            changes = compare(seen, seen.stamps, known, rules=None)
            settled = 0
        else:
            stamps = self._settled
            settled, to_tell = len(stamps), set[Stamp]()
            more = files.has_many(id_, settled + 1)  # asking which is as long as all of the above
            known = files.unsettled(id_, RULES_VERSION) if more else {}
            if stamps != seen.stamps.keys():  # one comparison is all that most scans need
                to_tell = seen.stamps.keys() - stamps
                unmet = [stamp[0] for stamp in stamps - seen.stamps.keys()]
                known |= files.known_at(id_, unmet)
                settled -= len(unmet)
            if seen.incomplete:
                lacking = [stamp for stamp in stamps if stamp[0] in seen.incomplete]
                to_tell |= seen.stamps.keys() & set(lacking)
                known |= files.known_at(id_, [stamp[0] for stamp in lacking])
                settled -= len(lacking)
            changes = compare(seen, to_tell, known, rules=RULES_VERSION)
        self._present = settled + sum(file.state != FileState.MISSING for file in known.values())
        again = {found.raw_path for found in changes.again}
        for path, file in known.items():
            if file.state != FileState.UNREADABLE:
                continue
            if file.device == NOT_OPENED:
                self._wrong[path] = file.problem, None
            elif path in again and file.rules == RULES_VERSION:
                self._wrong[path] = file.problem, file.fingerprint
        return changes

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

        made_otherwise = not (known.fingerprint or "").startswith(FINGERPRINT_SCHEME)
        if made_otherwise or known.state == FileState.UNREADABLE:
            return True  # nothing to compare; inode, size and time have to do
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
        self.wrote |= bool(changes.moved or changes.back)

    def _keep_broken(self, names: Sequence[tuple[bytes, str]]) -> None:
        if names:
            from loradex.domain.look import Look  # noqa: PLC0415 - few libraries have any

            self._keep([Look(Found(path, 0, 0, 0, 0), problem=text) for path, text in names])

    def _keep(self, batch: Sequence[Look]) -> None:
        kept = [look for look in batch if not look.gone]
        if any(look.fingerprint is None and not look.growing for look in kept):
            self._check_root()
        if not kept:
            return
        news = [look for look in kept if not self._is_known(look)]
        self.wrote |= bool(news)
        recorded = self._catalog.looks.record(self._library.id, news, RULES_VERSION)
        self._report.new_contents += recorded.new_contents
        self._report.growing += sum(look.growing for look in kept)
        for look in kept:
            if look.problem:
                self._tell(look.found.raw_path, look.problem)

    def _is_known(self, look: Look) -> bool:
        """True when a file is broken as it was at its last look: that is no reason to write."""
        before = self._wrong.get(look.found.raw_path)
        return look.problem is not None and before == (look.problem, look.fingerprint)

    def mark_missing(self) -> None:
        """Mark what is still gone after all looks; a file may have come back meanwhile.

        Raises `RootVanished` when the root went away. To be called when all libraries are looked
        through: what has come to light elsewhere was moved.
        """
        gone = self._really_gone()
        if not gone:
            return
        self._check_root()
        places = self._catalog.files.other_places(gone)
        lost = [file for file in gone if file.content_id not in places]
        most = max(VANISHED_LEAST, VANISHED_SHARE * self._present)
        if not self._how.accept_missing and len(lost) >= most:
            self._hold_back(len(lost))
            gone = [file for file in gone if file.content_id in places]
        if gone:
            came = sum(places.get(file.content_id or 0, 0.0) >= self._how.started for file in gone)
            self._report.moved += came
            self._report.new -= min(came, self._report.new)
            self._report.missing += self._catalog.files.mark_missing(gone) - came
            self.wrote = True

    def _really_gone(self) -> list[KnownFile]:
        """Return what is not there, and settle what is there without being a model any more.

        That is what a glob, a `model_index.json` or a first shard leaves out by now. A file that
        came back since the walk waits for the next scan, and so does one that a download hides.
        """
        gone: list[KnownFile] = []
        there: list[KnownFile] = []
        for file in self._gone:
            (there if os.path.exists(self._place(file)) else gone).append(file)  # noqa: PTH110
        if there:
            seen = walk(self._root, self._left_out(), self._how.cancel)
            models = {stamp[0] for stamp in seen.stamps}
            out: list[KnownFile] = []
            for file in there:
                place = self._place(file)
                if file.raw_path in models or os.path.lexists(place + CONTROL_END):
                    continue
                (out if os.path.isfile(place) else gone).append(file)  # noqa: PTH113
            self._catalog.files.forget_places(out)
            self.wrote |= bool(out)
        return self._without_unmounted(gone)

    def _place(self, file: KnownFile) -> bytes:
        return self._root + b"/" + file.raw_path

    def _without_unmounted(self, gone: list[KnownFile]) -> list[KnownFile]:
        """Mark as offline what lay on a disk that was mounted below the root; return the rest."""
        if not self._on_known_device:
            return gone  # devices are numbered anew at each boot: they say nothing
        missing: list[KnownFile] = []
        away: list[int] = []
        for file in gone:
            if file.device in (NOT_OPENED, self._device_near(file)):
                missing.append(file)
            else:
                away.append(file.id)
        self._catalog.files.set_state(away, FileState.OFFLINE)
        return missing

    def _device_near(self, file: KnownFile) -> int | None:
        """Return the device of the nearest folder that is there."""
        folder = file.raw_path
        while folder:
            folder = folder.rpartition(b"/")[0]
            with suppress(OSError):
                return os.stat(self._root + b"/" + folder).st_dev
        return None

    def _check_stub(self, changes: Changes) -> None:
        """Raise `RootVanished` when another disk is there with nothing that was known."""
        if self._on_known_device or self._how.accept_missing:
            return
        if changes.missing and len(changes.missing) == self._present:
            raise RootVanished

    def _hold_back(self, lost: int) -> None:
        self._report.held_back.append(self._library.name)
        self._tell(
            b"",
            f"{lost} of {self._present} files are gone at once; none was marked missing.",
            "If you moved or deleted them, run `loradex scan --accept-missing`.",
        )

    def _check_root(self) -> None:
        """Raise `RootVanished` when a failure is the root's and not the file's."""
        known = self._catalog.files.known_device(self._library.id)
        if device_of(self._library.root, known) is None:
            raise RootVanished

    def _item(self, relative: bytes) -> str:
        return f"{self._library.root}/{shown(relative)}" if relative else self._library.name

    def _tell(self, relative: bytes, message: str, hint: str | None = None) -> None:
        problem = Problem(self._item(relative), message, hint)
        self._report.problems.append(problem)
        self._how.sink.problem(problem)
