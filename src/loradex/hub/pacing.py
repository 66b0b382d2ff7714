"""When the next request may leave: the speed limit, pauses between tries, `Retry-After`."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from loradex.domain.progress import CancelToken

REQUESTS_PER_SECOND = 4.0
LONGEST_RETRY_AFTER = 60.0
"""Seconds we wait when the hub asks us to; beyond this the person is told instead."""

_SLICE = 0.2
_jitter = random.SystemRandom()


class Pacer:
    """Spaces requests out and waits between tries; every wait ends when the work is cancelled.

    Safe to share between threads: all of them keep one speed limit together. `clock` gives
    seconds that never go back, `sleep` waits.
    """

    def __init__(
        self,
        *,
        cancel: CancelToken,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        per_second: float = REQUESTS_PER_SECOND,
    ) -> None:
        self._cancel = cancel
        self._clock = clock
        self._sleep = sleep
        self._interval = 1.0 / per_second
        self._lock = threading.Lock()
        self._next_start = clock()

    def wait_for_turn(self) -> None:
        """Return when the next request may leave; raise `Cancelled` if stopped before."""
        with self._lock:
            now = self._clock()
            start = max(now, self._next_start)
            self._next_start = start + self._interval
        self.pause(start - now)

    def hold_all(self, seconds: float) -> None:
        """Let nobody's next request leave before `seconds` have passed."""
        with self._lock:
            self._next_start = max(self._next_start, self._clock() + seconds)

    def pause(self, seconds: float) -> None:
        """Wait `seconds`; raise `Cancelled` if stopped meanwhile."""
        self._cancel.check()
        while seconds > 0:
            step = min(seconds, _SLICE)
            self._sleep(step)
            seconds -= step
            self._cancel.check()


def backoff(attempt: int) -> float:
    """Return the seconds to wait after failure number `attempt` (from 0): 1 doubling to 30.

    Up to half as much again is added by chance, so that clients do not come back in step.
    """
    return min(30.0, 2.0 ** min(attempt, 5) * _jitter.uniform(1.0, 1.5))


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds a `Retry-After` header asks for; None if it is absent or unreadable.

    It may hold seconds or an HTTP date (RFC 9110 §10.2.3). `now` is an aware time.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(int(text[:9]))
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max((when - (now or datetime.now(UTC))).total_seconds(), 0.0)
