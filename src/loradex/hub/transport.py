"""Requests to one hub: key, speed limit, retries, bounds. Knows nothing of what is asked."""

from __future__ import annotations

import functools
import logging
import ssl
import threading
from collections.abc import Mapping, Sequence
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from loradex import __version__
from loradex.domain.progress import CancelToken
from loradex.errors import Cancelled, HubNotFound, HubUnexpectedAnswer
from loradex.hub.answers import Answer, parse_json, read_answer
from loradex.hub.bounded import OutOfTime, call_bounded
from loradex.hub.failures import (
    Failure,
    connection_failure,
    out_of_time,
    redirect_error,
    status_failure,
)
from loradex.hub.origin import Origin, OriginAuth, hub_address
from loradex.hub.pacing import LONGEST_RETRY_AFTER, Pacer, backoff
from loradex.settings import Settings

USER_AGENT = f"loradex/{__version__} (+https://pypi.org/project/loradex/)"
CONNECT_SECONDS = 10.0

# These write addresses, header values (hpack even the key) into the log when asked for details.
_TALKATIVE_LOGGERS = ("httpx", "httpcore", "hpack", "h2")


class HubTransport:
    """Asks one hub for JSON. Safe to use from several threads; close it after use.

    A request is tried `1 + settings.hub_retries` times. `total_seconds` bounds one try from the
    first look-up of the name to the last byte; by default three times the longest silence that
    `settings.hub_timeout` allows, and the time to connect.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        pacer: Pacer,
        cancel: CancelToken,
        total_seconds: float | None = None,
    ) -> None:
        self.address = hub_address(settings.hub_url)
        self._origin = Origin.of(self.address)
        self._auth = OriginAuth(self._origin, settings.hub_token)
        self._read_seconds = settings.hub_timeout
        self._total_seconds = total_seconds or CONNECT_SECONDS + 3 * settings.hub_timeout
        self._retries = settings.hub_retries
        self._pacer = pacer
        self._cancel = cancel
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None
        for name in _TALKATIVE_LOGGERS:
            logging.getLogger(name).setLevel(logging.WARNING)

    @property
    def label(self) -> str:
        """The hub's name in sentences: its host, and its port if that is unusual."""
        return self._origin.label

    def close(self) -> None:
        """Close all connections. The transport opens new ones when it is used again."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> object:
        """Return the JSON document at `path` (below the hub's address, no leading slash)."""
        return self._ask("GET", path, params=params)

    def find(self, path: str) -> object | None:
        """Return the JSON document at `path`, None if the hub has no such thing (404, 410)."""
        try:
            return self.get(path)
        except HubNotFound:
            return None

    def post(self, path: str, document: Sequence[str]) -> object:
        """Return the JSON answer to a POST that only reads, so that it may be sent again."""
        return self._ask("POST", path, document=document)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        document: Sequence[str] | None = None,
    ) -> object:
        url = self.address.copy_with(path=f"{self.address.path.rstrip('/')}/{path}", params=params)
        attempt = 0
        while True:
            outcome = self._try(method, url, document)
            if isinstance(outcome, Answer):
                return parse_json(outcome, self.label)
            if not outcome.retry or attempt >= self._retries or _too_long(outcome):
                raise outcome.error
            if outcome.wait is None:
                self._pacer.pause(backoff(attempt))
            else:
                self._pacer.hold_all(outcome.wait)
            attempt += 1

    def _try(self, method: str, url: httpx.URL, document: Sequence[str] | None) -> Answer | Failure:
        """Send one request; return its answer if that is a success, else what is wrong."""
        self._pacer.wait_for_turn()
        client = self._open()
        try:
            answer = call_bounded(
                lambda: self._exchange(client, method, url, document),
                seconds=self._total_seconds,
                cancel=self._cancel,
            )
        except OutOfTime:
            self._abandon(client)
            return out_of_time(self.label, self._total_seconds)
        except httpx.HTTPError as error:
            return connection_failure(error, self.label, self._read_seconds)
        except (Cancelled, KeyboardInterrupt):
            self._abandon(client)
            raise
        if answer.status == 200:
            return answer
        return status_failure(
            answer,
            self.label,
            key_sent=self._auth.sends_key,
            key_withheld=self._auth.withholds_key,
        )

    def _exchange(
        self, client: httpx.Client, method: str, url: httpx.URL, document: Sequence[str] | None
    ) -> Answer:
        json = None if document is None else list(document)
        with client.stream(method, url, json=json, auth=self._auth) as response:
            return read_answer(response, self.label)

    def _refuse_redirect(self, response: httpx.Response) -> None:
        """Stop at a redirect before httpx looks at where it leads, which may be no address."""
        if response.is_redirect:
            raise redirect_error(response, self.label)

    def _open(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                self._client = httpx.Client(
                    http2=self._origin.scheme == "https",
                    follow_redirects=False,
                    event_hooks={"response": [self._refuse_redirect]},
                    verify=_trusted_roots(),
                    timeout=httpx.Timeout(self._read_seconds, connect=CONNECT_SECONDS),
                    headers={
                        "User-Agent": USER_AGENT,
                        "Accept": "application/json",
                        "Accept-Encoding": "gzip",
                    },
                    cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                    # A proxy has no business between us and a hub on this very machine.
                    trust_env=not self._origin.loopback,
                )
            return self._client

    def _abandon(self, client: httpx.Client) -> None:
        """Close a client whose call was left behind; the next request opens another."""
        with self._lock:
            if self._client is client:
                self._client = None
        client.close()


@functools.cache
def _trusted_roots() -> ssl.SSLContext:
    """Return httpx's own context, loaded once: it takes longer than the rest of a client."""
    return httpx.create_ssl_context()


def _too_long(failure: Failure) -> bool:
    return failure.wait is not None and failure.wait > LONGEST_RETRY_AFTER


def expect_list(document: object, label: str) -> list[object]:
    """Return `document` if it is a list; raise `HubUnexpectedAnswer` if not."""
    if isinstance(document, list):
        return document
    raise HubUnexpectedAnswer(f"{label} sent something other than a list.")
