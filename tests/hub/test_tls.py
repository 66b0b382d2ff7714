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

from loradex.errors import HubUnreachable
from loradex.hub import exchange

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
        exchange._trusted_roots.cache_clear()

    yield trusted
    exchange._trusted_roots.cache_clear()


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
