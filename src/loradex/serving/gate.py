"""The door of the server: what every request has to pass, and what every answer carries."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import MutableMapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from loradex.domain.text import display_text
from loradex.errors import CatalogError
from loradex.serving.answers import busy, error, failed, key_wanted
from loradex.serving.guard import Guard
from loradex.serving.hosts import Hosts, is_foreign
from loradex.serving.sending import Interrupted
from loradex.serving.workers import Workers

METHODS = ("GET", "HEAD", "POST")
PICTURES = "/pictures/"
ME = "/api/v1/me"

_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_PRIVATE = (b"cache-control", b"private, no-cache")

_log = logging.getLogger(__name__)
access_log = logging.getLogger("loradex.serving.access")


@dataclass(slots=True)
class _Sent:
    """What has left so far."""

    status: int = 0
    nbytes: int = 0


class Gate:
    """Lets through what is meant for this server and comes with a key where one is wanted."""

    def __init__(self, app: ASGIApp, *, hosts: Hosts, guard: Guard, workers: Workers) -> None:
        self._app = app
        self._workers = workers
        self._hosts = hosts
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. No fault inside reaches the one who asked as more than a sentence."""
        if scope["type"] != "http":
            return
        started = time.monotonic()
        sent = _Sent()
        counted = _counting(send, sent)
        try:
            response = await self._checked(scope) or self._app
            await response(scope, receive, counted)
        except (Interrupted, ClientDisconnect) as fault:
            _log.info("An answer was cut short: %s", fault)
        except CatalogError as fault:
            _log.warning("%s", fault)
            await _give_up(busy(), scope, receive, counted, sent)
        except Exception:  # noqa: BLE001 - the last line: a fault of ours must not reach a stranger
            _log.exception("A request failed.")
            await _give_up(failed(), scope, receive, counted, sent)
        finally:
            _note(scope, sent, time.monotonic() - started)

    async def _checked(self, scope: Scope) -> Response | None:
        """Return the refusal of a request, None when it may go on."""
        headers = Headers(scope=scope)
        refusal = self._misdirected(scope, headers)
        if refusal is not None:
            return refusal
        state: MutableMapping[str, object] = scope.setdefault("state", {})
        state["key"] = None
        path = str(scope["path"])
        # A picture's address carries its own ticket; where no key is wanted, only /me looks at one.
        if path.startswith(PICTURES) or not (self._guard.required or path == ME):
            return None
        given, client = headers.get("authorization"), scope.get("client")
        address = client[0] if client else ""
        verdict = await self._workers.run(lambda: self._guard.judge(given, address))
        if verdict.wait:
            seconds = str(math.ceil(verdict.wait))
            return error(429, "Too many wrong keys", headers={"Retry-After": seconds})
        if not verdict.admitted:
            return key_wanted("This server wants a key: Authorization: Bearer <key>")
        state["key"] = verdict.key
        return None

    def _misdirected(self, scope: Scope, headers: Headers) -> Response | None:
        """Return the refusal of what a browser was tricked into, or what is none of our methods."""
        if scope["method"] not in METHODS:
            return error(405, "Method not allowed", headers={"Allow": ", ".join(METHODS)})
        hosts = headers.getlist("host")
        server = scope.get("server")
        if len(hosts) != 1 or not self._hosts.is_ours(hosts[0], server[0] if server else ""):
            return error(421, "This server does not go by that name")
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if is_foreign(origin, site, scope["scheme"], hosts[0]):
            return error(403, "Forbidden", message="Pages of other sites may not ask.")
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if any(name.lower() == "token" for name, _ in query):
            return error(400, "A key belongs into the Authorization header, not into an address")
        return None


def _counting(send: Send, sent: _Sent) -> Send:
    """Return a `send` that adds the headers every answer carries and counts what leaves."""

    async def counted(message: Message) -> None:
        if message["type"] == "http.response.start":
            sent.status = message["status"]
            headers = [*message.get("headers", ()), *_ALWAYS]
            if all(name.lower() != b"cache-control" for name, _ in headers):
                headers.append(_PRIVATE)
            message = {**message, "headers": headers}
        else:
            sent.nbytes += len(message.get("body", b""))
        await send(message)

    return counted


async def _give_up(
    response: Response, scope: Scope, receive: Receive, send: Send, sent: _Sent
) -> None:
    """Answer with `response`; what has begun already is left incomplete, so that it is cut."""
    if not sent.status:
        await response(scope, receive, send)


def _note(scope: Scope, sent: _Sent, seconds: float) -> None:
    """Write a line about a request: no query, no key, no ticket."""
    path = str(scope["path"])
    if path.startswith(PICTURES):
        path = PICTURES + "…"
    client = scope.get("client")
    key = scope.get("state", {}).get("key")
    access_log.info(
        "%s %s %s %s %d %d %.0fms",
        client[0] if client else "-",
        display_text(key.name) if key else "-",
        display_text(str(scope["method"]), 10),
        display_text(path, 200),
        sent.status,
        sent.nbytes,
        seconds * 1000,
    )
