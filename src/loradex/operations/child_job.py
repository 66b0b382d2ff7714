"""Long work in a process of its own, told about line by line.

The terminal UI must never wait, and libraries that draw may write to the terminal; so scans and
grids run as `loradex … --progress json`, whose events are read here. The child has no hub key in
its environment, and ends by itself when nobody reads what it says.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Literal

from loradex.domain.progress import Problem
from loradex.operations.job_log import new_log
from loradex.paths import Home

JobState = Literal["running", "done", "failed", "cancelled"]

_SECRETS = ("LORADEX_HUB_TOKEN", "CIVITAI_API_KEY", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
_ENDS: dict[object, JobState] = {"done": "done", "failed": "failed", "cancelled": "cancelled"}
PROBLEMS_KEPT = 500
_PATIENCE = 5.0
"""Seconds a child has to end after it was asked to."""
_LONGEST_EVENT = 16 * 1024 * 1024
"""Bytes of a line that are read: the last event holds the whole result."""
_GIVE_WAY = 10
"""The nice value of a job; its own children have it, too."""
_LAST_WORDS = 2.0
"""Seconds after a child's end in which its last events arrive, were its output held open."""


@dataclass(frozen=True, slots=True)
class JobStatus:
    """Where a job is. `message` and `hint` say how it ended, or why it failed."""

    state: JobState = "running"
    grid_id: int | None = None
    stage: str = ""
    done: int = 0
    total: int | None = None
    unit: str = ""
    item: str = ""
    """What it is at, such as a file or a model; empty when it does not say."""
    message: str | None = None
    hint: str | None = None
    problems: tuple[Problem, ...] = ()
    """The last of them."""
    problem_count: int = 0
    plan_id: int | None = None
    """At the end of work on a plan: its number."""


def environment_without_keys() -> dict[str, str]:
    """Return this process's environment without the keys of hubs."""
    return {name: value for name, value in os.environ.items() if name not in _SECRETS}


def give_way(process: int) -> None:
    """Let a process with a session of its own stand back: somebody is working at the screen.

    Where Linux shares the processor out among sessions first (`autogroup` in sched(7)), a nice
    value counts only within one, and the session of the process is made to stand back, too.
    """
    if hasattr(os, "setpriority"):
        with suppress(OSError):  # it has ended already
            os.setpriority(os.PRIO_PROCESS, process, _GIVE_WAY)
    with suppress(OSError):  # there is no such file elsewhere
        Path(f"/proc/{process}/autogroup").write_text(f"{_GIVE_WAY}\n")


class ChildJob:
    """A running `loradex` command. `poll` never waits.

    It is given the keys of hubs only with `keys`: most work has no use for them. `given` is what
    it reads on standard input.
    """

    def __init__(
        self, home: Home, arguments: Sequence[str], *, keys: bool = False, given: str = ""
    ) -> None:
        log = new_log(home)
        environment = dict(os.environ) if keys else environment_without_keys()
        environment["LORADEX_HOME"] = str(home.root)
        environment["PYTHONUNBUFFERED"] = "1"
        # A file and no pipe: nobody has to wait until all of it is read.
        with log.open("ab") as errors, tempfile.TemporaryFile() as standard_input:
            standard_input.write(given.encode("utf-8", "replace"))
            standard_input.seek(0)
            self._process = subprocess.Popen(  # noqa: S603 - our own program, no shell
                [sys.executable, "-m", "loradex", *arguments, "--progress", "json"],
                stdin=standard_input,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment,
                start_new_session=True,
            )
        give_way(self._process.pid)
        self.command = shlex.join(["loradex", *arguments])
        """The same on a command line."""
        self.log = log
        """What it writes beside its events."""
        self._lock = threading.Lock()
        self._status = JobStatus()
        self._cancelled = False
        self._gone_since: float | None = None
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    def poll(self) -> JobStatus:
        """Return where the job is now. It runs until its process is gone, whatever it has told."""
        with self._lock:
            status = self._status
        alive = self._process.poll() is None
        if status.state != "running":
            # What follows its last word (a daily copy, plugins that are told) is not cut off.
            return replace(status, state="running") if alive else status
        if not alive:
            # Its output may be held open by a process that it has left behind.
            now = time.monotonic()
            if self._gone_since is None:
                self._gone_since = now
            elif now - self._gone_since > _LAST_WORDS:
                self._ended_silently()
        with self._lock:
            return self._status

    def cancel(self) -> None:
        """Ask the job to stop; what it finished is kept."""
        self._cancelled = True
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)

    def close(self) -> None:
        """Stop the job if it still runs, and wait until its process is gone."""
        if self._process.poll() is None:
            self.cancel()
            try:
                self._process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._listener.join(0 if self._gone_since is not None else _LAST_WORDS)

    def _listen(self) -> None:
        for line in _lines(self._process.stdout):
            try:
                event = json.loads(line)
            except (ValueError, RecursionError):  # no event: something printed, or deep nesting
                continue
            if isinstance(event, dict):
                with self._lock:
                    self._status = _advanced(self._status, event)
        self._process.wait()
        self._ended_silently()
        # Here, and not in `close`: nobody closes a job whose owner has gone meanwhile.
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _ended_silently(self) -> None:
        """Say how it ended, if it did not say so itself."""
        code = self._process.returncode
        with self._lock:
            if self._status.state != "running":
                return
            if self._cancelled:
                self._status = replace(self._status, state="cancelled")
                return
            how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
            self._status = replace(
                self._status,
                state="failed",
                message=f"The work ended without a word ({how}).",
                hint=f"Its last output is in {self.log}.",
            )


def _lines(stream: IO[bytes] | None) -> Iterator[bytes]:
    """Yield lines; of one that is too long to be an event, nothing."""
    if stream is None:
        return
    too_long = False
    while line := stream.readline(_LONGEST_EVENT):
        whole = line.endswith(b"\n")
        if whole and not too_long:
            yield line
        too_long = not whole


def _advanced(status: JobStatus, event: Mapping[str, object]) -> JobStatus:
    """Return the status after one event of the child."""

    def text(key: str) -> str | None:
        value = event.get(key)
        return None if value is None else str(value)

    def number(key: str) -> int | None:
        value = event.get(key)
        return value if isinstance(value, int) else None

    kind = event.get("event")
    if kind == "progress":
        return replace(
            status,
            stage=text("stage") or "",
            done=number("done") or 0,
            total=number("total"),
            unit=text("unit") or "",
            item=text("item") or "",
        )
    if kind == "started":
        return replace(status, grid_id=number("grid_id"))
    if kind == "problem":
        problem = Problem(text("item") or "", text("message") or "", text("hint"))
        return replace(
            status,
            problems=(*status.problems, problem)[-PROBLEMS_KEPT:],
            problem_count=status.problem_count + 1,
        )
    if kind in _ENDS:
        return replace(
            status,
            state=_ENDS[kind],
            message=text("message"),
            hint=text("hint"),
            plan_id=number("plan"),
        )
    return status
