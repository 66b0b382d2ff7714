"""HTTP/1.1 exchanges for large bodies: open connections, send one GET, read into our own memory.

Why not httpx, which asks the hubs everything else: its bodies come in pieces of 64 KiB (16 KiB
over TLS), each parsed, copied and handed through several generators, which for 2 GiB costs a second
of one core and takes the interpreter's lock from the threads that hash. The standard library's
client reads straight into a buffer. It follows no redirect, adds no header, reads no `.netrc` and
keeps no cookies, which is what is wanted here.
"""

from __future__ import annotations

import http.client
import socket
import threading
from collections import defaultdict
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import httpx

from loradex.domain.progress import CancelToken
from loradex.errors import SettingsError
from loradex.hub.bounded import OutOfTime, call_bounded
from loradex.hub.exchange import CONNECT_SECONDS, USER_AGENT
from loradex.hub.fetching.reach import Reach, reach_of, reach_of_name
from loradex.hub.fetching.watch import Pulse, Watch
from loradex.hub.origin import Origin
from loradex.hub.roots import Roots

_OPEN_SECONDS = 40.0
"""For all addresses of a name together, the proxy and TLS included."""
_MOST_KEPT = 4
"""Idle connections to one server."""
_SMALL_BODY = 64 * 1024
"""What is read to the end to keep a connection, rather than hanging up."""

WIRE_ERRORS = (OSError, http.client.HTTPException)
"""What exchanges fail with; `Stalled` and `TooNear` among them."""


class Stalled(TimeoutError):
    """Next to nothing came for too long."""


class TooNear(ConnectionError):
    """The address lies nearer to us than it may."""


@dataclass(slots=True, eq=False)
class _Line:
    """An open connection."""

    key: tuple[Origin, str | None]
    connection: http.client.HTTPConnection
    reach: Reach
    used: bool = False

    @property
    def socket(self) -> socket.socket:
        sock: socket.socket = self.connection.sock
        return sock


class Reply:
    """An answer whose head was read. Close it, or read it to the end and `finish` it."""

    def __init__(
        self,
        wire: Wire,
        line: _Line,
        response: http.client.HTTPResponse,
        pulse: Pulse,
        url: httpx.URL,
    ) -> None:
        self._wire = wire
        self._line = line
        self._response = response
        self.pulse = pulse
        self.stall_seconds = pulse.stall_seconds
        self.url = url
        self.status = response.status
        self.headers = response.headers
        self.length: int | None = response.length
        self.reach = line.reach

    def header(self, name: str) -> str | None:
        """Return the value of a header, None if it is absent."""
        value: str | None = self.headers.get(name)
        return value

    def read_into(self, view: memoryview) -> int:
        """Fill `view`; return how many bytes came, fewer than asked for only at the end.

        The end may be that of the connection: who knows the length compares, and asks `why_ended`.
        Raises `WIRE_ERRORS` and `Cancelled`.
        """
        try:
            count = self._response.readinto(view)
        except WIRE_ERRORS:
            self.why_ended()
            raise
        self.pulse.beat(count)
        return count

    def why_ended(self) -> None:
        """Raise `Cancelled` or `Stalled` if that is what ended the exchange."""
        self.pulse.cancel.check()
        if self.pulse.stalled:
            raise Stalled

    def read_some(self, most: int) -> bytes:
        """Return the beginning of the body as far as it comes: for what is shown or thrown away."""
        buffer = memoryview(bytearray(most))
        try:
            return bytes(buffer[: self.read_into(buffer)])
        except WIRE_ERRORS:
            return b""

    def finish(self) -> None:
        """Keep the connection for the next request if the body was read to the end; else close."""
        self._wire.take_back(self._line, self._response, self.pulse)

    def skip(self) -> None:
        """Read a small body to its end and keep the connection; hang up on a large one."""
        try:
            if self.length is not None and self.length <= _SMALL_BODY:
                self.read_some(self.length or 1)
        finally:
            self.finish()

    def close(self) -> None:
        """Hang up."""
        self._wire.drop(self._line, self.pulse)
        self._response.close()


class Wire:
    """Open connections by origin, for any number of threads."""

    def __init__(self, roots: Roots | None = None) -> None:
        self._roots = roots or Roots()
        self._idle: dict[tuple[Origin, str | None], list[_Line]] = defaultdict(list)
        self._lock = threading.Lock()
        self._watch = Watch()
        self._closed = False

    def get(
        self,
        url: httpx.URL,
        headers: dict[str, str],
        *,
        nearest: Reach,
        cancel: CancelToken,
        stall_seconds: float,
    ) -> Reply:
        """Send a GET and return the answer once its head is there.

        `nearest`: how near to us the server may lie. Raises `WIRE_ERRORS` and `Cancelled`.
        """
        while True:
            if self._closed:  # nobody would watch: it could wait for ever
                raise ConnectionAbortedError
            line = self._line_to(url, nearest, cancel)
            reused = line.used
            line.used = True
            pulse = self._watch.begin(line.socket, cancel, stall_seconds)
            try:
                return self._exchange(line, url, headers, pulse)
            except BaseException as error:
                self.drop(line, pulse)
                cancel.check()
                if pulse.stalled:
                    raise Stalled from error
                # The server may have closed a kept connection while the request was on its way.
                if not (reused and isinstance(error, ConnectionError | http.client.BadStatusLine)):
                    raise

    def _exchange(
        self, line: _Line, url: httpx.URL, headers: dict[str, str], pulse: Pulse
    ) -> Reply:
        target = url.raw_path.decode("ascii")
        proxy = line.key[1]
        if proxy is not None and url.scheme == "http":
            target = str(url.copy_with(fragment=None))
            headers = headers | _proxy_headers(proxy)
        line.connection.request("GET", target, headers=_OWN_HEADERS | headers)
        response = line.connection.getresponse()
        pulse.rest()
        return Reply(self, line, response, pulse, url)

    def _line_to(self, url: httpx.URL, nearest: Reach, cancel: CancelToken) -> _Line:
        origin = Origin.of(url)
        key = (origin, _proxy_for(origin))
        with self._lock:
            while self._idle[key]:
                line = self._idle[key].pop()
                if line.reach <= nearest:
                    return line
                line.connection.close()
        opened: list[_Line] = []
        abandoned = threading.Event()

        def work() -> None:
            line = _open(key, nearest, self._roots)
            opened.append(line)
            if abandoned.is_set():
                line.connection.close()

        try:
            call_bounded(work, seconds=_OPEN_SECONDS, cancel=cancel)
        except BaseException as error:
            abandoned.set()
            for line in opened:
                line.connection.close()
            if isinstance(error, OutOfTime):
                raise TimeoutError from None
            raise
        return opened[0]

    def take_back(self, line: _Line, response: http.client.HTTPResponse, pulse: Pulse) -> None:
        """Keep a connection whose answer was read to the end, close any other."""
        if not response.isclosed() or line.connection.sock is None:
            self.drop(line, pulse)
            response.close()
            return
        self._watch.end(pulse)
        with self._lock:
            if len(self._idle[line.key]) < _MOST_KEPT and not pulse.stalled:
                self._idle[line.key].append(line)
                return
        line.connection.close()

    def drop(self, line: _Line, pulse: Pulse) -> None:
        """Hang up."""
        self._watch.end(pulse)
        line.connection.close()

    def close(self) -> None:
        """Close the idle connections, and watch none any more."""
        with self._lock:
            self._closed = True
            lines = [line for lines in self._idle.values() for line in lines]
            self._idle.clear()
        for line in lines:
            line.connection.close()
        self._watch.close()


_OWN_HEADERS = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}


def _open(key: tuple[Origin, str | None], nearest: Reach, roots: Roots) -> _Line:
    """Connect; raise `TooNear`, before anything is asked, where that may not be."""
    origin, proxy = key
    if reach_of_name(origin.host) > nearest:
        raise TooNear
    where = urlsplit(proxy) if proxy is not None else None
    name = httpx.URL(scheme=origin.scheme, host=origin.host).raw_host.decode("ascii")
    host = name if where is None else where.hostname or ""
    port = origin.port if where is None else where.port or 80
    connection: http.client.HTTPConnection
    if origin.scheme == "https":
        connection = http.client.HTTPSConnection(
            host,
            port,
            timeout=CONNECT_SECONDS,
            context=roots.context(origin.host, http2=False),
        )
        if proxy is not None:
            connection.set_tunnel(name, origin.port, headers=_proxy_headers(proxy))
    else:
        connection = http.client.HTTPConnection(host, port, timeout=CONNECT_SECONDS)
    try:
        connection.connect()
        connection.auto_open = 0
        reach = reach_of_name(origin.host) if proxy else reach_of(connection.sock.getpeername()[0])
        if reach > nearest:
            raise TooNear
        connection.sock.settimeout(None)  # the watch hangs up on whatever takes too long
    except BaseException:
        connection.close()
        raise
    return _Line(key, connection, reach)


def _proxy_for(origin: Origin) -> str | None:
    """Return the address of the proxy that the environment names for a server, None if none.

    A proxy has no business between us and a server on this very machine.
    """
    import urllib.request  # noqa: PLC0415 - nobody else needs it

    if origin.loopback:
        return None
    proxies = urllib.request.getproxies()
    proxy = proxies.get(origin.scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(origin.host):
        return None
    if "://" not in proxy:
        proxy = f"http://{proxy}"
    if urlsplit(proxy).scheme != "http" or not urlsplit(proxy).hostname:
        raise SettingsError(
            "The environment names a proxy that downloads cannot go through.",
            hint="Set HTTPS_PROXY to an http:// address, or NO_PROXY to go without.",
        )
    return proxy


def _proxy_headers(proxy: str) -> dict[str, str]:
    import base64  # noqa: PLC0415 - few proxies ask for it

    parts = urlsplit(proxy)
    if parts.username is None:
        return {}
    who = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Proxy-Authorization": f"Basic {base64.b64encode(who.encode()).decode()}"}
