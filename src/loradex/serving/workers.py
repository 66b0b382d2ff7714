"""Threads for what asks the catalog: a few, and always the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

THREADS = 8

T = TypeVar("T")


class Workers:
    """Runs blocking work beside the event loop; close it after use.

    The catalog keeps a connection for each thread that ever asked it, so threads that come and go,
    as those of anyio do, would use up all of a process's files in a few days.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, "loradex-serve")

    async def run(self, work: Callable[[], T]) -> T:
        """Return what `work` returns, or raise what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def endpoint(
        self, answer: Callable[[Request], Response]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Return an endpoint that answers in one of the threads."""

        async def answered(request: Request) -> Response:
            return await self.run(lambda: answer(request))

        return answered

    def close(self) -> None:
        """Wait until the last work is done."""
        self._pool.shutdown()
