"""Work through the download queue: several files at once, each to its end or to a clear reason."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loradex.catalog.catalog import Catalog
from loradex.domain.downloads import Download, DownloadState
from loradex.domain.hub_waiting import HubWait
from loradex.domain.progress import CancelToken, Problem, Progress, ProgressSink
from loradex.domain.text import display_text
from loradex.errors import Cancelled, CatalogError, LoradexError
from loradex.hub.fetching import Fetcher
from loradex.operations.downloads.landing import Landed, put_aside
from loradex.operations.downloads.one import NoLongerWanted, OneByOne, Watched
from loradex.operations.downloads.queue import DOWNLOADING, discard, downloader, part_of
from loradex.operations.downloads.room import device_at
from loradex.operations.downloads.run import Meter, RunOptions, RunReport, ShowFiles, show_nobody
from loradex.operations.downloads.troubles import Outcome, Trouble, trouble_of
from loradex.operations.lease import leased
from loradex.plugin_manager import Plugins

if TYPE_CHECKING:
    from loradex.operations.hubs import Hubs

STAGE = "Downloading"
_LOOK_EVERY = 0.2
_REFUSALS = 2
"""Times that a hub may refuse the key in a row before the rest of it is left alone: one file may
need another key than the others."""
_ASK_EVERY = 1.0
"""Seconds until a pause or cancel by another process is noticed."""


def run_queue(
    catalog: Catalog,
    hubs: Hubs,
    fetcher: Fetcher,
    options: RunOptions,
    *,
    plugins: Callable[[], Plugins],
    sink: ProgressSink,
    cancel: CancelToken,
    show_files: ShowFiles = show_nobody,
) -> RunReport:
    """Download what is queued until nothing is left that could begin soon.

    Only one process does this at a time; where another does, nothing is done and `elsewhere` says
    so: it takes along what is added meanwhile. What a process that was killed has left running
    goes on from its bytes. A failure is told to `sink`, kept with its download, and never stops
    the others. Raises `Cancelled` when stopped (everything goes on with the next run), and
    `CatalogError` when the catalog cannot be written.
    """
    started = time.monotonic()
    report = RunReport()
    work = OneByOne(catalog, hubs, fetcher, plugins)
    run = _Run(catalog, work, options, sink, cancel, show_files, report)
    while True:
        lease = catalog.jobs.acquire(DOWNLOADING, task="download")
        if lease is None:
            report.elsewhere = _elsewhere(catalog)
            break
        with leased(catalog.jobs, lease, lost=run.stop):
            catalog.downloads.running_no_more()
            run.to_the_end()
        # Once more after the lease is given back: who found it taken relies on us.
        if not run.may_begin():
            break
    report.seconds = time.monotonic() - started
    run.say_what_waits()
    return report


def _elsewhere(catalog: Catalog) -> str:
    holder = downloader(catalog)
    who = holder.process if holder else "which ended just now"
    return f"Another loradex ({who}) works through the queue; it downloads these files as well."


@dataclass(slots=True)
class _Active:
    """A download under way."""

    download: Download
    meter: Meter
    cancel: CancelToken
    future: Future[Landed]


@dataclass(slots=True)
class _Run:
    """One run: what is under way, and what is held back."""

    catalog: Catalog
    work: OneByOne
    options: RunOptions
    sink: ProgressSink
    cancel: CancelToken
    show_files: ShowFiles
    report: RunReport
    _active: dict[int, _Active] = field(default_factory=dict)
    _held: dict[int, str] = field(default_factory=dict)
    """Downloads not to be begun in this run, by number, and why."""
    _closed: dict[str, str] = field(default_factory=dict)
    """Hubs of which nothing can be had in this run, and why."""
    _full: dict[int, str] = field(default_factory=dict)
    """Devices without room, and what was said of it."""
    _refused: Counter[str] = field(default_factory=Counter)
    """How often each hub has refused the key since it last gave a file."""
    _lost: bool = False
    _fetched: int = 0
    _asked_at: float = 0.0
    _waiting: list[Download] = field(default_factory=list)
    """What could begin, as of a moment ago."""

    def stop(self) -> None:
        """Begin nothing more and let go of what runs: another process has the queue."""
        self._lost = True

    def may_begin(self) -> bool:
        """Tell whether something could begin right now."""
        return not self._lost and any(each.not_before <= time.time() for each in self._startable())

    def to_the_end(self) -> None:
        """Download until nothing is left that could begin soon; raise `Cancelled` when stopped."""
        with ThreadPoolExecutor(self.options.at_once, thread_name_prefix="download") as pool:
            try:
                while True:
                    self._begin(pool)
                    if not self._active and not self._wait_for_next():
                        return
                    self._settle()
                    self._hear()
                    self._show()
                    self.cancel.check()
                    if self._lost:
                        raise Cancelled("Another loradex has taken over the queue.")
            finally:
                self._let_go()

    def say_what_waits(self) -> None:
        """Put into the report why some of the queue is left."""
        left = self._queued()
        for hub, reason in self._closed.items():
            number = sum(each.hub == hub for each in left)
            if number:
                self.report.waiting.append(f"{_files(number)} of {hub} left: {reason}")
        for device, reason in self._full.items():
            number = sum(_device(each) == device for each in left)
            if number:
                self.report.waiting.append(f"{_files(number)} left: {reason}")
        later = [each for each in left if each.not_before > time.time()]
        if later:
            soonest = min(later, key=lambda each: each.not_before)
            when = time.strftime("%H:%M", time.localtime(soonest.not_before))
            reason = f" ({soonest.error})" if soonest.error else ""
            self.report.waiting.append(f"{_files(len(later))} left until {when}{reason}")

    def _queued(self) -> list[Download]:
        return self.catalog.downloads.downloads([DownloadState.QUEUED])

    def _startable(self) -> list[Download]:
        return [
            each
            for each in self._queued()
            if each.hub not in self._closed
            and each.id not in self._held
            and each.id not in self._active
        ]

    def _begin(self, pool: ThreadPoolExecutor) -> None:
        """Begin as many downloads as may run at once."""
        while len(self._active) < self.options.at_once and not self._lost:
            download = self.catalog.downloads.take(
                not_hubs=self._closed, not_ids=[*self._active, *self._held]
            )
            if download is None:
                return
            reason = self._full.get(_device(download))
            if reason is not None:
                self._hold(download, reason)
                continue
            meter = Meter(download.id, download.name, download.size_bytes)
            cancel = CancelToken()
            watched = Watched(cancel, meter.note, self._tell_wait)
            future = pool.submit(self.work.do, download, watched)
            self._active[download.id] = _Active(download, meter, cancel, future)

    def _hold(self, download: Download, reason: str) -> None:
        self._held[download.id] = reason
        self.catalog.downloads.postpone(download.id, 0.0, reason, None, tried=False)

    def _wait_for_next(self) -> bool:
        """Wait a moment for a download whose time comes soon; False when there is none."""
        startable = self._startable()
        if not startable:
            return False
        soonest = min(startable, key=lambda each: each.not_before)
        seconds = soonest.not_before - time.time()
        if seconds > self.options.patience:
            return False
        if seconds > 0:
            name = display_text(soonest.name, 60)
            self.sink.progress(
                Progress(f"Waiting {seconds:.0f} s to try again", 0, None, "files", name)
            )
            self.cancel.wait(min(seconds, _ASK_EVERY))
        return True

    def _settle(self) -> None:
        """Wait a moment for downloads that end, and keep how they did."""
        futures = [each.future for each in self._active.values()]
        wait(futures, timeout=_LOOK_EVERY, return_when=FIRST_COMPLETED)
        for active in [each for each in self._active.values() if each.future.done()]:
            del self._active[active.download.id]
            self._fetched += active.meter.fetched
            self.report.nbytes += active.meter.fetched
            self._ended(active)

    def _ended(self, active: _Active) -> None:
        download = active.download
        try:
            landed = active.future.result()
        except Cancelled:
            self._stopped(download)
        except NoLongerWanted:
            discard(download)
        except CatalogError:
            raise
        except (LoradexError, OSError) as error:
            self._failed(download, trouble_of(error, download.tries))
        else:
            note = " ".join(landed.notes) or None
            self.catalog.downloads.finish(download.id, landed.content_id, error=note)
            self.report.landed.append((download, landed))
            self._refused[download.hub] = 0

    def _stopped(self, download: Download) -> None:
        """Let go of a download that was told to stop: by a person, or by the end of the run."""
        if self._lost:  # what its row says is another process's affair
            return
        now = self.catalog.downloads.some([download.id])
        if not now or now[0].state is DownloadState.CANCELLED:
            discard(download)
        else:
            self.catalog.downloads.postpone(download.id, 0.0, None, None, tried=False)

    def _failed(self, download: Download, trouble: Trouble) -> None:
        """Keep a failure, and hold back what it concerns as well."""
        store = self.catalog.downloads
        outcome = trouble.outcome
        if outcome is Outcome.AGAIN and download.tries < len(self.options.pauses):
            until = time.time() + self.options.pauses[download.tries]
            store.postpone(download.id, until, trouble.message, trouble.hint, tried=True)
            return
        if outcome is Outcome.HUB_LATER:
            until = time.time() + (trouble.retry_after or self.options.quota_pause)
            store.postpone(download.id, until, trouble.message, trouble.hint, tried=True)
            store.hold_hub(download.hub, until, trouble.message, trouble.hint)
            self._tell(download, trouble)
            return
        if outcome is Outcome.DISK_FULL:
            self._full[_device(download)] = trouble.message
            self._hold(download, trouble.message)
            self._tell(download, trouble)
            return
        if outcome is Outcome.KEY_REFUSED:
            self._refused[download.hub] += 1
        if outcome is Outcome.HUB_CLOSED or self._refused[download.hub] >= _REFUSALS:
            self._closed[download.hub] = trouble.message
        if outcome is Outcome.ASIDE:
            self._put_aside(download, trouble)
        else:
            store.fail(download.id, trouble.message, trouble.hint)
            self._tell(download, trouble)
        self.report.failed.append(download)

    def _put_aside(self, download: Download, trouble: Trouble) -> None:
        """Keep wrong bytes where nobody takes them for a model."""
        try:
            aside = put_aside(part_of(download), download)
        except OSError:  # nothing came, or it cannot be renamed: then it stays an unfinished file
            self.catalog.downloads.fail(download.id, trouble.message, trouble.hint)
        else:
            hint = (
                f"What came is kept as {display_text(str(aside))}; delete it if you do not need it,"
                " and try again with `loradex hub downloads retry`."
            )
            trouble = Trouble(trouble.outcome, trouble.message, hint)
            self.catalog.downloads.put_aside(download.id, trouble.message, hint)
        self._tell(download, trouble)

    def _tell(self, download: Download, trouble: Trouble) -> None:
        self.sink.problem(Problem(download.name, trouble.message, trouble.hint))

    def _hear(self) -> None:
        """Keep how far downloads are, and stop those that a person has paused or cancelled."""
        now = time.monotonic()
        if now - self._asked_at < _ASK_EVERY:
            return
        self._asked_at = now
        self._waiting = [each for each in self._startable() if each.not_before <= time.time()]
        store = self.catalog.downloads
        store.note_bytes((id_, each.meter.done) for id_, each in self._active.items())
        running = {
            each.id for each in store.some(self._active) if each.state is DownloadState.RUNNING
        }
        for id_, active in self._active.items():
            if id_ not in running:
                active.cancel.cancel()

    def _show(self) -> None:
        now = time.monotonic()
        meters = [each.meter for each in self._active.values()]
        queued = self._waiting
        done = self._fetched + sum(meter.fetched for meter in meters)
        total = self._fetched + sum(meter.to_fetch for meter in meters)
        total += sum(max((each.size_bytes or 0) - each.done_bytes, 0) for each in queued)
        files = tuple(meter.progress(now) for meter in meters)
        self.show_files(files)
        if files:
            item = display_text(files[0].name)
            more = len(files) + len(queued) - 1
            item += f" and {more} more" if more else ""
            self.sink.progress(Progress(STAGE, done, max(total, done), "bytes", item))

    def _tell_wait(self, wait_: HubWait) -> None:
        stage = f"Waiting {wait_.seconds:.0f} s: {wait_.reason}"
        self.sink.progress(Progress(display_text(stage), 0, None, "files", wait_.host))

    def _let_go(self) -> None:
        """Stop what runs, and queue it again; a second run goes on with the bytes that came."""
        for active in self._active.values():
            active.cancel.cancel()
        while self._active:
            self._settle()


def _device(download: Download) -> int:
    try:
        return device_at(download.path)
    except OSError:
        return -1


def _files(number: int) -> str:
    return "1 file" if number == 1 else f"{number:,} files"
