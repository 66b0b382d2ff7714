"""A small HTTP/1.1 server on loopback: requests in, replies out, and a log of what was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

PUBLIC_CACHE = "public, s-maxage=300, stale-while-revalidate=150"
PRIVATE_CACHE = "max-age=0, private, no-cache"
NO_STORE = "no-store, max-age=0"
JSON = "application/json; charset=utf-8"

_LARGEST_REQUEST = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came in. Header names are lower-case, `path` is decoded."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def value(self, name: str) -> str | None:
        """Return the first value of a query parameter."""
        return next((value for key, value in self.query if key == name), None)

    def values(self, name: str) -> list[str]:
        """Return all values of a repeated query parameter."""
        return [value for key, value in self.query if key == name]


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer. `Content-Length` is added when it is sent."""

    status: int
    headers: dict[str, str]
    body: bytes = field(default=b"", repr=False)


def json_reply(document: object, status: int = 200, *, cache: str = PUBLIC_CACHE) -> Reply:
    """Return `document` as a JSON answer."""
    body = json.dumps(document, ensure_ascii=False).encode()
    return Reply(status, {"Content-Type": JSON, "Cache-Control": cache}, body)


class Misbehaviour(Protocol):
    """Something a healthy server would not do, done on purpose to the raw connection."""

    def perform(self, connection: Connection) -> None:
        """Answer, or not, in its own way. The connection is closed afterwards."""


class Connection(BaseHTTPRequestHandler):
    """One client's connection; every method goes the same way."""

    protocol_version = "HTTP/1.1"
    server_version = "loradex-hub"
    sys_version = ""
    # Head and body leave in two writes: with Nagle's algorithm each answer would cost 40 ms.
    disable_nagle_algorithm = True
    timeout = 30
    server: LoopbackServer

    def do_GET(self) -> None:
        """Answer a request of any method."""
        try:
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            length = -1
        if not 0 <= length <= _LARGEST_REQUEST:
            self.close_connection = True
            self.send(json_reply({"error": "Body exceeded 1mb limit"}, 413))
            return
        target = urlsplit(self.path)
        request = Request(
            self.command,
            unquote(target.path),
            tuple(parse_qsl(target.query, keep_blank_values=True)),
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
        )
        self.server.requests.append(request)
        answer = self.server.answer(request)
        if isinstance(answer, Reply):
            self.send(answer)
        else:
            self.close_connection = True
            answer.perform(self)

    do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = do_GET  # noqa: N815 - the base class's names

    def send(self, reply: Reply) -> None:
        """Write a whole answer; HEAD gets it without the body."""
        self.start(reply.status, reply.headers | {"Content-Length": str(len(reply.body))})
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    def start(self, status: int, headers: dict[str, str]) -> None:
        """Write the status line and the headers."""
        self.send_response_only(status)
        for name, value in {
            "Server": self.version_string(),
            "Date": self.date_time_string(),
        }.items():
            if name not in headers:
                self.send_header(name, value)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: what was asked is in the server's `requests`."""


class LoopbackServer(ThreadingHTTPServer):
    """Serves `answer` on 127.0.0.1 from threads of its own, between `open` and `close`."""

    daemon_threads = True

    def __init__(self, answer: Callable[[Request], Reply | Misbehaviour], port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Connection)
        self.answer = answer
        self.requests: list[Request] = []
        self.closing = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        """The server's address, without a slash at the end."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def open(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def close(self) -> None:
        """Stop serving and free the port; slow answers end at once."""
        self.closing.set()
        if self._thread.is_alive():
            self.shutdown()
            self._thread.join()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that go away in the middle: they are part of the game."""
