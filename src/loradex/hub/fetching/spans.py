"""Which bytes of a file are there, and who is at which of the others. Safe for threads."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

Span = tuple[int, int]
"""The first byte, and the one after the last."""


@dataclass(slots=True, eq=False)
class Claim:
    """A stretch that one connection fetches: everything before `position` has come."""

    position: int
    stop: int

    @property
    def left(self) -> int:
        """Bytes still to come."""
        return self.stop - self.position


class Ledger:
    """The bytes of one file of `size` that have come, and the stretches that are on their way."""

    def __init__(self, size: int, there: Iterable[Span] = ()) -> None:
        self.size = size
        self._there: list[Span] = []
        self._claims: list[Claim] = []
        self._done = 0
        self._lock = threading.Lock()
        self._grown = threading.Condition(self._lock)
        for start, stop in there:
            self._add(start, min(stop, size))

    @property
    def done(self) -> int:
        """How many bytes are there."""
        return self._done

    @property
    def complete(self) -> bool:
        """True when nothing is missing."""
        return self._done == self.size

    @property
    def front(self) -> int:
        """Everything before this byte is there."""
        there = self._there
        return there[0][1] if there and there[0][0] == 0 else 0

    def spans(self) -> list[Span]:
        """Return what is there, in order, without neighbours that touch."""
        with self._lock:
            return list(self._there)

    def claim(self, most: int | None = None) -> Claim | None:
        """Take the first stretch that is missing and that nobody is at, `most` bytes at most."""
        with self._lock:
            taken = [*self._there, *((claim.position, claim.stop) for claim in self._claims)]
            position = 0
            for start, stop in sorted(taken):
                if start > position:
                    break
                position = max(position, stop)
            if position >= self.size:
                return None
            after = min((start for start, _ in taken if start > position), default=self.size)
            claim = Claim(position, after if most is None else min(after, position + most))
            self._claims.append(claim)
            return claim

    def came(self, claim: Claim, count: int) -> None:
        """Note that the next `count` bytes of a claim are in the file."""
        with self._lock:
            self._add(claim.position, claim.position + count)
            claim.position += count
            self._grown.notify_all()

    def shorten(self, claim: Claim, most: int) -> None:
        """Leave all but the next `most` bytes of a claim to others; only who fetches it may."""
        with self._lock:
            claim.stop = min(claim.stop, claim.position + most)

    def release(self, claim: Claim) -> None:
        """Give up what of a claim has not come."""
        with self._lock:
            self._claims.remove(claim)
            self._grown.notify_all()

    def ends_at(self, size: int) -> None:
        """Say how large the file is, once that is known."""
        with self._lock:
            self.size = size
            self._grown.notify_all()

    def wait(self, seconds: float) -> None:
        """Return when something more has come or a claim was given up, or after `seconds`."""
        with self._lock:
            self._grown.wait(seconds)

    def wait_beyond(self, position: int, wanted: int, seconds: float) -> int:
        """Return the front once it is `wanted` bytes beyond `position`, or after `seconds`."""
        with self._lock:
            if self.front - position < min(wanted, self.size - position):
                self._grown.wait(seconds)
            return self.front

    def _add(self, start: int, stop: int) -> None:
        if stop <= start:
            return
        apart = [span for span in self._there if span[1] < start or span[0] > stop]
        near = [span for span in self._there if not (span[1] < start or span[0] > stop)]
        start = min([start, *(span[0] for span in near)])
        stop = max([stop, *(span[1] for span in near)])
        self._there = sorted([*apart, (start, stop)])
        self._done = sum(after - first for first, after in self._there)
