"""Verification: read files again that were hashed, and tell which do not hold the same bytes."""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.progress import CancelToken, Problem, ProgressSink
from loradex.domain.text import display_text
from loradex.domain.verifying import Finding, FindingKind, ToVerify
from loradex.errors import FormatError
from loradex.formats.hashing import FullRead, Outcome, ReadJob, read_files, read_in_full
from loradex.operations.lease import READING, leased, verify_busy_sentence
from loradex.operations.reading_meter import ReadingMeter
from loradex.operations.verify_checks import (
    CHANGED,
    ROTTEN,
    UNSTABLE,
    Fault,
    differs,
    header_fault,
    name_fault,
    reading_fault,
    remedy,
)

COMMIT_EVERY = 0.1


@dataclass(frozen=True, slots=True)
class Portion:
    """How much to read this time; what is left comes first the next time.

    With either bound, files that are listed as broken and have not changed since are left alone:
    they would use up every portion.
    """

    nbytes: int | None = None
    seconds: float | None = None
    """No file is begun after so long; one that was begun is finished."""

    @property
    def bounded(self) -> bool:
        """True when not all is to be read."""
        return self.nbytes is not None or self.seconds is not None


@dataclass(slots=True)
class VerifyReport:
    """What a verification did."""

    files: int = 0
    """Files that hold the right bytes."""
    nbytes: int = 0
    """Bytes that were read."""
    healed: int = 0
    """Of these files, those that were listed as broken before."""
    left: int = 0
    """Files that were due and not reached."""
    findings: list[Finding] = field(default_factory=list)
    offline: list[str] = field(default_factory=list)
    """Libraries whose folders are not there; their files were left alone."""
    seconds: float = 0.0
    elsewhere: str | None = None
    """A sentence that says which other process reads the files, where one does."""


def verify(
    catalog: Catalog,
    due: Sequence[ToVerify],
    *,
    portion: Portion,
    hub_url: str,
    sink: ProgressSink,
    cancel: CancelToken,
) -> VerifyReport:
    """Read files again, in this order, and compare them with what was hashed.

    Bytes come from the disk even where they lie in memory. A file that went bad is marked in the
    catalog, so that lists show it; nothing is deleted, and what is known of its content stays.
    One that was marked and is good again is present again. What was verified is remembered as it
    goes: interrupted, nothing of it is lost. Waits for no other process that reads files in full;
    `elsewhere` then says which.
    """
    started = time.monotonic()
    report = VerifyReport()
    lease = catalog.jobs.acquire(READING, task="verify")
    if lease is None:
        report.elsewhere = verify_busy_sentence(catalog.jobs)
        return report
    work = _Verification(catalog, report, hub_url, sink, cancel)
    with leased(catalog.jobs, lease, lost=work.stop):
        try:
            work.run(due, portion)
        finally:
            report.seconds = time.monotonic() - started
    return report


class _Verification:
    """One verification under way."""

    def __init__(
        self,
        catalog: Catalog,
        report: VerifyReport,
        hub_url: str,
        sink: ProgressSink,
        cancel: CancelToken,
    ) -> None:
        self._catalog = catalog
        self._report = report
        self._hub_url = hub_url
        self._sink = sink
        self._cancel = cancel
        self._roots: dict[bytes, bool] = {}
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Begin no further file."""
        self._stopped.set()

    def run(self, due: Sequence[ToVerify], portion: Portion) -> None:
        """Verify a portion of what is due."""
        ends = None if portion.seconds is None else time.monotonic() + portion.seconds
        places: dict[tuple[int, int, int, int, str | None], list[ToVerify]] = defaultdict(list)
        for file in due:
            if self._root_is_there(file.root):
                places[file.device, file.inode, file.size, file.mtime_ns, file.sha256].append(file)
        groups = [files for files in places.values() if self._must_be_read(files, portion.bounded)]
        chosen = _within(groups, portion.nbytes)
        self._report.left = sum(map(len, groups))
        meter = ReadingMeter("Verifying", self._sink)
        meter.begin([(_name(files[0]), files[0].size) for files in chosen])
        left = len(chosen)
        for batch in read_files(
            [ReadJob(_path(files[0]), files[0].device) for files in chosen],
            on_bytes=meter.add,
            cancel=self._cancel,
            may_start=lambda: (
                not self._stopped.is_set() and (ends is None or time.monotonic() < ends)
            ),
            from_disk=True,
        ):
            self._judge([(chosen[index], outcome) for index, outcome in batch])
            for index, _ in batch:
                meter.finish(index)
            left -= len(batch)
            if left:
                time.sleep(COMMIT_EVERY)
        self._cancel.check()

    def _must_be_read(self, files: Sequence[ToVerify], bounded: bool) -> bool:
        """Tell whether only a full read can tell; a look at the header is enough for the rest."""
        file = files[0]
        self._cancel.check()
        try:
            changed = differs(file)
        except OSError as error:
            cause = FormatError(str(_path(file)), "is not there.", hint="Run `loradex scan`.")
            cause.__cause__ = error
            self._tell(files, reading_fault(cause))
            return False
        if bounded and not changed and not file.readable:
            return False
        if file.sha256 is not None and not (changed and file.readable):
            return True
        fault = header_fault(_path(file))
        if fault is not None:
            self._tell(files, fault)
        elif changed:
            self._tell(files, CHANGED)
        else:  # it was broken when it was scanned, and is not now
            for place in files:
                self._catalog.files.look_again(place.file_id)
            self._tell(files, CHANGED)
        return False

    def _judge(self, batch: Sequence[tuple[Sequence[ToVerify], Outcome]]) -> None:
        good: list[ToVerify] = []
        for files, outcome in batch:
            self._report.left -= len(files)
            if isinstance(outcome, FullRead):
                self._report.nbytes += outcome.size
            fault = self._fault(files[0], outcome)
            if fault is None and isinstance(outcome, FullRead):
                good += [_as_it_is(file, outcome) for file in files]
                fault = name_fault(_path(files[0]))
            if fault is not None:
                self._tell(files, fault)
        if good:
            self._report.healed += self._catalog.verification.passed(good)
            self._report.files += len(good)

    def _fault(self, file: ToVerify, outcome: Outcome) -> Fault | None:
        """Return what is wrong with the bytes of a file; look twice before it is accused."""
        if isinstance(outcome, FormatError):
            return reading_fault(outcome) if outcome.__cause__ is not None else CHANGED
        if outcome.hashes.sha256 == file.sha256:
            return None
        if (outcome.size, outcome.mtime_ns) != (file.size, file.mtime_ns):
            return header_fault(_path(file)) or CHANGED
        if not file.readable:
            return ROTTEN
        try:
            again = read_in_full(_path(file), cancel=self._cancel, from_disk=True)
        except FormatError as error:
            return reading_fault(error) if error.__cause__ is not None else CHANGED
        return UNSTABLE if again.hashes.sha256 == file.sha256 else ROTTEN

    def _tell(self, files: Sequence[ToVerify], fault: Fault) -> None:
        """Report a fault once for each place; mark it where the catalog has to know."""
        refused = fault.kind in (FindingKind.GONE, FindingKind.UNREADABLE)
        if refused and not self._root_is_there(files[0].root, again=True):
            return
        if fault.marks:
            self._catalog.verification.failed(files, fault.message, lasting=not fault.closed)
        hint = remedy(fault, self._catalog.verification.source(files[0]), self._hub_url)
        for file in files:
            finding = Finding(
                fault.kind,
                os.fsdecode(file.path),
                file.content_id,
                fault.message,
                hint,
                fault.marks,
            )
            self._report.findings.append(finding)
            self._sink.problem(Problem(finding.path, finding.message, finding.hint))

    def _root_is_there(self, root: bytes, *, again: bool = False) -> bool:
        """Tell whether a library's folder is there: a drive without it has no bad files."""
        if again or root not in self._roots:
            was = self._roots.get(root, True)
            try:
                with os.scandir(root) as listing:
                    self._roots[root] = next(listing, None) is not None
            except OSError:
                self._roots[root] = False
            if was and not self._roots[root]:
                self._report.offline += [
                    library.name
                    for library in self._catalog.files.libraries()
                    if os.fsencode(library.root) == root
                ]
        return self._roots[root]


def _within(groups: Sequence[list[ToVerify]], nbytes: int | None) -> list[list[ToVerify]]:
    """Return the first files whose sizes add up to no more than that, but always one."""
    if nbytes is None:
        return list(groups)
    chosen: list[list[ToVerify]] = []
    total = 0
    for files in groups:
        total += files[0].size
        if chosen and total > nbytes:
            break
        chosen.append(files)
    return chosen


def _as_it_is(file: ToVerify, read: FullRead) -> ToVerify:
    """Return a place with the time and the inode that its good bytes have now."""
    return replace(file, mtime_ns=read.mtime_ns, inode=read.inode)


def _path(file: ToVerify) -> Path:
    return Path(os.fsdecode(file.path))


def _name(file: ToVerify) -> str:
    return display_text(_path(file).name)
