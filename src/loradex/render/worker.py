"""The process that draws: requests come in on stdin, events go out on stdout.

It is started without keys in its environment, refuses the network, and ends when whoever started
it goes away: then stdin ends, which stops it within a step. One JSON object a line both ways.

A request has an `id` and says what to `do` (`loradex.render.answers`); its events carry the id,
and the last of them is `end`, `error` or `cancelled`. `{"id": …, "do": "stop"}` stops a request
within a step. The first line of all says which `tokenizers` there are.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import TextIO

from loradex.domain.progress import CancelToken, Problem, Progress
from loradex.errors import Cancelled, LoradexError

_NETWORK = ("socket.connect", "socket.getaddrinfo", "socket.sendto", "urllib.Request")
_EVERY = 0.1
"""Seconds between two events of progress."""
_PATIENCE = 15.0
"""Seconds to end in by itself when nobody asks any more."""

Request = Mapping[str, object]


class NetworkRefused(RuntimeError):
    """Something in this process reached for the network. Drawing never needs it."""


def main() -> int:
    """Answer requests until stdin ends."""
    sys.excepthook = _leave_with
    sys.addaudithook(_refuse_network)
    stream = _Stream(_own_stdout())
    line = sys.stdin.readline()
    if line:
        tokenizers = [Path(folder) for folder in json.loads(line)["tokenizers"]]
        _serve(tokenizers, _Inbox(sys.stdin), stream)
    # Not by way of the interpreter's own end, which may wait for a device that hangs.
    sys.stderr.flush()
    os._exit(0)


def _serve(tokenizers: list[Path], inbox: _Inbox, stream: _Stream) -> None:
    from loradex.render.answers import Answers  # noqa: PLC0415 - torch is behind this

    answers = Answers(tokenizers)
    for request, cancel in inbox.requests():
        events = _Events(stream, request["id"])
        try:
            for name, fields in answers.to(request, events, cancel):
                events.tell(name, **fields)
        except Cancelled:
            events.tell("cancelled")
        except LoradexError as error:
            events.tell("error", kind=_kind(error), message=error.message, hint=error.hint)
        else:
            events.tell("end")


def _kind(error: LoradexError) -> str:
    """Return the name of an error's type, or of the nearest that others know too."""
    known = (one for one in type(error).__mro__ if one.__module__ == LoradexError.__module__)
    return next(known).__name__


class _Inbox:
    """Reads requests in a thread of its own, so that one can be stopped while it is answered."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._queue: queue.SimpleQueue[tuple[Request, CancelToken] | None] = queue.SimpleQueue()
        self._tokens: dict[object, CancelToken] = {}
        threading.Thread(target=self._read, daemon=True).start()

    def requests(self) -> Iterator[tuple[Request, CancelToken]]:
        """Yield each request with what stops it, until whoever asks is gone."""
        while (item := self._queue.get()) is not None:
            yield item
            self._tokens.pop(item[0]["id"], None)

    def _read(self) -> None:
        for line in self._stream:
            request: Request = json.loads(line)
            if request["do"] == "stop":
                token = self._tokens.get(request["id"])
                if token is not None:
                    token.cancel()
                continue
            token = self._tokens[request["id"]] = CancelToken()
            self._queue.put((request, token))
        for token in list(self._tokens.values()):
            token.cancel()
        self._queue.put(None)
        # Loading cannot be stopped, and nobody is there any more who would end this process.
        time.sleep(_PATIENCE)
        os._exit(0)


class _Stream:
    """Writes one JSON object a line. From several threads."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def write(self, event: Mapping[str, object]) -> None:
        """Write an event. A reader that has gone is noticed by stdin."""
        text = json.dumps(event)
        with self._lock:
            try:
                self._stream.write(text + "\n")
                self._stream.flush()
            except OSError:
                return


class _Events:
    """The events of one request; a sink of progress and problems."""

    def __init__(self, stream: _Stream, request: object) -> None:
        self._stream = stream
        self._request = request
        self._told = 0.0

    def tell(self, event: str, **fields: object) -> None:
        """Write one event."""
        self._stream.write({"event": event, "id": self._request, **fields})

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


def _refuse_network(event: str, arguments: tuple[object, ...]) -> None:
    if event in _NETWORK:
        raise NetworkRefused(f"Drawing does not use the network ({event}).")


def _leave_with(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Say what went wrong and be gone, without waiting for a thread or a device."""
    traceback.print_exception(kind, error, trace)
    sys.stderr.flush()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
