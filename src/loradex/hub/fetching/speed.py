"""One speed limit that all transfers keep together."""

from __future__ import annotations

import threading
import time

from loradex.domain.progress import CancelToken

_BURST_SECONDS = 0.25
"""What may be taken at once after a pause, in seconds of the limit."""
_SLICE = 0.1
_MOMENT = 1.0
_SMALLEST_PIECE = 1024


class SpeedLimit:
    """Bytes per second for all who share it; None is no limit. May be changed at any time."""

    def __init__(self, bytes_per_second: float | None = None) -> None:
        self._rate = bytes_per_second
        self._lock = threading.Lock()
        self._level = 0.0
        self._filled_at = time.monotonic()
        self._held_at: float | None = None

    @property
    def holds(self) -> bool:
        """True when somebody had to wait for the limit a moment ago."""
        return self._held_at is not None and time.monotonic() - self._held_at < _MOMENT

    @property
    def bytes_per_second(self) -> float | None:
        """The limit in force."""
        return self._rate

    @bytes_per_second.setter
    def bytes_per_second(self, rate: float | None) -> None:
        with self._lock:
            self._rate = rate
            self._level = 0.0
            self._filled_at = time.monotonic()

    def most_at_once(self, most: int) -> int:
        """Return how much to read in one go, at most `most`, so that the flow stays even."""
        rate = self._rate
        if rate is None:
            return most
        return max(min(most, int(rate * _BURST_SECONDS / 2)), min(most, _SMALLEST_PIECE))

    def spend(self, count: int, cancel: CancelToken) -> bool:
        """Account for `count` bytes that came, and wait until they were allowed to.

        Returns whether there is a limit. Raises `Cancelled` when stopped meanwhile.
        """
        if self._rate is None:
            return False
        with self._lock:
            self._fill()
            self._level -= count
        while self._owing():
            self._held_at = time.monotonic()
            cancel.wait(_SLICE)
            cancel.check()
        return True

    def _owing(self) -> bool:
        with self._lock:
            self._fill()
            return self._level < 0

    def _fill(self) -> None:
        now = time.monotonic()
        elapsed, self._filled_at = now - self._filled_at, now
        if self._rate is None:
            self._level = 0.0
        else:
            self._level = min(self._level + elapsed * self._rate, self._rate * _BURST_SECONDS)
