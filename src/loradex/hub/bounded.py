"""Run one blocking call with an end: a time limit, and a person who may stop it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

from loradex.domain.progress import CancelToken

T = TypeVar("T")
_LOOK = 0.1


class OutOfTime(Exception):
    """The call took longer than it may; it was left behind."""


def call_bounded(work: Callable[[], T], *, seconds: float, cancel: CancelToken) -> T:
    """Return what `work` returns, or raise what it raises.

    Raises `OutOfTime` after `seconds`, `Cancelled` soon after the token is set. `work` runs in
    a thread of its own, because socket timeouts bound each read but not their sum, and name
    look-ups not at all. A call that is left behind goes on until its socket is closed: the caller
    must close it, and must not use what it shared with the call again.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - handed to the caller, who is waiting for it
            future.set_exception(error)
        else:
            future.set_result(result)

    threading.Thread(target=run, name="loradex-hub-call", daemon=True).start()
    end = time.monotonic() + seconds
    while not future.done():
        cancel.check()
        rest = end - time.monotonic()
        if rest <= 0:
            raise OutOfTime
        wait([future], timeout=min(_LOOK, rest))
    return future.result()
