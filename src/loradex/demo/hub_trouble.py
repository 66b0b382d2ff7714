"""Trouble on demand: what the real hub, its edge, or a bad network do at times.

Bodies follow the failures known of the hub (docs/civitai.md).
"""

from __future__ import annotations

import gzip
import json
import socket
import struct
from dataclasses import dataclass

from loradex.demo.hub_http import JSON, NO_STORE, PUBLIC_CACHE, Connection, Reply, json_reply

HTML = "text/html; charset=UTF-8"


def rate_limited(retry_after: str | None = None) -> Reply:
    """Return the edge's 429 page; `retry_after` in seconds or as an HTTP date."""
    return edge_page(429, "You are being rate limited", retry_after)


def edge_page(status: int, text: str = "Just a moment...", retry_after: str | None = None) -> Reply:
    """Return a page in HTML that the edge shows instead of the hub's answer."""
    headers = {"Content-Type": HTML, "CF-RAY": "0000000000000000-AMS"}
    if retry_after is not None:
        headers["Retry-After"] = retry_after
    body = f"<!DOCTYPE html><html><head><title>{text}</title></head><body>{text}</body></html>"
    return Reply(status, headers, body.encode())


def download_quota() -> Reply:
    """Return the 429 of the hourly download limit, which never says how long to wait."""
    return json_reply(
        {"error": "We've noticed an unusual amount of downloading from your account."},
        429,
        cache=NO_STORE,
    )


def too_many_pages() -> Reply:
    """Return the 429 that means a wrong parameter."""
    return json_reply({"error": "You've requested too many pages, please use cursors instead"}, 429)


def overloaded(retry_after: str | None = "2") -> Reply:
    """Return the hub's own 503."""
    headers = {"Content-Type": JSON, "Cache-Control": "no-store"}
    if retry_after is not None:
        headers["Retry-After"] = retry_after
    body = json.dumps({"error": "Model search is temporarily overloaded, please retry."})
    return Reply(503, headers, body.encode())


def region_blocked() -> Reply:
    """Return the refusal for whole countries."""
    return json_reply({"error": "Not available in your region.", "code": "REGION_BLOCKED"}, 451)


def unauthorized() -> Reply:
    """Return the refusal of a missing or bad key."""
    return json_reply({"error": "Unauthorized"}, 401)


def redirect(location: str, status: int = 307) -> Reply:
    """Return a redirect to anywhere."""
    return Reply(status, {"Location": location, "Content-Type": "text/plain"})


def text_as_json(body: bytes) -> Reply:
    """Return `body`, whatever it is, under the content type of JSON."""
    return Reply(200, {"Content-Type": JSON, "Cache-Control": PUBLIC_CACHE}, body)


def gzip_bomb(mebibytes: int) -> Reply:
    """Return a small answer that unpacks to `mebibytes` of JSON."""
    body = gzip.compress(b'["' + b"a" * (mebibytes * 1024 * 1024) + b'"]')
    return Reply(200, {"Content-Type": JSON, "Content-Encoding": "gzip"}, body)


@dataclass(frozen=True, slots=True)
class Slow:
    """Says nothing for `seconds`, then hangs up."""

    seconds: float

    def perform(self, connection: Connection) -> None:
        """Wait; wake early when the server closes."""
        connection.server.closing.wait(self.seconds)


@dataclass(frozen=True, slots=True)
class Dripping:
    """Sends a header line at a time, for as long as the client listens."""

    pause: float

    def perform(self, connection: Connection) -> None:
        """Drip until the client or the server goes away."""
        connection.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not connection.server.closing.wait(self.pause):
            try:
                connection.wfile.write(b"X-Drip: drop\r\n")
            except OSError:
                return


@dataclass(frozen=True, slots=True)
class Reset:
    """Resets the connection instead of answering."""

    def perform(self, connection: Connection) -> None:
        """Make the close below send RST: linger on, for zero seconds."""
        linger = struct.pack("ii", 1, 0)
        connection.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        connection.connection.close()


@dataclass(frozen=True, slots=True)
class CutShort:
    """Promises more bytes than it sends."""

    body: bytes = b'[{"id": 1, "na'

    def perform(self, connection: Connection) -> None:
        """Send the beginning and hang up."""
        length = str(len(self.body) + 1000)
        connection.start(200, {"Content-Type": JSON, "Content-Length": length})
        connection.wfile.write(self.body)


@dataclass(frozen=True, slots=True)
class Endless:
    """A JSON text that never ends."""

    def perform(self, connection: Connection) -> None:
        """Send until the client has had enough."""
        connection.start(200, {"Content-Type": JSON})
        connection.wfile.write(b'["')
        try:
            while not connection.server.closing.is_set():
                connection.wfile.write(b"a" * 65536)
        except OSError:
            return
