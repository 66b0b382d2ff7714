"""Fetch files, one call each, from any number of threads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from loradex.domain.digesting import ByteDigester
from loradex.domain.hub_source import FetchStart
from loradex.domain.hub_waiting import TellWait, nobody_told
from loradex.domain.progress import CancelToken
from loradex.domain.text import display_text
from loradex.errors import DownloadError, NotAModel
from loradex.hub.fetching.asking import Asking
from loradex.hub.fetching.part import Part
from loradex.hub.fetching.promise import Fetched, FetchOptions, Promise
from loradex.hub.fetching.speed import SpeedLimit
from loradex.hub.fetching.transfer import Manners, Told, Transfer
from loradex.hub.fetching.wire import Wire
from loradex.hub.roots import Roots


def nothing_told(_done: int, _total: int | None) -> None:
    """Tell nobody."""


class Fetcher:
    """Keeps the connections that several fetches share. A context manager, safe for threads."""

    def __init__(
        self,
        *,
        options: FetchOptions | None = None,
        speed: SpeedLimit | None = None,
        roots: Roots | None = None,
    ) -> None:
        self._options = options or FetchOptions()
        self._speed = speed or SpeedLimit()
        self._wire = Wire(roots)

    def fetch(
        self,
        ask: Callable[[], FetchStart],
        part: Path,
        promise: Promise,
        *,
        cancel: CancelToken,
        digester: ByteDigester | None = None,
        told: Told = nothing_told,
        tell_wait: TellWait = nobody_told,
    ) -> Fetched:
        """Fetch one whole file into `part`; go on where an earlier fetch of it was cut off.

        `ask` is called for the address, and again whenever a signed link has run out. `part` and
        `<part>.json` are this fetch's own; when it returns, all bytes of `part` are on the disk
        and `<part>.json` is gone: the caller renames `part`. `told` and `tell_wait` are called in
        this thread, a few times a second at most.

        Raises, with part and state kept to go on later unless said otherwise: `Cancelled`;
        `HubError` for what the servers said or did not; `DiskFull`; `DownloadError` when the part
        cannot be written or another process is at it; `NotAModel` (nothing is kept);
        `NotAsPromised` (the whole part is kept for the caller to put aside, its state is gone).
        """

        def start() -> FetchStart:
            started = ask()
            required = promise.sha256_required or started.sha256_required
            if required and promise.sha256 is None:
                raise DownloadError(
                    f"{display_text(promise.name)} cannot be checked: its SHA-256 is not known.",
                    hint="The place that has it is not trusted; nothing was downloaded.",
                )
            return started

        asking = Asking(self._wire, start, stall_seconds=self._options.stall_seconds)
        manners = Manners(self._options, self._speed, cancel, told, tell_wait)
        place = Part(part, promise)
        try:
            return Transfer(asking, place, promise, digester, manners).run()
        except NotAModel:
            place.remove()
            raise
        finally:
            place.close()

    def close(self) -> None:
        """Close all connections; nothing may be fetched any more."""
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
