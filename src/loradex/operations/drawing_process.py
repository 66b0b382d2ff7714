"""The process that draws, from outside: started without keys, told requests, heard line by line."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path

from loradex.errors import RenderError
from loradex.operations.child_job import environment_without_keys

_PATIENCE = 20.0
"""Seconds a process has to end after it was told to: a step may be under way."""
LAST_WORDS = frozenset({"end", "error", "cancelled"})
"""The events after which a request has no more."""

Event = Mapping[str, object]


class DrawingProcess:
    """One process that draws, and the threads that write to it and read what it says.

    It gives all of a device's memory back when it ends, has no key of any hub in its environment,
    and takes nobody down with it. `tokenizers` are folders of those that were downloaded.
    """

    def __init__(self, log: Path, tokenizers: Sequence[Path] = ()) -> None:
        """Start it; what its libraries print goes to `log`."""
        self._log = log
        self._heard: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._to_tell: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._ids = count(1)
        self._busy = 0
        self.ended = False
        log.parent.mkdir(parents=True, exist_ok=True)
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
        threading.Thread(target=self._write, daemon=True).start()
        self._put({"tokenizers": [str(path) for path in tokenizers]})

    def ask(self, what: str, **fields: object) -> int:
        """Begin a request and return its number; it is answered after those before it."""
        number = next(self._ids)
        self._busy += 1
        self._put({"id": number, "do": what, **fields})
        return number

    def stop(self, request: int) -> None:
        """Let a request end within a step."""
        self._put({"id": request, "do": "stop"})

    def events(self, seconds: float) -> Iterator[Event]:
        """Yield what came, waiting a moment for the first; sets `ended` after the last."""
        try:
            event = self._heard.get(timeout=seconds)
            while True:
                if event is None:
                    self.ended = True
                    return
                self._busy -= event.get("event") in LAST_WORDS
                yield event
                event = self._heard.get_nowait()
        except queue.Empty:
            return

    def died(self) -> RenderError:
        """Return what to say when the process ended before its last word."""
        code = self._process.wait()
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return RenderError(
            f"The process that draws was ended from outside ({how}), perhaps for want of memory.",
            hint=f"What is finished is kept: run it again to go on. Its last words: {self._log}",
        )

    def let_go(self) -> None:
        """Tell the process to end, by ending what it reads."""
        self._to_tell.put(None)

    def close(self, patience: float = _PATIENCE) -> None:
        """Wait until the process, which was told to end, is gone; end it after `patience`."""
        try:
            self._process.wait(0 if self.ended and self._busy else patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.let_go()
        self._listener.join(_PATIENCE)
        if self._process.stdout is not None and not self._listener.is_alive():
            self._process.stdout.close()

    def _put(self, message: Mapping[str, object]) -> None:
        self._to_tell.put(json.dumps(message))

    def _write(self) -> None:
        """Write what is to be told; a pipe that is full makes nobody else wait."""
        pipe = self._process.stdin
        assert pipe is not None  # noqa: S101 - a pipe was asked for
        # It may end, or be ended, before it has read all.
        with suppress(OSError, ValueError):
            while (message := self._to_tell.get()) is not None:
                pipe.write(message.encode("ascii") + b"\n")
                pipe.flush()
        with suppress(OSError):
            pipe.close()

    def _listen(self) -> None:
        for line in self._process.stdout or ():
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict):
                self._heard.put(event)
        self._heard.put(None)


def _environment() -> dict[str, str]:
    environment = environment_without_keys()
    environment |= {"PYTHONUNBUFFERED": "1", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    # The same loradex as this one, also where it runs from a checkout.
    environment["PYTHONPATH"] = os.pathsep.join(part for part in sys.path if part)
    return environment
