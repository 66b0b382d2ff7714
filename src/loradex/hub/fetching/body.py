"""The bytes of one file as one server has them: what was announced, and what has come so far."""

from __future__ import annotations

import time
from collections.abc import Callable

from loradex.domain.progress import CancelToken
from loradex.domain.text import display_text
from loradex.hub.fetching.answers import identity_of, same_bytes, server_name, takes_ranges
from loradex.hub.fetching.buffers import LARGEST_PIECE, own_buffer
from loradex.hub.fetching.documents import SNIFFED, kind_of, not_a_model
from loradex.hub.fetching.part import Identity, Part
from loradex.hub.fetching.promise import NotAsPromised, Promise
from loradex.hub.fetching.spans import Claim, Ledger
from loradex.hub.fetching.speed import SpeedLimit
from loradex.hub.fetching.troubles import Changed, Setback, cut_off
from loradex.hub.fetching.wire import WIRE_ERRORS, Reply, Stalled
from loradex.hub.origin import Origin

_LARGEST = 256 * 1024**3
"""Most bytes of a file whose size nobody tells."""
_FIRST_PIECE = SNIFFED
_GROWTH = 4
_SMALLEST_PIECE = 4 * 1024
_QUICK = 0.02
_SLOW = 0.2
"""Seconds for one piece: quicker, and pieces grow; slower, and they shrink, so that progress is
told and a person's stop is heard, and little is lost when the connection breaks."""

Look = Callable[[memoryview, int], None]


class Body:
    """Takes answers, checks that they belong together, and puts their bytes into the part."""

    def __init__(
        self, part: Part, promise: Promise, speed: SpeedLimit, *, anew: bool = False
    ) -> None:
        """`anew` forgets what an earlier fetch left."""
        self._part = part
        self._promise = promise
        self._speed = speed
        self.identity: Identity | None = None
        self.server_name: str | None = None
        self.takes_ranges = False
        self.ledger = Ledger(self._bound())
        kept = None if anew else part.kept
        if kept is not None and self._may_go_on(kept.identity):
            self.identity = kept.identity
            self.server_name = kept.server_name
            self.takes_ranges = True
            self.ledger = Ledger(kept.identity.size, kept.spans)
        self.resumed_from = self.ledger.done

    @property
    def size(self) -> int | None:
        """How many bytes it will have, None while that is unknown."""
        return None if self.identity is None else self.identity.size

    @property
    def validator(self) -> str | None:
        """What makes a request for a range conditional."""
        return None if self.identity is None else self.identity.validator

    @property
    def may_go_on(self) -> bool:
        """True when what came can be added to by another answer."""
        return self.identity is not None and self._may_go_on(self.identity)

    def _may_go_on(self, identity: Identity) -> bool:
        # Without either nobody would notice that the halves are of two different files.
        return identity.validator is not None or self._promise.sha256 is not None

    def _bound(self) -> int:
        if self._promise.size_exact and self._promise.size_bytes is not None:
            return self._promise.size_bytes + 1
        return _LARGEST

    def meet(self, reply: Reply, claim: Claim) -> None:
        """Check the head of an answer that should give the bytes of `claim`.

        Raises `NotAModel`, `NotAsPromised`, `DiskFull`, `Changed` and `Setback`.
        """
        kind = kind_of(reply.header("content-type"), b"", text_wanted=self._promise.text)
        if kind is not None:
            raise not_a_model(self._promise, kind, reply.read_some(SNIFFED), _label(reply))
        told = identity_of(reply, claim.position)
        if self.identity is not None:
            if told is None or not same_bytes(self.identity, told):
                raise Changed
            return
        if told is not None:
            self._check_size(told.size, _label(reply))
            self._part.check_room(told.size)
        self._part.reset()
        self.identity = told
        self.server_name = server_name(reply)
        self.takes_ranges = told is not None and takes_ranges(reply)
        if told is not None:
            claim.stop = told.size
            self.ledger.ends_at(told.size)

    def _check_size(self, size: int, label: str) -> None:
        promised = self._promise.size_bytes
        if self._promise.size_exact and promised is not None and size != promised:
            raise NotAsPromised(
                f"{display_text(self._promise.name)} has {size:,} bytes at {label}, "
                f"and {promised:,} were promised.",
                hint="It was replaced there, or is another file: look at the model's page.",
            )

    def pour(self, reply: Reply, claim: Claim, cancel: CancelToken, look: Look) -> None:
        """Put the answer's bytes into the part until `claim` is filled or the answer ends.

        `look` gets each piece and its offset once it is written, and may raise. Raises `Setback`
        when the answer ends before what it announced, and what writing raises. `reply` is given
        back or closed.
        """
        try:
            self._pour(reply, claim, cancel, look)
        finally:
            reply.finish()

    def _pour(self, reply: Reply, claim: Claim, cancel: CancelToken, look: Look) -> None:
        buffer = own_buffer()
        piece, came, announced = _FIRST_PIECE, 0, reply.length
        while claim.left > 0:
            wanted = min(piece, len(buffer), claim.left, self._speed.most_at_once(piece))
            began = time.monotonic()
            count = self._read(reply, buffer[:wanted])
            piece = _next_piece(piece, time.monotonic() - began)
            if count:
                offset, data = claim.position, buffer[:count]
                if offset == 0:
                    self._sniff(data, _label(reply))
                self._part.write(data, offset)
                self.ledger.came(claim, count)
                came += count
                look(data, offset)
                if self._speed.spend(count, cancel):
                    reply.pulse.rest()
            if count < wanted:
                break
        if self.identity is None:
            self._ended(claim)
        elif claim.left > 0 and came != announced:
            self._why_ended(reply)

    def _read(self, reply: Reply, view: memoryview) -> int:
        try:
            return reply.read_into(view)
        except WIRE_ERRORS as error:
            raise Setback(cut_off(error, _label(reply), reply.stall_seconds)) from error

    def _why_ended(self, reply: Reply) -> None:
        """Raise what an answer that ended too early means."""
        try:
            reply.why_ended()
        except Stalled as error:
            raise Setback(cut_off(error, _label(reply), reply.stall_seconds)) from error
        raise Setback(cut_off(None, _label(reply), reply.stall_seconds))

    def _ended(self, claim: Claim) -> None:
        """Note where a file ends whose size was not told."""
        if claim.left == 0:
            raise NotAsPromised(
                f"{display_text(self._promise.name)} is larger than it may be: "
                f"more than {claim.position - 1:,} bytes.",
                hint="Look at the model's page.",
            )
        self.ledger.ends_at(claim.position)
        self._check_size(claim.position, "the server")

    def _sniff(self, head: memoryview, label: str) -> None:
        start = bytes(head[:SNIFFED])
        kind = kind_of(None, start, text_wanted=self._promise.text)
        if kind is not None:
            raise not_a_model(self._promise, kind, start, label)


def _next_piece(piece: int, seconds: float) -> int:
    if seconds < _QUICK:
        return min(piece * _GROWTH, LARGEST_PIECE)
    return max(piece // 2, _SMALLEST_PIECE) if seconds > _SLOW else piece


def _label(reply: Reply) -> str:
    return Origin.of(reply.url).label
