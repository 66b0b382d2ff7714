"""Calls into a library that cannot be stopped, with an end all the same."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

from loradex.domain.hub_waiting import HubWait
from loradex.errors import HubRateLimited, HubUnavailable, HubUnreachable
from loradex.plugin_api import HubContext

_T = TypeVar("_T")

LONGEST_PAUSE = 60.0
"""Seconds we wait when the Hub asks us to; beyond this the person is told instead."""
_TRIES = 3
_LOOK = 0.1
_SILENCE = 3.0
_NOTHING = 0.001
# The Hub lets nobody in particular ask 500 times in five minutes; some in a row do no harm.
_BURST = 30
_INTERVAL = 0.7


class Patience:
    """Spaces requests to one host, tries again what may pass, and gives up in the end.

    `seconds` bounds one try. `pause` and `clock` are for tests.
    """

    def __init__(
        self,
        host: str,
        context: HubContext,
        *,
        seconds: float = 60.0,
        pause: Callable[[float], bool] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._host = host
        self._context = context
        self._seconds = seconds
        self._pause = pause or context.cancel.wait
        self._clock = clock
        self._lock = threading.Lock()
        self._full_at = 0.0

    def ask(self, work: Callable[[], _T]) -> _T:
        """Return what `work` returns; raise what it raises, from the `HubError` tree.

        Raises `HubUnreachable` when it takes too long, and `Cancelled` soon after the person
        stopped it; the call itself is then left behind.
        """
        for attempt in range(_TRIES):
            self._take_turn()
            try:
                return self._bounded(work)
            except (HubUnavailable, HubUnreachable):
                if attempt == _TRIES - 1:
                    raise
                self._wait(2.0**attempt, "does not answer")
            except HubRateLimited as error:
                seconds = error.retry_after
                if attempt == _TRIES - 1 or seconds is None or seconds > LONGEST_PAUSE:
                    raise
                self._wait(seconds + 1, "asked for a pause")
        raise AssertionError("the last try returns or raises")

    def _bounded(self, work: Callable[[], _T]) -> _T:
        future: Future[_T] = Future()

        def run() -> None:
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - handed to the caller, who is waiting
                future.set_exception(error)

        threading.Thread(target=run, name=f"asks {self._host}", daemon=True).start()
        begin = self._clock()
        told = False
        while not future.done():
            self._context.cancel.check()
            waited = self._clock() - begin
            if waited > self._seconds:
                raise HubUnreachable(f"{self._host} did not answer within {self._seconds:.0f} s.")
            if waited > _SILENCE and not told:
                told = True
                rest = self._seconds - waited
                self._context.tell(HubWait(self._host, "has not answered yet", rest))
            wait([future], timeout=_LOOK)
        return future.result()

    def _take_turn(self) -> None:
        """Wait for this request's turn: thirty in a row, then one in 0.7 s."""
        with self._lock:
            now = self._clock()
            self._full_at = max(self._full_at, now) + _INTERVAL
            over = self._full_at - now - _BURST * _INTERVAL
        if over > _NOTHING:
            self._wait(over, "is asked slowly, so that it does not refuse us")

    def _wait(self, seconds: float, reason: str) -> None:
        self._context.cancel.check()
        if seconds > 1:
            self._context.tell(HubWait(self._host, reason, seconds))
        self._pause(seconds)
        self._context.cancel.check()
