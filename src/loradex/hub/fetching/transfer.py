"""One fetch from beginning to end: tries, restarts, the final check.

The calling thread fetches, and besides is the only one that asks the hub, waits between tries,
tells of progress and decides. Other threads join it where that pays (`loradex.hub.fetching.crowd`),
digest behind it (`following`) and write down how far it is (`keeping`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from loradex.domain.digesting import ByteDigester
from loradex.domain.hub_waiting import HubWait, TellWait
from loradex.domain.progress import CancelToken
from loradex.errors import HubForbidden, HubUnexpectedAnswer, HubUnreachable
from loradex.hub.failures import Failure
from loradex.hub.fetching.asking import Asking
from loradex.hub.fetching.body import Body
from loradex.hub.fetching.effort import Effort
from loradex.hub.fetching.part import Part
from loradex.hub.fetching.promise import Fetched, FetchOptions, NotAsPromised, Promise
from loradex.hub.fetching.spans import Claim
from loradex.hub.fetching.speed import SpeedLimit
from loradex.hub.fetching.troubles import Changed, Setback
from loradex.hub.pacing import LONGEST_RETRY_AFTER, backoff

_LOOK_EVERY = 0.1

Told = Callable[[int, int | None], None]
"""Gets the bytes that are there and how many there will be; None while that is unknown."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How a fetch behaves, who may stop it, and whom it tells."""

    options: FetchOptions
    speed: SpeedLimit
    cancel: CancelToken
    told: Told
    tell_wait: TellWait


class Transfer:
    """Fetches one file into an open part."""

    def __init__(
        self,
        asking: Asking,
        part: Part,
        promise: Promise,
        digester: ByteDigester | None,
        manners: Manners,
    ) -> None:
        self._asking = asking
        self._part = part
        self._promise = promise
        self._digester = digester
        self._manners = manners
        self._best = 0
        self._barren = 0
        self._looked_at = 0.0

    def run(self) -> Fetched:
        """Fetch what is missing and check the whole; see `Fetcher.fetch`."""
        body = Body(self._part, self._promise, self._manners.speed)
        self._best = body.ledger.done
        while True:
            most = self._manners.options.connections
            try:
                with Effort(body, self._part, self._asking, self._digester, most) as effort:
                    return self._whole(effort)
            except Changed:
                failure = Failure(
                    HubUnexpectedAnswer(
                        f"{self._part.name} could not be had in one piece: the server's answers do "
                        "not belong together."
                    ),
                    retry=True,
                )
            except Setback as setback:
                failure = setback.failure
            self._after(failure, body)
            body = Body(self._part, self._promise, self._manners.speed, anew=True)

    def _whole(self, effort: Effort) -> Fetched:
        """Fetch what is missing of one body, in as many tries as it takes."""
        self._tell(effort.body)
        if effort.body.identity is not None:
            self._part.check_room(effort.body.ledger.size - effort.body.ledger.done)
        while True:
            try:
                self._fetch(effort)
                return self._checked(effort)
            except Setback as setback:
                if not effort.body.may_go_on:
                    raise
                self._after(setback.failure, effort.body)

    def _fetch(self, effort: Effort) -> None:
        ledger = effort.body.ledger
        while not ledger.complete:
            claim = None if effort.crowd.in_the_way else ledger.claim(effort.crowd.stretch)
            if claim is None:  # others are at all that is missing, or in the way
                ledger.wait(_LOOK_EVERY)
                self._look(effort, None)
                continue
            try:
                self._fill(claim, effort)
            except Setback as setback:
                if not setback.crowded or not effort.crowd.alive:
                    raise
                effort.crowd.give_way(to_first=True)
            finally:
                ledger.release(claim)

    def _fill(self, claim: Claim, effort: Effort) -> None:
        body = effort.body
        stop = None if claim.stop == body.ledger.size else claim.stop
        reply = self._asking.get(claim.position, stop, body.validator, self._manners.cancel)
        try:
            body.meet(reply, claim)
        except BaseException:
            reply.close()
            raise
        self._asking.bytes_came()

        def look(piece: memoryview, offset: int) -> None:
            if body.identity is not None:
                effort.follower.take(piece, offset)
            self._look(effort, claim)

        body.pour(reply, claim, self._manners.cancel, look)

    def _look(self, effort: Effort, claim: Claim | None) -> None:
        if time.monotonic() - self._looked_at >= _LOOK_EVERY:
            self._tell(effort.body)
            self._manners.cancel.check()
            effort.look(claim, limited=self._manners.speed.holds)

    def _tell(self, body: Body) -> None:
        self._looked_at = time.monotonic()
        self._manners.told(body.ledger.done, body.size)

    def _checked(self, effort: Effort) -> Fetched:
        """Return what the whole part is; raise `NotAsPromised` if that is something else."""
        body = effort.body
        self._tell(body)
        effort.keeper.stop()
        self._part.finish(body.ledger.size)  # the digests go on meanwhile
        sha256, hashes = effort.follower.finish(self._manners.cancel.check)
        found = Fetched(body.ledger.size, sha256, hashes, body.server_name, body.resumed_from)
        promised = self._promise.sha256
        self._part.forget_state()
        if promised is not None and promised.lower() != sha256:
            raise NotAsPromised(
                f"{self._part.name} is not the file that was promised: its SHA-256 begins with "
                f"{sha256[:10].upper()}, and {promised[:10].upper()} was promised.",
                found=found,
                hint="The hub's record may be wrong, or the file was changed on the way.",
            )
        return found

    def _after(self, failure: Failure, body: Body) -> None:
        """Wait before the next try; raise the failure when there is to be none."""
        progress = body.ledger.done > self._best
        self._best = max(body.ledger.done, self._best)
        self._barren = 0 if progress else self._barren + 1
        out_of_tries = self._barren >= max(self._manners.options.tries, 1)
        too_long = failure.wait is not None and failure.wait > LONGEST_RETRY_AFTER
        if not failure.retry or out_of_tries or too_long:
            raise failure.error
        seconds = self._pause_after(failure)
        if seconds:
            reason = failure.error.message.rstrip(".")
            self._manners.tell_wait(HubWait(self._asking.label, reason, seconds))
        self._manners.cancel.wait(seconds)
        self._manners.cancel.check()

    def _pause_after(self, failure: Failure) -> float:
        if failure.wait is not None:
            return failure.wait
        # A cut connection and an expired link are no sign that the server wants to be left alone.
        at_once = isinstance(failure.error, HubUnreachable | HubForbidden | HubUnexpectedAnswer)
        if at_once and self._barren <= 1:
            return 0.0
        return backoff(max(self._barren - 1, 0))
