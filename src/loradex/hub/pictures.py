"""Fetch pictures that hubs link to: politely, bounded, and never with a key.

The links are the hub's word, so they may lead anywhere. Nothing here knows a key, so none can
leave; what arrives counts as a picture by its first bytes, whatever its name says.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from loradex.domain.progress import CancelToken
from loradex.errors import (
    HubBadRequest,
    HubError,
    HubForbidden,
    HubNotFound,
    HubRateLimited,
    HubUnavailable,
    HubUnexpectedAnswer,
)
from loradex.hub.bounded import OutOfTime, call_bounded
from loradex.hub.exchange import USER_AGENT
from loradex.hub.failures import connection_failure, out_of_time
from loradex.hub.origin import Origin, hub_address, web_address
from loradex.hub.pacing import retry_after
from loradex.hub.roots import Roots

MOST_BYTES = 20 * 1024 * 1024
MOST_HOPS = 5
AT_ONCE = 2
"""Pictures fetched from one host at the same time."""
CONNECT_SECONDS = 10.0
READ_SECONDS = 20.0
TOTAL_SECONDS = 60.0

FAILURES_IN_A_ROW = 3
"""Failed connections after which a host is left alone for `REST_SECONDS`."""
REST_SECONDS = 60.0
LONGEST_REST = 3600.0

_NO_HELP = "The hub's own page of the model shows it."
_CHUNK = 64 * 1024
_LONGEST_SIGNATURE = 12
_SLICE = 0.1
_TURNS = 64


@dataclass(slots=True)
class _Host:
    """How one host is treated: places at its door, and until when it is left alone."""

    door: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(AT_ONCE))
    failures: int = 0
    closed_until: float = 0.0


class PictureFetcher:
    """Fetches pictures for one hub's answers. Safe to share between threads; close it after use.

    `hub_url` is the hub that gives the links: plain http is spoken with its own host only, with
    everybody else https. `roots` are trusted; `clock` gives seconds that never go back.
    """

    def __init__(
        self,
        hub_url: str,
        *,
        roots: Roots | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hub = Origin.of(hub_address(hub_url))
        self._roots = roots or Roots()
        self._clock = clock
        self._lock = threading.Lock()
        self._hosts: dict[Origin, _Host] = {}
        self._client: httpx.Client | None = None
        self._turns = tuple(threading.Lock() for _ in range(_TURNS))

    @contextmanager
    def alone(self, url: str, *, cancel: CancelToken) -> Iterator[None]:
        """Let nobody else fetch `url` meanwhile; raise `Cancelled` if stopped before its turn."""
        turn = self._turns[hash(url) % _TURNS]
        while not turn.acquire(timeout=_SLICE):
            cancel.check()
        try:
            yield
        finally:
            turn.release()

    def close(self) -> None:
        """Close all connections. The fetcher opens new ones when it is used again."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def fetch(self, url: str, *, cancel: CancelToken) -> bytes:
        """Return the picture at `url`: JPEG, PNG, GIF or WebP of at most `MOST_BYTES`.

        Follows redirects, each judged as if it were the first. Raises from the `HubError` tree,
        at once and without asking for a host that wants to be left alone, and `Cancelled`.
        """
        address = self._checked(url)
        for _ in range(MOST_HOPS + 1):
            answer = self._ask(address, cancel)
            if isinstance(answer, bytes):
                return answer
            address = self._checked(answer, address)
        raise _unexpected(address, "sends us round in circles")

    def _checked(self, text: str, seen_from: httpx.URL | None = None) -> httpx.URL:
        """Return the address in `text`; raise `HubUnexpectedAnswer` if we do not go there."""
        try:
            url = web_address(text, seen_from)
        except httpx.InvalidURL as error:
            raise HubUnexpectedAnswer(
                "The picture's address cannot be read.", hint=_NO_HELP
            ) from error
        if url.userinfo or not url.host:
            raise HubUnexpectedAnswer("The picture's address is none to go to.", hint=_NO_HELP)
        if url.scheme != "https" and not (url.scheme == "http" and url.host == self._plain_host):
            raise _unexpected(url, "cannot be asked over a private way")
        return url

    @property
    def _plain_host(self) -> str | None:
        return self._hub.host if self._hub.scheme == "http" else None

    def _ask(self, url: httpx.URL, cancel: CancelToken) -> bytes | str:
        """Return the picture at `url`, or where a redirect leads."""
        origin = Origin.of(url)
        host = self._host(origin)
        self._enter(host, origin, cancel)
        client = self._open()

        def work() -> bytes | str:
            # Given back here: the host is still busy with it when nobody waits any more.
            try:
                return _exchange(client, url, cancel)
            finally:
                host.door.release()

        try:
            answer = call_bounded(work, seconds=TOTAL_SECONDS, cancel=cancel)
        except OutOfTime:
            self._abandon(client)
            self._failed(host)
            raise out_of_time(origin.label, TOTAL_SECONDS).error from None
        except httpx.HTTPError as error:
            failure = connection_failure(error, origin.label, READ_SECONDS)
            self._failed(host)
            raise failure.error from error
        except HubRateLimited as error:
            self._rest(host, error.retry_after or REST_SECONDS)
            raise
        with self._lock:
            host.failures = 0
        return answer

    def _host(self, origin: Origin) -> _Host:
        with self._lock:
            return self._hosts.setdefault(origin, _Host())

    def _enter(self, host: _Host, origin: Origin, cancel: CancelToken) -> None:
        """Take a place at the host's door as soon as there is one."""
        while True:
            cancel.check()
            with self._lock:
                rest = host.closed_until - self._clock()
            if rest > 0:
                raise HubRateLimited(
                    f"{origin.label} is left alone for {rest:.0f} s: it had trouble with us.",
                    retry_after=rest,
                )
            if host.door.acquire(timeout=_SLICE):
                return

    def _failed(self, host: _Host) -> None:
        with self._lock:
            host.failures += 1
            tired = host.failures >= FAILURES_IN_A_ROW
        if tired:
            self._rest(host, REST_SECONDS)

    def _rest(self, host: _Host, seconds: float) -> None:
        with self._lock:
            host.closed_until = self._clock() + min(seconds, LONGEST_REST)

    def _open(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                http2 = self._hub.scheme == "https"
                self._client = httpx.Client(
                    http2=http2,
                    follow_redirects=False,
                    event_hooks={"response": [_stop_at_redirect]},
                    verify=self._roots.context("", http2=http2),
                    mounts=self._own_roots(http2=http2),
                    timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
                    headers={
                        "User-Agent": USER_AGENT,
                        "Accept": "image/webp,image/jpeg,image/png,image/gif",
                        "Accept-Encoding": "identity",
                    },
                    cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                    # A proxy has no business between us and a hub on this very machine.
                    trust_env=not self._hub.loopback,
                )
            return self._client

    def _own_roots(self, *, http2: bool) -> dict[str, httpx.BaseTransport]:
        """Return the way to the one host that is trusted for a root of its own."""
        if not self._roots.ca:
            return {}
        host = self._roots.host
        pattern = f"https://[{host}]" if ":" in host else f"https://{host}"
        verify = self._roots.context(host, http2=http2)
        return {pattern: httpx.HTTPTransport(verify=verify, http2=http2)}

    def _abandon(self, client: httpx.Client) -> None:
        """Close a client with a call that was left behind; the next picture opens another."""
        with self._lock:
            if self._client is client:
                self._client = None
        client.close()


def _exchange(client: httpx.Client, url: httpx.URL, cancel: CancelToken) -> bytes | str:
    try:
        with client.stream("GET", url) as response:
            if response.status_code != 200:
                raise _refusal(response, Origin.of(url).label)
            return _body(response, url, cancel)
    except _Redirected as redirected:
        return redirected.location


class _Redirected(Exception):
    """An answer that leads elsewhere."""

    def __init__(self, location: str) -> None:
        super().__init__()
        self.location = location


def _stop_at_redirect(response: httpx.Response) -> None:
    """Stop before httpx looks at where a redirect leads, which may be no address."""
    if response.is_redirect:
        raise _Redirected(str(response.headers.get("location", "")))


def _body(response: httpx.Response, url: httpx.URL, cancel: CancelToken) -> bytes:
    """Return the bytes of a picture; stop reading as soon as they are too many or none of one."""
    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise _unexpected(url, "packed the picture in a way it was not asked for")
    body = bytearray()
    looked = False
    for chunk in response.iter_raw(_CHUNK):
        cancel.check()
        body += chunk
        if len(body) > MOST_BYTES:
            raise _unexpected(url, f"sent more than {MOST_BYTES // 1024**2} MiB for one picture")
        if not looked and len(body) >= _LONGEST_SIGNATURE:
            looked = True
            _refuse_others(body, url)
    _refuse_others(body, url)
    return bytes(body)


def _refuse_others(body: bytearray, url: httpx.URL) -> None:
    if not (
        body.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a"))
        or (body.startswith(b"RIFF") and body[8:12] == b"WEBP")
    ):
        raise _unexpected(url, "sent something that is no picture")


def _refusal(response: httpx.Response, label: str) -> HubError:
    status = response.status_code
    text = f"{label} does not give the picture (status {status})."
    wait = retry_after(response.headers.get("retry-after"))
    if status in (429, 503):
        return HubRateLimited(text, retry_after=wait)
    if status in (404, 410):
        return HubNotFound(text, status=status)
    if status >= 500:
        return HubUnavailable(text, status=status)
    if status in (401, 403, 451):
        return HubForbidden(text, status=status)
    return HubBadRequest(text, status=status)


def _unexpected(url: httpx.URL, what: str) -> HubUnexpectedAnswer:
    return HubUnexpectedAnswer(f"{Origin.of(url).label} {what}.", hint=_NO_HELP)
