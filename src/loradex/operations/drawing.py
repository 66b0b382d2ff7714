"""Draw cells in processes of their own, one for each device, and hear what they finish.

A process gives all of a device's memory back when it ends, has no key of any hub in its
environment, and takes nobody down with it.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from loradex import errors
from loradex.domain.grid import FailedCell, GridPlan, RenderedCell
from loradex.domain.grid_json import spec_to_json
from loradex.domain.progress import CancelToken, Problem, Progress, ProgressSink
from loradex.errors import LoradexError, RenderError
from loradex.operations.child_job import environment_without_keys

_LOOK_EVERY = 0.1
_PATIENCE = 20.0
"""Seconds a process has to end after it was told to: a step may be under way."""

Event = Mapping[str, object]


def draw_cells(
    plan: GridPlan,
    keys: Sequence[str],
    folder: Path,
    *,
    tokenizers: Sequence[Path] = (),
    log: Path,
    sink: ProgressSink,
    cancel: CancelToken,
) -> Iterator[RenderedCell | FailedCell]:
    """Draw the cells with these keys into `folder`, and yield each as it is finished.

    `tokenizers` are folders of those that were downloaded. The devices of this machine share the
    cells when the grid names none. Raises what drawing raises (`NotRenderable`, `ExtraMissing` …),
    `Cancelled`, and `RenderError` when a process died; what was finished by then was yielded.
    """
    from loradex.render.devices import devices_for  # noqa: PLC0415 - beside its use

    devices = devices_for(plan.spec.settings)
    shares = _shares(keys, len(devices))
    log.parent.mkdir(parents=True, exist_ok=True)
    workers = [
        _Worker(_job(plan, share, folder, device, tokenizers), log)
        for share, device in zip(shares, devices, strict=False)
    ]
    try:
        yield from _heard(workers, sink, cancel)
    finally:
        # All are told before any is waited for, since each may take a step to end.
        for worker in workers:
            worker.stop()
        for worker in workers:
            worker.close()


def _shares(keys: Sequence[str], count: int) -> list[Sequence[str]]:
    """Split the cells, which stand in drawing order, into as many runs, none of them empty."""
    count = max(1, min(count, len(keys)))
    return [keys[len(keys) * n // count : len(keys) * (n + 1) // count] for n in range(count)]


def _heard(
    workers: Sequence[_Worker], sink: ProgressSink, cancel: CancelToken
) -> Iterator[RenderedCell | FailedCell]:
    running = list(workers)
    where: dict[_Worker, Progress] = {}
    trouble: LoradexError | None = None
    while running:
        cancel.check()
        for worker in list(running):
            for event in worker.events(_LOOK_EVERY / len(running)):
                kind = event.get("event")
                if kind == "progress":
                    where[worker] = _progress(event)
                    sink.progress(_together(list(where.values())))
                elif kind == "problem":
                    sink.problem(_problem(event))
                elif kind == "cell":
                    yield _rendered(event)
                elif kind == "failed":
                    yield FailedCell(str(event["key"]), str(event["message"]))
                elif kind == "error":
                    trouble = _error(event)
            if worker.ended:
                running.remove(worker)
                trouble = trouble or worker.died()
    if trouble is not None:
        raise trouble


class _Worker:
    """One process that draws, and the thread that reads what it says."""

    def __init__(self, job: Mapping[str, object], log: Path) -> None:
        self._log = log
        self._queue: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._said_end = False
        self.ended = False
        with log.open("ab") as errors_file:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "loradex.render.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors_file,
                env=_environment(),
                start_new_session=True,
            )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        threading.Thread(target=self._tell, args=(json.dumps(job),), daemon=True).start()

    def events(self, seconds: float) -> Iterator[Event]:
        """Yield what came, waiting a moment for the first; sets `ended` after the last."""
        try:
            event = self._queue.get(timeout=seconds)
            while True:
                if event is None:
                    self.ended = True
                    return
                self._said_end |= event.get("event") in ("end", "error", "cancelled")
                yield event
                event = self._queue.get_nowait()
        except queue.Empty:
            return

    def died(self) -> RenderError | None:
        """Return what to say when the process ended without a last word."""
        if self._said_end:
            return None
        code = self._process.wait()
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return RenderError(
            f"The process that draws was ended from outside ({how}), perhaps for want of memory.",
            hint=f"What is finished is kept: run it again to go on. Its last words: {self._log}",
        )

    def stop(self) -> None:
        """Tell the process to end, by ending what it reads."""
        if self._process.stdin is not None:
            with suppress(OSError):  # it went away with a job half written
                self._process.stdin.close()

    def close(self) -> None:
        """Wait until the process, which was told to `stop`, is gone."""
        try:
            self._process.wait(0 if self.ended and not self._said_end else _PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join(_PATIENCE)
        if self._process.stdout is not None and not self._listener.is_alive():
            self._process.stdout.close()

    def _tell(self, job: str) -> None:
        assert self._process.stdin is not None  # noqa: S101 - a pipe was asked for
        try:
            self._process.stdin.write(job.encode("ascii") + b"\n")
            self._process.stdin.flush()
        except (OSError, ValueError):  # it ended, or was stopped, before it read its job
            return

    def _listen(self) -> None:
        for line in self._process.stdout or ():
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict):
                self._queue.put(event)
        self._queue.put(None)


def _job(
    plan: GridPlan, keys: Sequence[str], folder: Path, device: str, tokenizers: Sequence[Path]
) -> Mapping[str, object]:
    """Return what one process is told to do, as JSON can hold it."""
    return {
        "spec": spec_to_json(plan.spec),
        "keys": list(keys),
        "folder": str(folder),
        "device": device,
        "tokenizers": [str(path) for path in tokenizers],
    }


def _environment() -> dict[str, str]:
    environment = environment_without_keys()
    environment |= {"PYTHONUNBUFFERED": "1", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    # The same loradex as this one, also where it runs from a checkout.
    environment["PYTHONPATH"] = os.pathsep.join(part for part in sys.path if part)
    return environment


def _together(parts: Sequence[Progress]) -> Progress:
    """Return one progress of several processes."""
    if len(parts) == 1:
        return parts[0]
    totals = [part.total for part in parts]
    total = None if None in totals else sum(one or 0 for one in totals)
    last = parts[-1]
    return Progress(last.stage, sum(part.done for part in parts), total, last.unit, last.item)


def _progress(event: Event) -> Progress:
    total = event.get("total")
    return Progress(
        stage=str(event.get("stage", "")),
        done=int(str(event.get("done", 0))),
        total=total if isinstance(total, int) else None,
        unit=str(event.get("unit", "")),
        item=str(event.get("item", "")),
    )


def _problem(event: Event) -> Problem:
    hint = event.get("hint")
    return Problem(
        str(event.get("item", "")), str(event.get("message", "")), str(hint) if hint else None
    )


def _rendered(event: Event) -> RenderedCell:
    return RenderedCell(
        key=str(event["key"]),
        path=str(event["path"]),
        width=int(str(event["width"])),
        height=int(str(event["height"])),
        seconds=float(str(event["seconds"])),
        infotext=str(event["infotext"]),
    )


def _error(event: Event) -> LoradexError:
    """Return the error that the process ended with, as the type it was."""
    kind = getattr(errors, str(event.get("kind")), RenderError)
    chosen = kind if isinstance(kind, type) and issubclass(kind, LoradexError) else RenderError
    hint = event.get("hint")
    return chosen(str(event.get("message", "")), hint=str(hint) if hint else None)
