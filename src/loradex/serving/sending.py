"""Send a file's bytes: large pieces, read ahead, stopped when nobody listens or it changes."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Mapping

import anyio
import anyio.to_thread
from starlette.types import Receive, Scope, Send

from loradex.serving.opening import OpenFile
from loradex.serving.ranges import Span

PIECE = 1024 * 1024
STALL_SECONDS = 300.0
"""Longest time one piece may take: whoever is slower than that has gone."""
READERS = 16
"""Pieces read from disks at once; a slow disk must not keep other requests from their threads."""


class Interrupted(Exception):
    """The rest of a file cannot be sent; the connection has to be cut, so that nobody trusts it."""


class SendFile:
    """Answers with a span of an open file, and closes it."""

    def __init__(
        self, file: OpenFile, span: Span, headers: Mapping[str, str], readers: anyio.CapacityLimiter
    ) -> None:
        self._file = file
        self._span = span
        self._headers = headers
        self._readers = readers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; of HEAD and of an empty span only the head."""
        try:
            headers = [(k.lower().encode(), v.encode("latin-1")) for k, v in self._headers.items()]
            await send(
                {"type": "http.response.start", "status": self._span.status, "headers": headers}
            )
            if scope["method"] == "HEAD" or not self._span.length:
                await send({"type": "http.response.body", "body": b""})
                return
            gone = asyncio.create_task(_until_gone(receive))
            try:
                await self._send_body(send, gone)
            finally:
                gone.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await gone
        finally:
            self._file.close()

    async def _send_body(self, send: Send, gone: asyncio.Task[None]) -> None:
        place = self._span.start
        ahead = asyncio.create_task(self._read(place))
        try:
            while place < self._span.end:
                piece = await ahead
                place += len(piece)
                more = place < self._span.end
                if more:
                    ahead = asyncio.create_task(self._read(place))
                if gone.done():
                    raise Interrupted("the client went away")
                message = {"type": "http.response.body", "body": piece, "more_body": more}
                try:
                    async with asyncio.timeout(STALL_SECONDS):
                        await send(message)
                except TimeoutError as error:
                    raise Interrupted("the client stopped reading") from error
        finally:
            # The file must not be closed while somebody reads it.
            await asyncio.wait([ahead])
            if not ahead.cancelled():
                ahead.exception()

    async def _read(self, place: int) -> bytes:
        return await anyio.to_thread.run_sync(self._piece, place, limiter=self._readers)

    def _piece(self, place: int) -> bytes:
        """Read a piece; the last one only if the file is still what it was."""
        wanted = min(PIECE, self._span.end - place)
        last = place + wanted == self._span.end
        try:
            piece = os.pread(self._file.handle, wanted, place)
            good = len(piece) == wanted and not (last and not self._file.unchanged())
        except OSError as error:
            raise Interrupted(f"the file cannot be read: {error.strerror}") from error
        if not good:
            raise Interrupted("the file changed while it was sent")
        return piece


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
