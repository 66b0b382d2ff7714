"""Ask for bytes of a file: redirects by hand, the key for nobody but the hub, expired links.

The hub's address is asked first, and usually sends us on to a storage with a signed link. The link
is kept for further ranges, and forgotten when the storage refuses it: then the hub is asked anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import httpx

from loradex.domain.hub_source import FetchStart
from loradex.domain.progress import CancelToken
from loradex.domain.text import display_text
from loradex.errors import HubAuthRequired, HubError, HubForbidden, HubUnexpectedAnswer
from loradex.hub.answers import Answer
from loradex.hub.failures import Failure, status_failure
from loradex.hub.fetching.documents import SNIFFED, storage_words
from loradex.hub.fetching.reach import Reach, reach_of_name
from loradex.hub.fetching.troubles import Changed, Setback, no_connection
from loradex.hub.fetching.wire import WIRE_ERRORS, Reply, Wire
from loradex.hub.origin import Origin, OriginAuth, web_address

MOST_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_LINK_REFUSED = (400, 401, 403, 404, 410)
_CROWDED = (429, 503)
_PAGES = ("/login", "/model-versions")


@dataclass(frozen=True, slots=True)
class _Route:
    """An address on the way to the bytes. Its text may be signed: it is shown to nobody.

    `nearest`: how near to us it may lie: the hub itself anywhere, others no nearer than the hub.
    `away`: another origin than the hub's has had a part in it. `settled`: bytes came from here.
    """

    url: httpx.URL
    auth: OriginAuth
    hub: Origin
    nearest: Reach = Reach.MACHINE
    away: bool = False
    settled: bool = False

    @property
    def origin(self) -> Origin:
        return Origin.of(self.url)

    @property
    def sends_key(self) -> bool:
        return not self.away and self.auth.sends_key


class Asking:
    """Asks for ranges of one file. Several threads may, once the way is known."""

    def __init__(
        self,
        wire: Wire,
        ask: Callable[[], FetchStart],
        *,
        stall_seconds: float,
    ) -> None:
        self._wire = wire
        self._ask = ask
        self._stall_seconds = stall_seconds
        self._route: _Route | None = None
        self._fruitful = False
        self.label = ""
        """The server that was asked last."""

    @property
    def knows_the_way(self) -> bool:
        """True when the next range can be asked for without asking the hub for an address."""
        return self._route is not None and self._route.settled

    def bytes_came(self) -> None:
        """Note that the present address gave bytes: a refusal from now on means it has run out."""
        self._fruitful = True

    def get(
        self, start: int, stop: int | None, validator: str | None, cancel: CancelToken
    ) -> Reply:
        """Return an answer with status 200 or 206 to a GET of the bytes from `start` on.

        `stop` is the byte after the last; None asks for all the rest, and without a `Range` when
        `start` is 0. `validator` makes the range conditional. Raises `Setback`, `Changed`,
        `Cancelled`, and what the hub's own `ask` raises.
        """
        wanted = _range_headers(start, stop, validator)
        route = self._route or self._begin()
        hops = 0
        while hops <= MOST_REDIRECTS:
            # A range is for who has the bytes: whether that is the hub itself is not known yet.
            asks_range = bool(wanted) and (route.settled or route.away)
            self.label = route.origin.label
            reply = self._send(route, wanted if asks_range else {}, cancel)
            if not route.away:
                route = replace(route, nearest=reply.reach)
            if reply.status in _REDIRECTS:
                route = self._next(route, reply)
                reply.skip()
                hops += 1
                continue
            if reply.status in (200, 206):
                route = replace(route, settled=True)
                if wanted and not asks_range:
                    reply.close()
                    continue
                self._route = route
                return self._unpacked(reply, route)
            raise self._refused(route, reply)
        raise _stop(HubUnexpectedAnswer(f"{route.hub.label} sends us from place to place."))

    def _begin(self) -> _Route:
        start = self._ask()
        try:
            url = web_address(start.url)
        except httpx.InvalidURL as error:
            raise HubUnexpectedAnswer("The hub gave no address for the file.") from error
        if not _is_web_address(url):
            raise HubUnexpectedAnswer("The hub gave no web address for the file.")
        hub = Origin.of(url)
        self._fruitful = False
        return _Route(url, OriginAuth(hub, start.key), hub, _nearest(start))

    def _send(self, route: _Route, headers: dict[str, str], cancel: CancelToken) -> Reply:
        try:
            return self._wire.get(
                route.url,
                headers | _key_headers(route),
                nearest=route.nearest,
                cancel=cancel,
                stall_seconds=self._stall_seconds,
            )
        except WIRE_ERRORS as error:
            raise Setback(no_connection(error, route.origin.label, self._stall_seconds)) from error

    def _next(self, route: _Route, reply: Reply) -> _Route:
        """Return where a redirect leads; raise `Setback` where it must not."""
        label = route.origin.label
        try:
            url = web_address(reply.header("location") or "", route.url)
        except httpx.InvalidURL as error:
            reply.close()
            raise _stop(HubUnexpectedAnswer(f"{label} sends us to no web address.")) from error
        problem = _wrong_turn(route, url, reply.header("location"))
        if problem is not None:
            reply.close()
            raise _stop(problem)
        away = route.away or Origin.of(url) != route.hub
        return replace(route, url=url, away=away, settled=False)

    def _unpacked(self, reply: Reply, route: _Route) -> Reply:
        coding = (reply.header("content-encoding") or "identity").strip().lower()
        if coding in ("", "identity"):
            return reply
        reply.close()
        raise _stop(
            HubUnexpectedAnswer(f"{route.origin.label} packed the file, which it was not asked to.")
        )

    def _refused(self, route: _Route, reply: Reply) -> Exception:
        """Return what an answer without the bytes means."""
        status = reply.status
        try:
            body = reply.read_some(SNIFFED)
        finally:
            reply.close()
        label = route.origin.label
        if status == 416:
            return Changed()
        if status in _LINK_REFUSED and (route.away or self._fruitful):
            self._route = None
            words = storage_words(body, reply.header("content-type"))
            detail = f": {words.rstrip('.')}" if words else ""
            error = HubForbidden(
                f"{label} refuses the link that {route.hub.label} gave (status {status}){detail}.",
                status=status,
                hint="Try again later; what came so far is kept.",
            )
            return Setback(Failure(error, retry=True))
        answer = Answer(status, httpx.Headers(reply.headers.items()), body)
        failure = status_failure(
            answer,
            label,
            key_sent=route.sends_key,
            key_withheld=route.auth.withholds_key,
        )
        return Setback(failure, crowded=status in _CROWDED)


def _nearest(start: FetchStart) -> Reach:
    """Return how near to us a place may lie: as near as it likes, unless a stranger told of it."""
    if not start.told_by:
        return Reach.MACHINE
    try:
        return reach_of_name(httpx.URL(start.told_by).host)
    except httpx.InvalidURL:
        return Reach.INTERNET


def _key_headers(route: _Route) -> dict[str, str]:
    """Return the key for the hub itself, as long as nobody else had a part in the way there."""
    if not route.sends_key:
        return {}
    request = next(route.auth.auth_flow(httpx.Request("GET", route.url)))
    key = request.headers.get("Authorization")
    return {} if key is None else {"Authorization": key}


def _range_headers(start: int, stop: int | None, validator: str | None) -> dict[str, str]:
    if start == 0 and stop is None:
        return {}
    last = "" if stop is None else stop - 1
    headers = {"Range": f"bytes={start}-{last}"}
    return headers if validator is None else headers | {"If-Range": validator}


def _is_web_address(url: httpx.URL) -> bool:
    """Tell whether an address is one that can be asked, and holds no password."""
    host = url.host
    return bool(
        url.scheme in ("https", "http")
        and host
        and "%" not in host
        and not url.userinfo
        and (url.port is None or 0 < url.port < 65536)
    )


def _wrong_turn(route: _Route, url: httpx.URL, location: str | None) -> HubError | None:
    """Return why a redirect is not followed; None if it is. Says where to, but never the query."""
    label = route.origin.label
    if not location or not _is_web_address(url):
        return HubUnexpectedAnswer(f"{label} sends us to something that is no web address.")
    target = display_text(Origin.of(url).label, 200)
    if route.url.scheme == "https" and url.scheme != "https":
        return HubUnexpectedAnswer(
            f"{label} sends us to {target} without encryption; this was not followed."
        )
    if Origin.of(url) != route.hub or not url.path.startswith(_PAGES):
        return None
    if url.path.startswith("/login"):
        return HubAuthRequired(
            f"{label} wants somebody to sign in before it gives the file.",
            status=401,
            hint="Set a key from your account settings: `loradex hub login`.",
        )
    return HubForbidden(
        f"{label} shows the model's page in place of the file: it is not given to everybody.",
        status=403,
        hint="Open the model's page in a browser to see what it asks for.",
    )


def _stop(error: HubError) -> Setback:
    return Setback(Failure(error, retry=False))
