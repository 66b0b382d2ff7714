"""What runs in other processes, looked at four times a second, and what has ended."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from textual.timer import Timer

from loradex.operations.child_job import JobStatus
from loradex_tui.jobs.pace import Pace
from loradex_tui.jobs.words import progress_text, shortest_text, ticker_text

if TYPE_CHECKING:
    from loradex.operations.cut_off import CutOff
    from loradex_tui.app import LoradexApp

__all__ = ["POLL_EVERY", "Job", "JobRecord", "Jobs", "progress_text"]

POLL_EVERY = 0.25
ENDED_KEPT = 50


class Job(Protocol):
    """Work in a process of its own. `poll` never waits."""

    def poll(self) -> JobStatus:
        """Return where it is."""

    def cancel(self) -> None:
        """Ask it to stop."""

    def close(self) -> None:
        """Stop it, and wait until its process is gone."""


class CutOffJob:
    """Work that ended without being done; nothing of it runs."""

    log = None
    pid = ""

    def __init__(self, what: CutOff) -> None:
        self._what = what

    @property
    def command(self) -> str:
        """What goes on with it on a command line."""
        return self._what.command

    def poll(self) -> JobStatus:
        """Return how it ended."""
        then = "r goes on with it." if self._what.arguments else "It has to be begun anew."
        hint = f"loradex was ended from outside before this was done. {then}"
        return JobStatus("failed", message=self._what.told, hint=hint)

    def cancel(self) -> None:
        """Nothing runs."""

    def close(self) -> None:
        """Nothing runs."""


Watcher = Callable[[str, JobStatus], None]
Again = Callable[[], None]


@dataclass(eq=False, slots=True)
class JobRecord:
    """A job of this session, running or ended. Times are Unix times."""

    number: int
    name: str
    job: Job
    again: Again | None = None
    """Starts the same once more, None when that is not known."""
    status: JobStatus = field(default_factory=JobStatus)
    pace: Pace = field(default_factory=Pace)
    started: float = field(default_factory=time.time)
    ended: float | None = None
    stopping: bool = False
    """It was asked to stop."""
    note: int | None = None
    """What the catalog remembers it by, should this program be killed before its end."""
    cut_off: CutOff | None = None
    """What it was, when an earlier program was killed before its end."""

    @property
    def command(self) -> str:
        """The same on a command line; empty when that is not known."""
        return str(getattr(self.job, "command", ""))

    @property
    def log(self) -> Path | None:
        """What it writes beside its events."""
        log = getattr(self.job, "log", None)
        return log if isinstance(log, Path) else None

    @property
    def process(self) -> str:
        """Its process as the catalog names it."""
        return f"process {getattr(self.job, 'pid', '')}"

    @property
    def seconds(self) -> float:
        """How long it has run, or ran."""
        return max((time.time() if self.ended is None else self.ended) - self.started, 0.0)


class Jobs:
    """The jobs of this program by name (`scan`, `grid`): at most one of each runs."""

    def __init__(self, app: LoradexApp, watcher: Watcher) -> None:
        self._app = app
        self._watcher = watcher
        self._running: dict[str, JobRecord] = {}
        self._ended: deque[JobRecord] = deque(maxlen=ENDED_KEPT)
        self._timer: Timer | None = None
        self._number = 0
        self.every = POLL_EVERY
        """Seconds between two looks."""

    @property
    def names(self) -> frozenset[str]:
        """What runs now."""
        return frozenset(self._running)

    @property
    def running(self) -> list[JobRecord]:
        """What runs now, the oldest first."""
        return list(self._running.values())

    @property
    def ended(self) -> list[JobRecord]:
        """What has ended in this session, the latest first."""
        return list(reversed(self._ended))

    def status(self, name: str) -> JobStatus | None:
        """Return where a job is, None when it does not run."""
        running = self._running.get(name)
        return running.status if running else None

    def start(
        self, name: str, job: Job, again: Again | None = None, note: int | None = None
    ) -> None:
        """Watch a job until it ends; one of that name that runs already is stopped."""
        if (before := self._running.pop(name, None)) is not None:
            before.job.close()
        self._number += 1
        self._running[name] = JobRecord(self._number, name, job, again, note=note)
        self._watcher(name, JobStatus())
        if self._timer is None:
            self._timer = self._app.set_interval(self.every, self.look)

    def look(self) -> None:
        """Ask every job where it is, and tell of those that moved."""
        if not self._app.screen_stack:
            return  # the program ends: nobody is left to be told
        now = time.monotonic()
        for name, record in list(self._running.items()):
            status = record.job.poll()
            moved, record.status = status != record.status, status
            record.pace.note(status, now)
            if status.state != "running":
                del self._running[name]
                record.ended = time.time()
                self._ended.append(record)
                record.job.close()
            if moved:
                self._watcher(name, status)
        if not self._running and self._timer is not None:
            self._timer.stop()
            self._timer = None

    def cancel(self, name: str | None = None) -> None:
        """Ask a job, or all, to stop."""
        for record in self._running.values():
            if name in (None, record.name):
                record.stopping = True
                record.job.cancel()

    def add_cut_off(self, what: CutOff, again: Again | None) -> None:
        """List what an earlier program began and did not end."""
        self._number += 1
        job = CutOffJob(what)
        record = JobRecord(self._number, what.task, job, again, job.poll(), cut_off=what)
        record.ended = record.started
        self._ended.append(record)

    def take_out(self, what: CutOff) -> None:
        """List it no longer: it goes on."""
        kept = [each for each in self._ended if each.cut_off is not what]
        self._ended = deque(kept, maxlen=ENDED_KEPT)

    def tidy(self) -> None:
        """Forget what has ended."""
        self._ended.clear()

    def close(self) -> None:
        """Stop all jobs and wait for them."""
        self.cancel()
        for record in self._running.values():
            record.job.close()
        self._running.clear()

    def ticker(self) -> list[str]:
        """Return lines about all that runs, the longest first: the bar shows one that fits."""
        records = self.running
        if not records:
            return []
        # What tells how far it is tells most; of two that do, the one that began last.
        first = max(records, key=lambda each: (bool(each.status.total), each.started))
        more = f" +{len(records) - 1}" if len(records) > 1 else ""
        lines = [" · ".join(_long(each) for each in records)]
        lines.append(" · ".join(ticker_text(each.name, each.status, each.pace) for each in records))
        lines.append(ticker_text(first.name, first.status, first.pace) + more)
        lines.append(shortest_text(first.name, first.status) + more)
        return lines


def _long(record: JobRecord) -> str:
    text = progress_text(record.name, record.status)
    return f"{text} · stopping" if record.stopping else text
