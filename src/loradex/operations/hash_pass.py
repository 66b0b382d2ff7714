"""The hash pass: read every file once in full, so that it is known for what it is everywhere."""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.hashes import EMPTY_SHA256, Hashes
from loradex.domain.progress import CancelToken, Problem, ProgressSink
from loradex.domain.scanning import FINGERPRINT_SCHEME, ToHash
from loradex.domain.text import display_text
from loradex.errors import FormatError
from loradex.formats.hashing import FullRead, Outcome, ReadJob, read_files
from loradex.operations.lease import READING, busy_sentence, leased
from loradex.operations.reading_meter import ReadingMeter

COMMIT_EVERY = 0.1
"""Seconds between transactions: small files are hashed faster than they can be kept one by one."""


@dataclass(slots=True)
class HashReport:
    """What a hash pass did."""

    files: int = 0
    nbytes: int = 0
    problems: list[Problem] = field(default_factory=list)
    seconds: float = 0.0
    elsewhere: str | None = None
    """A sentence that says which other process does this work, where one does."""


def hash_pass(
    catalog: Catalog,
    *,
    sink: ProgressSink,
    cancel: CancelToken,
    content_id: int | None = None,
) -> HashReport:
    """Hash every present file that was never read in full, LoRAs and small files first.

    Files that are indexed meanwhile, by this process or another, are hashed before it ends. Only
    one process does this at a time: where another does, nothing is done, and `elsewhere` says so.

    Only the places of one content when `content_id` is given; somebody waits for those, so they
    are read whoever else reads.

    What is read is kept within moments: interrupted, the next pass goes on with the files that
    were under way. A file that fails is listed and left for the next pass.
    """
    started = time.monotonic()
    work = _Pass(catalog, sink, cancel)
    if content_id is not None:
        work.round(catalog.files.to_hash(content_id))
    else:
        while work.untried():
            lease = catalog.jobs.acquire(READING, task="hash")
            if lease is None:
                work.report.elsewhere = busy_sentence(catalog.jobs)
                break
            with leased(catalog.jobs, lease, lost=work.stop):
                while todo := work.untried():
                    work.round(todo)
            # Once more after the lease is given back: who found it taken relies on us.
    work.report.seconds = time.monotonic() - started
    return work.report


class _Pass:
    """One hash pass: what it has done, and what it has tried."""

    def __init__(self, catalog: Catalog, sink: ProgressSink, cancel: CancelToken) -> None:
        self.report = HashReport()
        self._catalog = catalog
        self._sink = sink
        self._cancel = cancel
        self._meter = ReadingMeter("Hashing", sink)
        self._tried: set[int] = set()
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Begin no further file."""
        self._stopped.set()

    def untried(self) -> list[ToHash]:
        """Return the files that wait for their hashes and were not tried in this pass."""
        if self._stopped.is_set():
            return []
        return [file for file in self._catalog.files.to_hash() if file.file_id not in self._tried]

    def round(self, todo: Sequence[ToHash]) -> None:
        """Hash these files; each file behind several places is read once."""
        self._tried.update(file.file_id for file in todo)
        places: dict[tuple[int, int, int, int], list[ToHash]] = defaultdict(list)
        for file in todo:
            places[file.device, file.inode, file.size, file.mtime_ns].append(file)
        groups = list(places.values())
        self._meter.begin([(_name(files[0]), files[0].size) for files in groups])
        left = len(groups)
        for batch in read_files(
            [ReadJob(_path(files[0]), files[0].device) for files in groups],
            on_bytes=self._meter.add,
            cancel=self._cancel,
            may_start=lambda: not self._stopped.is_set(),
        ):
            self._keep([(groups[index], outcome) for index, outcome in batch])
            for index, _ in batch:
                self._meter.finish(index)
            left -= len(batch)
            if left:
                time.sleep(COMMIT_EVERY)
        self._cancel.check()

    def _keep(self, batch: Sequence[tuple[Sequence[ToHash], Outcome]]) -> None:
        """Keep what was read, and tell what could not be."""
        good: list[tuple[ToHash, Hashes]] = []
        for files, outcome in batch:
            for file in files:
                try:
                    good.append((file, _checked(file, outcome)))
                except _ChangedSince as error:
                    self._catalog.files.look_again(file.file_id)
                    self._tell(file, error)
                except FormatError as error:
                    self._tell(file, error)
            if isinstance(outcome, FullRead):
                self.report.nbytes += outcome.size
        self._record(good)

    def _record(self, good: Sequence[tuple[ToHash, Hashes]]) -> None:
        if good:
            self._catalog.looks.record_hashes(good)
            self.report.files += len(good)

    def _tell(self, file: ToHash, error: FormatError) -> None:
        problem = Problem(str(_path(file)), f"It {error.what}", error.hint)
        self.report.problems.append(problem)
        self._sink.problem(problem)


class _ChangedSince(FormatError):
    """The bytes are not those that the scan saw."""


def _checked(file: ToHash, outcome: Outcome) -> Hashes:
    """Return the digests of a file that is the one the scan saw; raise FormatError otherwise.

    That bytes did not change while they were read is checked already. That they are the scan's
    shows in their fingerprint: what a person wrote about the old content must not move to new
    bytes, not even to some of the same size and time. A fingerprint of an older scheme cannot be
    compared; size and time then have to do.
    """
    if isinstance(outcome, FormatError):
        raise outcome
    same = (outcome.size, outcome.mtime_ns) == (file.size, file.mtime_ns)
    if file.fingerprint.startswith(FINGERPRINT_SCHEME):
        same = outcome.fingerprint == file.fingerprint
    if not same:
        raise _ChangedSince(
            str(_path(file)),
            "has changed since it was scanned.",
            hint="The next scan takes it as it is then.",
        )
    if outcome.hashes.sha256 == EMPTY_SHA256:
        raise FormatError(str(_path(file)), "is empty.", hint="Download it again.")
    return outcome.hashes


def _path(file: ToHash) -> Path:
    return Path(os.fsdecode(file.path))


def _name(file: ToHash) -> str:
    return display_text(_path(file).name)
