"""JSON from one hub: kept answers first, then requests with patience. Knows nothing of content."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import httpx

from loradex.domain.hub_waiting import TellWait, nobody_told
from loradex.domain.progress import CancelToken
from loradex.domain.secret import Secret
from loradex.errors import (
    HubNotFound,
    HubOffline,
    HubRateLimited,
    HubUnavailable,
    HubUnexpectedAnswer,
    HubUnreachable,
)
from loradex.hub.answer_cache import AnswerCache, KeptAnswer
from loradex.hub.answers import Answer, parse_json
from loradex.hub.exchange import CONNECT_SECONDS, Exchange
from loradex.hub.failures import Failure
from loradex.hub.gates import PROCESS_GATES, HostGates
from loradex.hub.origin import Origin, OriginAuth, hub_address
from loradex.hub.pacing import LONGEST_RETRY_AFTER, Waits, backoff
from loradex.hub.roots import Roots
from loradex.settings import Settings

Params = Mapping[str, str | int | Sequence[str]]
"""Parameters of a request; one with several values is sent several times."""

_UNCONDITIONAL: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all transports of a piece of work share. `sleep` and `gates` are for tests, too.

    With `refresh` no kept answer is fresh enough: the hub is asked whether it has changed.
    """

    cancel: CancelToken
    tell: TellWait = nobody_told
    cache: AnswerCache | None = None
    refresh: bool = False
    gates: HostGates = PROCESS_GATES
    sleep: Callable[[float], None] = time.sleep


class HubTransport:
    """Asks one hub for JSON. Safe to use from several threads; close it after use.

    A request is tried `1 + settings.hub_retries` times. `total_seconds` bounds one try; by default
    three times the longest silence that `settings.hub_timeout` allows, and the time to connect.
    """

    def __init__(
        self,
        settings: Settings,
        around: Surroundings,
        *,
        total_seconds: float | None = None,
    ) -> None:
        self.address = hub_address(settings.hub_url)
        origin = Origin.of(self.address)
        self.label = origin.label
        """The hub's name in sentences: its host, and its port if that is unusual."""
        self._auth = OriginAuth(origin, settings.hub_token)
        self._exchange = Exchange(
            origin,
            self._auth,
            Roots.of(settings),
            cancel=around.cancel,
            read_seconds=settings.hub_timeout,
            total_seconds=total_seconds or CONNECT_SECONDS + 3 * settings.hub_timeout,
        )
        self._retries = settings.hub_retries
        self._offline = settings.offline
        self._cache = around.cache
        self._refresh = around.refresh
        self._gate = around.gates.of(origin.label)
        self._waits = Waits(
            origin.label, cancel=around.cancel, tell=around.tell, sleep=around.sleep
        )

    def close(self) -> None:
        """Close all connections. The transport opens new ones when it is used again."""
        self._exchange.close()

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
        if self._cache is None or keep <= 0:
            return parse_json(self._ask("GET", url), self.label)
        # What a person may see depends on whose key was sent, but the key is in no name.
        name = f"GET {url} {'with a key' if self._auth.sends_key else ''}"
        kept = self._cache.get(name)
        if kept is not None and (self._offline or (kept.age < keep and not self._refresh)):
            return parse_json(_answer_of(kept), self.label)
        answer = self._ask("GET", url, conditions=kept.conditions if kept else _UNCONDITIONAL)
        if answer.status == 304 and kept is not None:
            self._cache.confirm(name)
            return parse_json(_answer_of(kept), self.label)
        document = parse_json(answer, self.label)
        etag, modified = answer.headers.get("etag"), answer.headers.get("last-modified")
        self._cache.put(name, answer.body, etag, modified)
        return document

    def find(self, path: str, *, keep: float = 0.0) -> object | None:
        """Return the JSON document at `path`, None if the hub has no such thing (404, 410)."""
        try:
            document = self.get(path, keep=keep)
        except HubNotFound:
            return None
        if document is None:  # says nothing, and least of all that there is no such thing
            raise HubUnexpectedAnswer(f"{self.label} sent an empty answer.")
        return document

    def post(self, path: str, document: Sequence[str]) -> object:
        """Return the JSON answer to a POST that only reads, so that it may be sent again."""
        return parse_json(self._ask("POST", self._url(path, None), document=document), self.label)

    def check_online(self) -> None:
        """Raise `HubOffline` when nobody may be asked."""
        if self._offline:
            raise HubOffline(
                f"{self.label} is not asked: loradex is offline, and this was not fetched before.",
                hint="Run it again without --offline.",
                elsewhere="Turn `offline` off in the settings.",
            )

    def _url(self, path: str, params: Params | None) -> httpx.URL:
        whole = f"{self.address.path.rstrip('/')}/{path}"
        return self.address.copy_with(path=whole, params=dict(params) if params else None)

    def _ask(
        self,
        method: str,
        url: httpx.URL,
        *,
        conditions: Mapping[str, str] = _UNCONDITIONAL,
        document: Sequence[str] | None = None,
    ) -> Answer:
        self.check_online()
        self._gate.check()
        attempt = 0
        while True:
            with self._gate.turn(self._waits):
                outcome = self._exchange.send(method, url, conditions=conditions, document=document)
            if isinstance(outcome, Answer):
                self._gate.answered()
                return outcome
            last = not outcome.retry or attempt >= self._retries or _too_long(outcome)
            if self._noted(outcome, last=last) or last:
                raise outcome.error
            if outcome.wait is None:
                self._waits.pause(backoff(attempt), "is tried again after a pause")
            else:
                self._gate.hold_all(outcome.wait)
            attempt += 1

    def _noted(self, failure: Failure, *, last: bool) -> bool:
        """Tell the gate what a failed try means for the host; return whether to stop at once.

        Each refusal for asking too much counts, but a host that is in trouble only once for all
        tries of a request: it may be back at the next.
        """
        error = failure.error
        if isinstance(error, HubRateLimited):
            return error.scope == "requests" and self._gate.refused(failure.wait)
        if isinstance(error, HubUnreachable | HubUnavailable):
            if last:
                self._gate.failed()
        else:
            self._gate.answered()
        return False


def _answer_of(kept: KeptAnswer) -> Answer:
    return Answer(200, httpx.Headers({"content-type": "application/json"}), kept.body)


def _too_long(failure: Failure) -> bool:
    return failure.wait is not None and failure.wait > LONGEST_RETRY_AFTER


def expect_list(document: object, label: str) -> list[object]:
    """Return `document` if it is a list; raise `HubUnexpectedAnswer` if not."""
    if isinstance(document, list):
        return document
    raise HubUnexpectedAnswer(f"{label} sent something other than a list.")
