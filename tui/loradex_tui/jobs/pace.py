"""How fast a job goes, from where it was a while before."""

from __future__ import annotations

from collections import deque

from loradex.operations.child_job import JobStatus

WINDOW = 10.0
"""Seconds that are looked back."""
_LEAST = 1.0
"""Seconds before which a rate means nothing."""


class Pace:
    """The rate of the stage that a job is in; a new stage begins anew."""

    def __init__(self) -> None:
        self._stage = ""
        self._seen: deque[tuple[float, int]] = deque(maxlen=200)
        self._left: int | None = None

    def note(self, status: JobStatus, now: float) -> None:
        """See where the job is; `now` in seconds."""
        if status.stage != self._stage or (self._seen and status.done < self._seen[-1][1]):
            self._stage = status.stage
            self._seen.clear()
        self._seen.append((now, status.done))
        while len(self._seen) > 2 and now - self._seen[1][0] > WINDOW:
            self._seen.popleft()
        self._left = None if status.total is None else max(status.total - status.done, 0)

    @property
    def rate(self) -> float | None:
        """Units a second, None while nobody knows or nothing moves."""
        if len(self._seen) < 2:
            return None
        (then, before), (now, done) = self._seen[0], self._seen[-1]
        if now - then < _LEAST or done <= before:
            return None
        return (done - before) / (now - then)

    @property
    def seconds_left(self) -> float | None:
        """How long the stage takes at this rate, None while nobody knows."""
        return self._left / self.rate if self._left is not None and self.rate else None
