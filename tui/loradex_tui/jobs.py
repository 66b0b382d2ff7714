"""What runs in other processes, looked at four times a second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from textual.timer import Timer

from loradex.operations.child_job import JobStatus

if TYPE_CHECKING:
    from loradex_tui.app import LoradexApp

POLL_EVERY = 0.25


class Job(Protocol):
    """Work in a process of its own. `poll` never waits."""

    def poll(self) -> JobStatus:
        """Return where it is."""

    def cancel(self) -> None:
        """Ask it to stop."""

    def close(self) -> None:
        """Stop it, and wait until its process is gone."""


Watcher = Callable[[str, JobStatus], None]


@dataclass(slots=True)
class _Running:
    job: Job
    status: JobStatus


class Jobs:
    """The jobs of this program by name (`scan`, `grid`): at most one of each."""

    def __init__(self, app: LoradexApp, watcher: Watcher) -> None:
        self._app = app
        self._watcher = watcher
        self._running: dict[str, _Running] = {}
        self._timer: Timer | None = None

    @property
    def names(self) -> frozenset[str]:
        """What runs now."""
        return frozenset(self._running)

    def status(self, name: str) -> JobStatus | None:
        """Return where a job is, None when it does not run."""
        running = self._running.get(name)
        return running.status if running else None

    def start(self, name: str, job: Job) -> None:
        """Watch a job until it ends."""
        self._running[name] = _Running(job, JobStatus())
        self._watcher(name, JobStatus())
        if self._timer is None:
            self._timer = self._app.set_interval(POLL_EVERY, self.look)

    def look(self) -> None:
        """Ask every job where it is, and tell of those that moved."""
        for name, running in list(self._running.items()):
            status = running.job.poll()
            if status.state != "running":
                del self._running[name]
                running.job.close()
            if status != running.status:
                running.status = status
                self._watcher(name, status)
        if not self._running and self._timer is not None:
            self._timer.stop()
            self._timer = None

    def cancel(self) -> None:
        """Ask all jobs to stop."""
        for running in self._running.values():
            running.job.cancel()

    def close(self) -> None:
        """Stop all jobs and wait for them."""
        self.cancel()
        for running in self._running.values():
            running.job.close()
        self._running.clear()

    def ticker(self) -> str:
        """Return one line about all that runs; empty when nothing does."""
        return " · ".join(
            progress_text(name, running.status) for name, running in self._running.items()
        )


def progress_text(name: str, status: JobStatus) -> str:
    """Return `scan: headers 41 % (3,120 of 7,610 files)`."""
    if not status.stage:
        return f"{name}: starting"
    if not status.total:
        return f"{name}: {status.stage} {status.done:,} {status.unit}".rstrip()
    share = min(status.done * 100 // status.total, 100)
    counts = f"{status.done:,} of {status.total:,} {status.unit}".rstrip()
    return f"{name}: {status.stage} {share} % ({counts})"
