"""Over TLS: HTTP/2 where it is offered, the key inside, and certificates that are not trusted."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import pytest

from loradex.demo.hub_http import LoopbackServer, Reply
from loradex.domain.hub_source import FetchStart
from loradex.domain.progress import CancelToken
from loradex.errors import HubUnreachable, SettingsError
from loradex.hub import roots
from loradex.hub.fetching import Fetcher, Promise
from loradex.hub.pictures import PictureFetcher
from loradex.settings import Settings

KEY = "key-of-mosskettle-0123456789"
pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody trusts yet, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = (
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        f"-keyout {key} -out {cert} -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run(command.split(), check=True, capture_output=True, timeout=60)
    return cert, key


class Http2Server:
    """Answers every stream of one connection after another with `{"username": "h2"}`."""

    def __init__(self, cert: Path, key: Path) -> None:
        self.headers: list[dict[str, str]] = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(cert, key)
        self._context.set_alpn_protocols(["h2"])
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(10)

    def _run(self) -> None:
        while True:
            try:
                plain, _ = self._socket.accept()
            except OSError:
                return
            plain.settimeout(10)
            try:
                with self._context.wrap_socket(plain, server_side=True) as secure:
                    self._serve(secure)
            except OSError:
                plain.close()

    def _serve(self, secure: ssl.SSLSocket) -> None:
        config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        connection = h2.connection.H2Connection(config)
        connection.initiate_connection()
        secure.sendall(connection.data_to_send())
        while data := secure.recv(65536):
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    self.headers.append(dict(event.headers))
                if isinstance(event, h2.events.StreamEnded):
                    answer = [(":status", "200"), ("content-type", "application/json")]
                    connection.send_headers(event.stream_id, answer)
                    body = b'{"username": "h2"}'
                    connection.send_data(event.stream_id, body, end_stream=True)
            secure.sendall(connection.data_to_send())


@pytest.fixture
def server(certificate: tuple[Path, Path]) -> Iterator[Http2Server]:
    server = Http2Server(*certificate)
    yield server
    server.close()


@pytest.fixture
def trust(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Make this process trust one certificate."""

    def trusted(cert: Path) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(cert))
        roots._context.cache_clear()

    yield trusted
    roots._context.cache_clear()


def test_http2_carries_the_key(
    connect, server: Http2Server, certificate: tuple[Path, Path], trust: Callable[[Path], None]
) -> None:
    trust(certificate[0])
    with connect(url=server.url, key=KEY) as client:
        assert [client.me(), client.me()] == ["h2", "h2"]
    assert [headers["authorization"] for headers in server.headers] == [f"Bearer {KEY}"] * 2


def test_a_certificate_that_is_not_trusted_is_not_tried_again(
    connect, server: Http2Server, time
) -> None:
    with pytest.raises(HubUnreachable, match="certificate is not trusted"):
        connect(url=server.url, key=KEY).me()

    assert server.headers == []
    assert time.slept == 0


def test_a_root_of_ones_own_is_trusted_for_the_hub(
    connect, server: Http2Server, certificate: tuple[Path, Path]
) -> None:
    with connect(url=server.url, key=KEY, hub_ca=str(certificate[0])) as client:
        assert client.me() == "h2"
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"


def test_a_root_of_ones_own_is_trusted_for_no_other_host(certificate: tuple[Path, Path]) -> None:
    ca = str(certificate[0])
    nas = roots.Roots.of(Settings(hub_url="https://nas:8765", hub_ca=ca))
    assert len(nas.context("nas", http2=True).get_ca_certs()) > 0
    ours = {c["serialNumber"] for c in nas.context("nas", http2=False).get_ca_certs()}
    others = {c["serialNumber"] for c in nas.context("mirror.example", http2=False).get_ca_certs()}
    assert len(ours - others) == 1
    assert roots.Roots.of(Settings(hub_url="https://civitai.com", hub_ca=ca)) == roots.Roots()


def test_pictures_and_files_of_the_hub_come_with_its_own_root(
    certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + bytes(100)
    server = LoopbackServer(lambda _request: Reply(200, {}, picture))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.open()
    url = server.url.replace("http:", "https:")
    trusted = roots.Roots.of(Settings(hub_url=url, hub_ca=str(certificate[0])))
    pictures, distrustful = PictureFetcher(url, roots=trusted), PictureFetcher(url)
    try:
        assert pictures.fetch(f"{url}/a.png", cancel=CancelToken()) == picture
        with pytest.raises(HubUnreachable, match="certificate is not trusted"):
            distrustful.fetch(f"{url}/a.png", cancel=CancelToken())
        with Fetcher(roots=trusted) as fetcher:
            fetched = fetcher.fetch(
                lambda: FetchStart(f"{url}/a.gguf"),
                tmp_path / "a.part",
                Promise("a.gguf"),
                cancel=CancelToken(),
            )
        assert fetched.size == len(picture)
    finally:
        pictures.close()
        distrustful.close()
        server.close()


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_root_that_cannot_be_used_is_named(
    connect, server: Http2Server, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "root.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SettingsError, match=r"hub_ca, .*root\.pem, cannot be used"):
        connect(url=server.url, hub_ca=str(path)).me()
    assert server.headers == []
