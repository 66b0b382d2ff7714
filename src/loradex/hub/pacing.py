"""Waits: how long, who hears of them, and that a person can end each one."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from loradex.domain.hub_waiting import HubWait, TellWait, nobody_told
from loradex.domain.progress import CancelToken

LONGEST_RETRY_AFTER = 60.0
"""Seconds we wait when the hub asks us to; beyond this the person is told instead."""
SHORTEST_TOLD = 1.0
"""Waits of up to a second are not worth a word."""

_SLICE = 0.2
_jitter = random.SystemRandom()


class Waits:
    """The waits of one piece of work for one host. `sleep` is for tests."""

    def __init__(
        self,
        host: str,
        *,
        cancel: CancelToken,
        tell: TellWait = nobody_told,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._host = host
        self._cancel = cancel
        self._tell = tell
        self._sleep = sleep

    def check(self) -> None:
        """Raise `Cancelled` once the work was stopped."""
        self._cancel.check()

    def pause(self, seconds: float, reason: str) -> None:
        """Wait `seconds`; raise `Cancelled` if stopped meanwhile.

        `reason` reads on after the host's name: "asked for a pause".
        """
        self.check()
        if seconds > SHORTEST_TOLD:
            self._tell(HubWait(self._host, reason, seconds))
        while seconds > 0:
            step = min(seconds, _SLICE)
            self._sleep(step)
            seconds -= step
            self.check()


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
    except (ValueError, OverflowError):  # the latter for numbers that no date has
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max((when - (now or datetime.now(UTC))).total_seconds(), 0.0)
