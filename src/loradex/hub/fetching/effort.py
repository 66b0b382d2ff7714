"""The threads that work on one body besides the calling one: begun together, ended together."""

from __future__ import annotations

import contextlib
from types import TracebackType
from typing import Self

from loradex.domain.digesting import ByteDigester
from loradex.errors import DownloadError, NotAModel
from loradex.hub.fetching.asking import Asking
from loradex.hub.fetching.body import Body
from loradex.hub.fetching.crowd import Crowd
from loradex.hub.fetching.following import Follower
from loradex.hub.fetching.keeping import Keeper
from loradex.hub.fetching.part import Part
from loradex.hub.fetching.promise import NotAsPromised
from loradex.hub.fetching.spans import Claim
from loradex.hub.fetching.troubles import Changed

_NOTHING_TO_KEEP = (NotAModel, NotAsPromised, Changed)


class Effort:
    """Everything that is done for one body. Left with an exception, it notes how far it came."""

    def __init__(
        self, body: Body, part: Part, asking: Asking, digester: ByteDigester | None, most: int
    ) -> None:
        self.body = body
        self.crowd = Crowd(body, asking, most)
        self.keeper = Keeper(part, body)
        self.follower = Follower(body.ledger, part.descriptor, digester, part.name)

    def look(self, claim: Claim | None, *, limited: bool) -> None:
        """Begin and end what it is time for; raise what a thread failed with.

        `claim` is what the calling thread is at, `limited` whether a speed limit holds it up.
        """
        if self.body.identity is not None:
            self.follower.go_on()
        self.crowd.look(claim, self.follower.behind, limited=limited)
        self.keeper.look()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.crowd.dismiss()
        self.keeper.stop()
        self.follower.abandon()
        if error is not None and not isinstance(error, _NOTHING_TO_KEEP):
            with contextlib.suppress(DownloadError):  # what was written down before still holds
                self.keeper.keep()
