"""uvicorn's connections, with an end to waiting for a request."""

from __future__ import annotations

import asyncio
import socket

from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_SECONDS = 15.0
"""Longest time from the first byte of a request, or from connecting, to the end of its head."""


class TimedConnection(H11Protocol):
    """Closes connections whose next request does not come, or comes byte by byte.

    uvicorn's own timer runs only between two requests, and stops at the first byte of the next.
    """

    _end_of_patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        # Head and body leave in two writes: with Nagle's algorithm each answer would cost 40 ms.
        # asyncio sees to it only for listeners that were made with the protocol's number.
        accepted = transport.get_extra_info("socket")
        if accepted is not None:
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; wait on while they do not make up a request's head."""
        super().data_received(data)
        self._watch()

    def _watch(self) -> None:
        waiting = self.cycle is None or self.cycle.response_complete
        if not waiting or self.transport.is_closing():
            self._stop_waiting()
        elif self._end_of_patience is None:
            self._end_of_patience = self.loop.call_later(REQUEST_SECONDS, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._end_of_patience is not None:
            self._end_of_patience.cancel()
            self._end_of_patience = None

    def _too_slow(self) -> None:
        self._end_of_patience = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()
