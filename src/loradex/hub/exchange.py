"""One request to one server and its whole answer: key, bounds, no redirects."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from loradex import __version__
from loradex.domain.progress import CancelToken
from loradex.errors import Cancelled
from loradex.hub.answers import Answer, read_answer
from loradex.hub.bounded import OutOfTime, call_bounded
from loradex.hub.failures import (
    Failure,
    connection_failure,
    out_of_time,
    redirect_error,
    status_failure,
)
from loradex.hub.origin import Origin, OriginAuth
from loradex.hub.roots import Roots

USER_AGENT = f"loradex/{__version__} (+https://pypi.org/project/loradex/)"
CONNECT_SECONDS = 10.0

# These write addresses, header values (hpack even the key) into the log when asked for details.
_TALKATIVE_LOGGERS = ("httpx", "httpcore", "hpack", "h2")


class Exchange:
    """Exchanges requests for answers with one server. Safe to use from several threads.

    `read_seconds` bounds each silence; `total_seconds` all of it, from the first look-up of the
    name to the last byte.
    """

    def __init__(
        self,
        origin: Origin,
        auth: OriginAuth,
        roots: Roots,
        *,
        cancel: CancelToken,
        read_seconds: float,
        total_seconds: float,
    ) -> None:
        self._origin = origin
        self._auth = auth
        self._roots = roots
        self._cancel = cancel
        self._read_seconds = read_seconds
        self._total_seconds = total_seconds
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None
        for name in _TALKATIVE_LOGGERS:
            logging.getLogger(name).setLevel(logging.WARNING)

    def close(self) -> None:
        """Close all connections; new ones are opened when they are needed."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def send(
        self,
        method: str,
        url: httpx.URL,
        *,
        conditions: Mapping[str, str],
        document: Sequence[str] | None,
    ) -> Answer | Failure:
        """Send one request; return its answer if that is a success, else what is wrong.

        With `conditions` (headers) the answer may have status 304: not changed.
        """
        client = self._open()
        try:
            answer = call_bounded(
                lambda: self._stream(client, method, url, conditions, document),
                seconds=self._total_seconds,
                cancel=self._cancel,
            )
        except OutOfTime:
            self._abandon(client)
            return out_of_time(self._origin.label, self._total_seconds)
        except httpx.HTTPError as error:
            return connection_failure(error, self._origin.label, self._read_seconds)
        except (Cancelled, KeyboardInterrupt):
            self._abandon(client)
            raise
        if answer.status == 200 or (answer.status == 304 and conditions):
            return answer
        return status_failure(
            answer,
            self._origin.label,
            key_sent=self._auth.sends_key,
            key_withheld=self._auth.withholds_key,
        )

    def _stream(
        self,
        client: httpx.Client,
        method: str,
        url: httpx.URL,
        headers: Mapping[str, str],
        document: Sequence[str] | None,
    ) -> Answer:
        json = None if document is None else list(document)
        with client.stream(method, url, json=json, headers=headers, auth=self._auth) as response:
            return read_answer(response, self._origin.label)

    def _refuse_redirect(self, response: httpx.Response) -> None:
        """Stop at a redirect before httpx looks at where it leads, which may be no address."""
        if response.has_redirect_location:
            raise redirect_error(response, self._origin.label)

    def _open(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                secure = self._origin.scheme == "https"
                self._client = httpx.Client(
                    http2=secure,
                    follow_redirects=False,
                    event_hooks={"response": [self._refuse_redirect]},
                    verify=self._roots.context(self._origin.host, http2=secure),
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
