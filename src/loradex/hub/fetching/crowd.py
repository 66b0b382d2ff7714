"""Further connections for one large file, where they make it come faster.

They are polite: none while one connection is fast enough, while the digests cannot keep up or
while a speed limit is what holds the file up; none any more once they were found to bring nothing,
or once the server refused one.
"""

from __future__ import annotations

import threading
import time

from loradex.domain.progress import CancelToken
from loradex.errors import Cancelled
from loradex.hub.fetching.asking import Asking
from loradex.hub.fetching.body import Body
from loradex.hub.fetching.spans import Claim
from loradex.hub.fetching.troubles import Setback

MOST_CONNECTIONS = 4
_MIB = 1024 * 1024
_WORTH = 64 * _MIB
"""Bytes missing below which further connections are not worth their opening."""
_STRETCHES = (8 * _MIB, 64 * _MIB)
"""Smallest and largest stretch that one connection takes at a time."""
_FAST_ENOUGH = 400 * _MIB
"""Bytes a second at which the disk and the digests are what holds a file up."""
_FAR_BEHIND = 64 * _MIB
_SETTLE = 0.25
"""Seconds over which a rate is taken."""
_TRIAL = 1.5
"""Seconds after which it is known whether the others bring anything."""
_GAIN = 1.2
_COOL_DOWN = 5.0


class Crowd:
    """The connections besides the first one, each with a thread of its own."""

    def __init__(self, body: Body, asking: Asking, most: int) -> None:
        self._body = body
        self._asking = asking
        self._others = min(most, MOST_CONNECTIONS) - 1
        self._cancel = CancelToken()
        self._threads: list[threading.Thread] = []
        self._fault: Exception | None = None
        self._meter = _Meter()
        self._alone = 0.0
        self._grew_at: float | None = None
        self._not_before = 0.0
        self._refused = False
        self._first_waits = False

    @property
    def stretch(self) -> int | None:
        """How much to take at a time so that all finish together; None when there is nobody."""
        if not self.alive:
            return None
        ledger = self._body.ledger
        share = (ledger.size - ledger.done) // (4 * (self._others + 1))
        return max(_STRETCHES[0], min(share, _STRETCHES[1]))

    def look(self, claim: Claim | None, behind: int, *, limited: bool) -> None:
        """Decide on more or fewer; raise what ended one of the others and concerns all.

        `claim` is what the first connection is at, `behind` how far the digests are behind the
        front, `limited` whether a speed limit holds the file up.
        """
        if self._fault is not None:
            raise self._fault
        now = time.monotonic()
        rate = self._meter.rate(now, self._body.ledger.done)
        if rate is None:
            return
        if self.alive:
            self._judge(now, rate)
        elif claim is not None and not limited and self._pays(now, rate, behind):
            self._grow(now, rate, claim)

    def _pays(self, now: float, rate: float, behind: int) -> bool:
        ledger = self._body.ledger
        return (
            self._others > 0
            and now >= self._not_before
            and self._body.takes_ranges
            and self._body.may_go_on
            and self._asking.knows_the_way
            and ledger.size - ledger.done >= _WORTH
            and rate < _FAST_ENOUGH
            and behind < _FAR_BEHIND
        )

    def _grow(self, now: float, rate: float, claim: Claim) -> None:
        self._alone, self._grew_at = rate, now
        self._refused = self._first_waits = False
        self._threads = [
            threading.Thread(target=self._run, name="fetch-more", daemon=True)
            for _ in range(self._others)
        ]
        self._body.ledger.shorten(claim, _STRETCHES[0])
        for thread in self._threads:
            thread.start()

    def _judge(self, now: float, rate: float) -> None:
        """Send the others away, each after its stretch, if they bring nothing."""
        if self._grew_at is not None and now - self._grew_at > _TRIAL:
            self._grew_at = None
            if rate < _GAIN * self._alone:
                self._others = 0

    @property
    def in_the_way(self) -> bool:
        """True while the first connection has to wait for the others to leave."""
        return self._first_waits and self.alive

    def give_way(self, *, to_first: bool = False) -> None:
        """The server was asked by too many: all leave after their stretches, and fewer return.

        `to_first`: it was the first connection that was refused.
        """
        self._first_waits = to_first or self._first_waits
        self._not_before = time.monotonic() + _COOL_DOWN
        self._refused = True
        self._others = max(self._others - 1, 0)

    def _run(self) -> None:
        try:
            while self._others and not self._refused:
                claim = self._body.ledger.claim(self.stretch)
                if claim is None:
                    return
                try:
                    self._fill(claim)
                finally:
                    self._body.ledger.release(claim)
        except Setback as setback:
            self._not_before = time.monotonic() + _COOL_DOWN
            if setback.crowded:
                self.give_way()
        except Cancelled:
            return
        except Exception as error:  # noqa: BLE001 - raised again by the first connection's thread
            self._fault = error

    def _fill(self, claim: Claim) -> None:
        if not self._asking.knows_the_way:
            raise Cancelled("The link has run out.")
        reply = self._asking.get(claim.position, claim.stop, self._body.validator, self._cancel)
        try:
            self._body.meet(reply, claim)
        except BaseException:
            reply.close()
            raise
        self._body.pour(reply, claim, self._cancel, lambda _piece, _offset: self._cancel.check())

    @property
    def alive(self) -> bool:
        """True while there is anybody."""
        return any(thread.is_alive() for thread in self._threads)

    def dismiss(self) -> None:
        """Hang up on all others and wait until they are gone."""
        self._cancel.cancel()
        for thread in self._threads:
            thread.join()


class _Meter:
    """Bytes a second over a short while."""

    def __init__(self) -> None:
        self._mark: tuple[float, int] | None = None

    def rate(self, now: float, done: int) -> float | None:
        """Return the rate since the last one was taken; None until enough time has passed."""
        if self._mark is None:
            self._mark = now, done
            return None
        since, before = self._mark
        if now - since < _SETTLE:
            return None
        self._mark = now, done
        return (done - before) / (now - since)
