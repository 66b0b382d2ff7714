"""How long work tells where it is, and how it is stopped."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Protocol

from loradex.errors import Cancelled


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a long operation is. `total` is None while it is unknown.

    `unit` is `files`, `bytes`, `requests`, `steps` …; `item` names what is being worked on and
    may hold untrusted text.
    """

    stage: str
    done: int
    total: int | None = None
    unit: str = "files"
    item: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One item that could not be done; the rest goes on."""

    item: str
    message: str
    hint: str | None = None


class ProgressSink(Protocol):
    """Whoever draws progress. Calls are cheap and may come from any thread, many a second."""

    def progress(self, event: Progress) -> None:
        """Show where the work is; drawing may be skipped."""

    def problem(self, event: Problem) -> None:
        """Keep what failed; it is never skipped."""


class SilentSink:
    """A sink that shows nothing."""

    def progress(self, event: Progress) -> None:
        """Ignore it."""

    def problem(self, event: Problem) -> None:
        """Ignore it."""


class CancelToken:
    """Asked between small steps of long work; set once, from any thread or signal handler."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the work to stop."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """True once somebody asked."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep, but no longer than until somebody asks; return whether somebody did."""
        return self._event.wait(seconds)

    def check(self) -> None:
        """Raise `Cancelled` once somebody asked."""
        if self._event.is_set():
            raise Cancelled("Stopped.", hint="What was finished is kept; run it again to go on.")
