"""Over TLS, and through proxies."""

from __future__ import annotations

import http.server
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from hub.fetching.kit import Depot
from loradex.demo.hub_http import LoopbackServer, Reply
from loradex.domain.hub_source import FetchStart
from loradex.domain.progress import CancelToken
from loradex.errors import HubUnexpectedAnswer, HubUnreachable, SettingsError
from loradex.hub import roots
from loradex.hub.fetching.reach import Reach
from loradex.hub.fetching.wire import Wire

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and store.example, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = (
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        f"-keyout {key} -out {cert} -subj /CN=x "
        "-addext subjectAltName=IP:127.0.0.1,DNS:store.example"
    )
    subprocess.run(command.split(), check=True, capture_output=True, timeout=60)
    return cert, key


@pytest.fixture
def secure(depot: Depot, certificate: tuple[Path, Path]) -> Iterator[LoopbackServer]:
    """Gives the depot's file over TLS, in ranges."""

    def answer(request):
        content = depot.content
        start, _, _ = request.headers.get("range", "bytes=0-")[6:].partition("-")
        headers = {"ETag": '"tls"', "Accept-Ranges": "bytes"}
        if "range" not in request.headers:
            return Reply(200, headers, content)
        headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        return Reply(206, headers, content[int(start) :])

    server = LoopbackServer(answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.open()
    yield server
    server.close()


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch, certificate: tuple[Path, Path]) -> None:
    context = ssl.create_default_context(cafile=str(certificate[0]))
    monkeypatch.setattr(roots, "_context", lambda _ca, _http2: context)


def https(server: LoopbackServer) -> str:
    return server.url.replace("http:", "https:")


@needs_openssl
def test_over_tls(depot: Depot, secure: LoopbackServer, trusted: None) -> None:
    fetched = depot.fetch(ask=lambda: FetchStart(f"{https(secure)}/f"))

    assert fetched.sha256 == depot.sha256


@needs_openssl
def test_a_range_over_tls(depot: Depot, secure: LoopbackServer, trusted: None) -> None:
    depot.leave((0, 100_000), etag='"tls"')

    fetched = depot.fetch(ask=lambda: FetchStart(f"{https(secure)}/f"))

    assert (fetched.sha256, fetched.resumed_from) == (depot.sha256, 100_000)


def test_what_is_closed_asks_nobody(depot: Depot) -> None:
    """Nobody would hang up on a server that says nothing."""
    wire = Wire()
    wire.close()

    with pytest.raises(ConnectionAbortedError):
        wire.get(
            httpx.URL(depot.front.url),
            {},
            nearest=Reach.MACHINE,
            cancel=CancelToken(),
            stall_seconds=60,
        )

    assert not depot.at_front


@needs_openssl
def test_a_certificate_that_nobody_vouches_for(depot: Depot, secure: LoopbackServer) -> None:
    with pytest.raises(HubUnreachable, match="certificate"):
        depot.fetch(ask=lambda: FetchStart(f"{https(secure)}/f"))

    assert not secure.requests


@needs_openssl
def test_https_does_not_lead_to_http(depot: Depot, secure: LoopbackServer, trusted: None) -> None:
    secure.answer = lambda _: Reply(302, {"Location": depot.store.link_to(depot.file)})

    with pytest.raises(HubUnexpectedAnswer, match="without encryption"):
        depot.fetch(ask=lambda: FetchStart(f"{https(secure)}/f"))

    assert not depot.at_store


class _Tunnel(http.server.BaseHTTPRequestHandler):
    """Answers CONNECT by joining the client to the TLS server, whatever it asked for."""

    target: tuple[str, int]
    asked: list[tuple[str, str | None]]

    def do_CONNECT(self) -> None:
        self.asked.append((self.path, self.headers.get("Proxy-Authorization")))
        self.send_response(200)
        self.end_headers()
        with socket.create_connection(self.target) as other:
            threads = [
                threading.Thread(target=_pump, args=pair, daemon=True)
                for pair in ((self.connection, other), (other, self.connection))
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(10)

    def log_message(self, format: str, *args: object) -> None:
        pass


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@needs_openssl
def test_through_a_tunnel(
    depot: Depot, secure: LoopbackServer, trusted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str | None]] = []
    handler = type("Tunnel", (_Tunnel,), {"target": secure.server_address, "asked": asked})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as proxy:
        threading.Thread(target=proxy.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setenv("https_proxy", f"http://me:p%40ss@127.0.0.1:{proxy.server_port}")
        fetched = depot.fetch(ask=lambda: FetchStart("https://store.example/f"))
        proxy.shutdown()

    assert fetched.sha256 == depot.sha256
    assert asked == [("store.example:443", "Basic bWU6cEBzcw==")]
    assert "proxy-authorization" not in secure.requests[0].headers


def test_through_a_plain_proxy(depot: Depot, monkeypatch: pytest.MonkeyPatch) -> None:
    depot.on_front = lambda _: Reply(200, {"ETag": '"x"'}, depot.content)
    monkeypatch.setenv("http_proxy", depot.front.url.removeprefix("http://"))

    fetched = depot.fetch(ask=lambda: FetchStart("http://store.example/f?a=b"))

    assert fetched.sha256 == depot.sha256
    assert depot.at_front[0].headers["host"] == "store.example"


def test_no_proxy_between_us_and_this_machine(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:1")

    assert depot.fetch().sha256 == depot.sha256


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "https://127.0.0.1:1", "http://"])
def test_a_proxy_of_another_kind_is_told(
    depot: Depot, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("http_proxy", proxy)

    with pytest.raises(SettingsError, match="proxy"):
        depot.fetch(ask=lambda: FetchStart("http://store.example/f"))
