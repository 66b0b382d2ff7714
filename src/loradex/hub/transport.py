"""Requests to one hub: key, speed limit, retries, bounds. Knows nothing of what is asked."""

from __future__ import annotations

import functools
import logging
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import NoReturn

import httpx

from loradex import __version__
from loradex.domain.hub_waiting import TellWait, nobody_told
from loradex.domain.progress import CancelToken
from loradex.domain.secret import Secret
from loradex.errors import (
    Cancelled,
    HubNotFound,
    HubOffline,
    HubRateLimited,
    HubUnavailable,
    HubUnexpectedAnswer,
    HubUnreachable,
)
from loradex.hub.answer_cache import AnswerCache, KeptAnswer
from loradex.hub.answers import Answer, parse_json, read_answer
from loradex.hub.bounded import OutOfTime, call_bounded
from loradex.hub.failures import (
    Failure,
    connection_failure,
    out_of_time,
    redirect_error,
    status_failure,
)
from loradex.hub.gates import PROCESS_GATES, HostGates
from loradex.hub.origin import Origin, OriginAuth, hub_address
from loradex.hub.pacing import LONGEST_RETRY_AFTER, Waits, backoff
from loradex.settings import Settings

USER_AGENT = f"loradex/{__version__} (+https://pypi.org/project/loradex/)"
CONNECT_SECONDS = 10.0

Params = Mapping[str, str | int | Sequence[str]]
"""Parameters of a request; one with several values is sent several times."""

# These write addresses, header values (hpack even the key) into the log when asked for details.
_TALKATIVE_LOGGERS = ("httpx", "httpcore", "hpack", "h2")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all transports of a piece of work share. `sleep` and `gates` are for tests, too."""

    cancel: CancelToken
    tell: TellWait = nobody_told
    cache: AnswerCache | None = None
    gates: HostGates = PROCESS_GATES
    sleep: Callable[[float], None] = time.sleep


class HubTransport:
    """Asks one hub for JSON. Safe to use from several threads; close it after use.

    A request is tried `1 + settings.hub_retries` times. `total_seconds` bounds one try from the
    first look-up of the name to the last byte; by default three times the longest silence that
    `settings.hub_timeout` allows, and the time to connect.
    """

    def __init__(
        self,
        settings: Settings,
        around: Surroundings,
        *,
        total_seconds: float | None = None,
    ) -> None:
        self.address = hub_address(settings.hub_url)
        self._origin = Origin.of(self.address)
        self._auth = OriginAuth(self._origin, settings.hub_token)
        self._read_seconds = settings.hub_timeout
        self._total_seconds = total_seconds or CONNECT_SECONDS + 3 * settings.hub_timeout
        self._retries = settings.hub_retries
        self._offline = settings.offline
        self._cache = around.cache
        self._cancel = around.cancel
        self._gate = around.gates.of(self._origin.label)
        self._waits = Waits(
            self._origin.label, cancel=around.cancel, tell=around.tell, sleep=around.sleep
        )
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

    @property
    def key(self) -> Secret | None:
        """The key that goes to this hub, None when there is none or the way is not private."""
        return self._auth.key

    def get(self, path: str, params: Params | None = None, *, keep: float = 0.0) -> object:
        """Return the JSON document at `path` (below the hub's address, no leading slash).

        One that was fetched less than `keep` seconds ago is given again without asking; one that
        is older is asked for on the condition that it has changed, where the hub knows how. With
        `keep` 0 nothing is kept. Offline the kept one counts, however old.
        """
        url = self._url(path, params)
        name = f"GET {url} {'with a key' if self._auth.sends_key else ''}"
        kept = self._cache.get(name) if self._cache is not None and keep > 0 else None
        if kept is not None and (self._offline or kept.age < keep):
            return parse_json(_answer_of(kept), self.label)
        answer = self._ask("GET", url, conditions=kept.conditions if kept else {})
        if answer.status == 304 and kept is not None:
            if self._cache is not None:
                self._cache.confirm(name)
            return parse_json(_answer_of(kept), self.label)
        document = parse_json(answer, self.label)
        if self._cache is not None and keep > 0:
            etag, modified = answer.headers.get("etag"), answer.headers.get("last-modified")
            self._cache.put(name, answer.body, etag, modified)
        return document

    def find(self, path: str, *, keep: float = 0.0) -> object | None:
        """Return the JSON document at `path`, None if the hub has no such thing (404, 410)."""
        try:
            return self.get(path, keep=keep)
        except HubNotFound:
            return None

    def post(self, path: str, document: Sequence[str]) -> object:
        """Return the JSON answer to a POST that only reads, so that it may be sent again."""
        return parse_json(self._ask("POST", self._url(path, None), document=document), self.label)

    def _url(self, path: str, params: Params | None) -> httpx.URL:
        whole = f"{self.address.path.rstrip('/')}/{path}"
        return self.address.copy_with(path=whole, params=dict(params) if params else None)

    def _ask(
        self,
        method: str,
        url: httpx.URL,
        *,
        conditions: Mapping[str, str] | None = None,
        document: Sequence[str] | None = None,
    ) -> Answer:
        if self._offline:
            raise HubOffline(
                f"{self.label} is not asked: loradex is offline, and this was not fetched before.",
                hint="Run it again without --offline.",
            )
        self._gate.check()
        attempt = 0
        while True:
            outcome = self._try(method, url, conditions or {}, document)
            if isinstance(outcome, Answer):
                self._gate.answered()
                return outcome
            if not outcome.retry or attempt >= self._retries or _too_long(outcome):
                self._give_up(outcome)
            if outcome.wait is None:
                self._waits.pause(backoff(attempt), "is tried again after a pause")
            else:
                self._gate.hold_all(outcome.wait)
            attempt += 1

    def _give_up(self, failure: Failure) -> NoReturn:
        """Tell the gate what it means for the host, and raise."""
        error = failure.error
        if isinstance(error, HubRateLimited):
            if error.scope == "requests":
                self._gate.refused(failure.wait)
        elif isinstance(error, HubUnreachable | HubUnavailable):
            self._gate.failed()
        else:
            self._gate.answered()
        raise error

    def _try(
        self,
        method: str,
        url: httpx.URL,
        conditions: Mapping[str, str],
        document: Sequence[str] | None,
    ) -> Answer | Failure:
        """Send one request; return its answer if that is a success, else what is wrong."""
        with self._gate.turn(self._waits):
            client = self._open()
            try:
                answer = call_bounded(
                    lambda: self._exchange(client, method, url, conditions, document),
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
        if answer.status == 200 or (answer.status == 304 and conditions):
            return answer
        return status_failure(
            answer,
            self.label,
            key_sent=self._auth.sends_key,
            key_withheld=self._auth.withholds_key,
        )

    def _exchange(
        self,
        client: httpx.Client,
        method: str,
        url: httpx.URL,
        headers: Mapping[str, str],
        document: Sequence[str] | None,
    ) -> Answer:
        json = None if document is None else list(document)
        with client.stream(method, url, json=json, headers=headers, auth=self._auth) as response:
            return read_answer(response, self.label)

    def _refuse_redirect(self, response: httpx.Response) -> None:
        """Stop at a redirect before httpx looks at where it leads, which may be no address."""
        if response.has_redirect_location:
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


def _answer_of(kept: KeptAnswer) -> Answer:
    return Answer(200, httpx.Headers({"content-type": "application/json"}), kept.body)


def _too_long(failure: Failure) -> bool:
    return failure.wait is not None and failure.wait > LONGEST_RETRY_AFTER


def expect_list(document: object, label: str) -> list[object]:
    """Return `document` if it is a list; raise `HubUnexpectedAnswer` if not."""
    if isinstance(document, list):
        return document
    raise HubUnexpectedAnswer(f"{label} sent something other than a list.")
