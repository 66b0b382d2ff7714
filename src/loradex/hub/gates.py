"""How a host is spared: few requests at once and a second, and none while it is down.

There is one gate for each host in a process, whoever asks.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from loradex.errors import HubError, HubRateLimited, HubUnavailable
from loradex.hub.pacing import LONGEST_RETRY_AFTER, Waits

REQUESTS_PER_SECOND = 4.0
AT_ONCE = 2
IN_A_ROW = 3
"""Requests given up after all their tries, or refusals for asking too much, after which a host is
left alone for a while."""
FIRST_REST = 30.0
LONGEST_REST = 300.0
REST_WHEN_LIMITED = 60.0
"""Seconds without requests after refusals in a row that did not say how long to wait."""
LONGEST_OBEYED = 3600.0

_LOOK = 0.1


class HostGate:
    """Lets requests to one host through. Safe to share between threads.

    `clock` gives seconds that never go back.
    """

    def __init__(self, host: str, clock: Callable[[], float]) -> None:
        self._host = host
        self._clock = clock
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._lock = threading.Lock()
        self._next_start = clock()
        self._held_until = self._next_start
        self._failures = 0
        self._refusals = 0
        self._rest = FIRST_REST
        self._resting_until = self._next_start
        self._limited = False

    def check(self) -> None:
        """Raise `HubUnavailable` or `HubRateLimited` while the host is left alone."""
        with self._lock:
            seconds = self._resting_until - self._clock()
            if seconds > 0:
                raise self._at_rest(seconds)

    @contextmanager
    def turn(self, waits: Waits) -> Iterator[None]:
        """Give one of the few places at the host, no sooner than its pace allows."""
        while not self._places.acquire(timeout=_LOOK):
            waits.check()
        try:
            with self._lock:
                now = self._clock()
                start = max(now, self._next_start)
                self._next_start = start + 1.0 / REQUESTS_PER_SECOND
                held = now < self._held_until
            reason = "asked for a pause" if held else "gets only a few requests a second"
            waits.pause(start - now, reason)
            yield
        finally:
            self._places.release()

    def hold_all(self, seconds: float) -> None:
        """Let nobody's next request leave before `seconds` have passed."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + seconds)
            self._next_start = max(self._next_start, self._held_until)

    def answered(self) -> None:
        """Note an answer: the host is up, and does not mind us."""
        with self._lock:
            self._failures = self._refusals = 0
            self._rest = FIRST_REST

    def failed(self) -> None:
        """Note a request that was given up: the host could not be reached, or is in trouble.

        The third time in a row it is left alone, for 30 s at first, then twice as long each time.
        """
        with self._lock:
            self._refusals = 0
            self._failures += 1
            if self._failures >= IN_A_ROW and self._clock() >= self._resting_until:
                self._leave_alone(self._rest, limited=False)
                self._rest = min(self._rest * 2, LONGEST_REST)

    def refused(self, wait: float | None) -> bool:
        """Note that we ask too much; return whether the work is to end.

        It is when the host asks for a wait (in seconds) that is too long to sit out, and the third
        time in a row. Nobody asks it again before that time is over.
        """
        with self._lock:
            self._failures = 0
            self._refusals += 1
            too_long = wait is not None and wait > LONGEST_RETRY_AFTER
            if too_long or self._refusals >= IN_A_ROW:
                rest = REST_WHEN_LIMITED if wait is None else min(wait, LONGEST_OBEYED)
                self._leave_alone(rest, limited=True)
                return True
            return False

    def _leave_alone(self, seconds: float, *, limited: bool) -> None:
        self._resting_until = self._clock() + seconds
        self._limited = limited

    def _at_rest(self, seconds: float) -> HubError:
        time_of_day = (datetime.now().astimezone() + timedelta(seconds=seconds)).strftime(
            "%H:%M:%S"
        )
        if self._limited:
            return HubRateLimited(
                f"{self._host} wants us to stop asking: nothing is asked before {time_of_day}.",
                retry_after=seconds,
                hint="Try again then; what was found so far is kept.",
            )
        return HubUnavailable(
            f"{self._host} did not answer {IN_A_ROW} times in a row: "
            f"nothing is asked before {time_of_day}.",
            hint="Try again then; everything that is not about the hub works without it.",
        )


class HostGates:
    """The gates of all hosts, each made when it is first needed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._gates: dict[str, HostGate] = {}

    def of(self, host: str) -> HostGate:
        """Return the gate of a host, by the name (and unusual port) it goes by in sentences."""
        with self._lock:
            gate = self._gates.get(host)
            if gate is None:
                gate = self._gates[host] = HostGate(host, self._clock)
            return gate

    def forget(self) -> None:
        """Forget all hosts, as a new process would."""
        with self._lock:
            self._gates.clear()


PROCESS_GATES = HostGates()
"""The gates that this process shares."""
