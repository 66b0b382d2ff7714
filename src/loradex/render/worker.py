"""The process that draws: one job comes in on stdin, events go out on stdout.

It is started without keys in its environment, refuses the network, and ends when whoever started
it goes away: then stdin ends, which stops it within a step. One JSON object a line both ways. The
job is the grid's own spec, of which a share of the cells is asked for.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TextIO

from loradex.domain.grid import GridPlan, RenderedCell
from loradex.domain.grid_json import spec_from_json
from loradex.domain.progress import CancelToken, Problem, Progress
from loradex.errors import Cancelled, LoradexError

_NETWORK = ("socket.connect", "socket.getaddrinfo", "socket.sendto", "urllib.Request")
_EVERY = 0.1
"""Seconds between two events of progress."""


class NetworkRefused(RuntimeError):
    """Something in this process reached for the network. Drawing never needs it."""


def main() -> int:
    """Draw the job on stdin; return the exit code."""
    sys.addaudithook(_refuse_network)
    events = _Events(_own_stdout())
    line = sys.stdin.readline()
    if not line:
        return 1
    cancel = CancelToken()
    threading.Thread(target=_cancel_when_alone, args=(cancel,), daemon=True).start()
    try:
        _draw(json.loads(line), events, cancel)
    except Cancelled:
        events.tell("cancelled")
    except LoradexError as error:
        events.tell("error", kind=type(error).__name__, message=str(error), hint=error.hint)
    else:
        events.tell("end")
    # Not by way of the interpreter's own end, which may wait for a device that hangs.
    sys.stderr.flush()
    os._exit(0)


def _draw(job: dict[str, str | list[str]], events: _Events, cancel: CancelToken) -> None:
    from loradex.render.engine import draw, engine_of  # noqa: PLC0415 - torch is behind this
    from loradex.render.plan import plan_grid  # noqa: PLC0415

    spec = spec_from_json(str(job["spec"]))
    settings = replace(spec.base.settings, device=str(job["device"]))
    spec = replace(spec, base=replace(spec.base, settings=settings))
    plan: GridPlan = plan_grid(spec, engine=engine_of)
    for cell in draw(
        plan,
        frozenset(job["keys"]),
        Path(str(job["folder"])),
        tokenizers=[Path(folder) for folder in job["tokenizers"]],
        sink=events,
        cancel=cancel,
    ):
        events.tell("cell" if isinstance(cell, RenderedCell) else "failed", **asdict(cell))


class _Events:
    """Writes events; a sink of progress and problems. From several threads."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._told = 0.0

    def tell(self, event: str, **fields: object) -> None:
        """Write one event. A reader that has gone is noticed by stdin."""
        text = json.dumps({"event": event, **fields})
        with self._lock:
            try:
                self._stream.write(text + "\n")
                self._stream.flush()
            except OSError:
                return

    def progress(self, event: Progress) -> None:
        """Tell where the work is, at most ten times a second and at the end."""
        now = time.monotonic()
        if now - self._told >= _EVERY or event.done == event.total:
            self._told = now
            self.tell("progress", **asdict(event))

    def problem(self, event: Problem) -> None:
        """Tell what failed."""
        self.tell("problem", **asdict(event))


def _own_stdout() -> TextIO:
    """Return stdout for events alone: what libraries print there goes to stderr instead."""
    own = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="backslashreplace")
    os.dup2(2, 1)
    return own


def _cancel_when_alone(cancel: CancelToken) -> None:
    while sys.stdin.readline():
        pass
    cancel.cancel()


def _refuse_network(event: str, arguments: tuple[object, ...]) -> None:
    if event in _NETWORK:
        raise NetworkRefused(f"Drawing does not use the network ({event}).")


if __name__ == "__main__":
    sys.exit(main())
