"""Who may ask, from where, and how much: what a stranger or a web page tries, and gets."""

from __future__ import annotations

import logging
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from loradex.catalog.catalog import Catalog
from loradex.domain.secret import Secret
from loradex.errors import QueryError, ServeError, ServeExtraMissing, UsageError
from loradex.serving import connection
from loradex.serving.guard import Guard
from loradex.serving.hosts import Hosts
from loradex.serving.keys import Guesses, add_key, remove_key
from loradex.serving.server import HubServer, ServeOptions, open_server
from loradex.serving.workers import THREADS
from serving_kit import Studio, running

ME = "/api/v1/me"
MODELS = "/api/v1/models"


@pytest.fixture(scope="module")
def key(shared: Studio) -> Secret:
    return add_key(shared.catalog, "laptop")


@pytest.fixture(scope="module")
def locked(shared: Studio, key: Secret) -> Iterator[HubServer]:
    with running(shared.catalog, ServeOptions(key_required=True)) as server:
        yield server


def bearer(key: Secret | str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key if isinstance(key, str) else key.reveal()}"}


def get(server: HubServer, path: str, **headers: str) -> httpx.Response:
    return httpx.get(server.url + path, headers=headers, trust_env=False)


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "", "a b", "[::1", "10.0.0.7",
     "127.0.0.2", "user@localhost", "localhost:x", "localhost:123456"],
)  # fmt: skip
def test_other_names_are_not_answered(server: HubServer, host: str) -> None:
    answer = get(server, MODELS, Host=host)
    assert answer.status_code in (400, 421)
    assert "items" not in answer.text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9", "127.0.0.1:1", "[::1]", "localhost."])
def test_our_own_names_are_answered(server: HubServer, host: str) -> None:
    assert get(server, MODELS, Host=host).status_code == 200


def test_a_name_can_be_allowed(shared: Studio) -> None:
    with running(shared.catalog, ServeOptions(allowed_hosts=("NAS.local",))) as server:
        assert get(server, MODELS, Host="nas.local:8765").status_code == 200


def test_off_loopback_the_machines_own_names_and_numbers_are_ours() -> None:
    hosts = Hosts("0.0.0.0")  # noqa: S104 - nothing listens
    assert hosts.is_ours(f"{socket.gethostname()}.local:80", "192.168.1.5")
    assert hosts.is_ours("192.168.1.5:8765", "192.168.1.5")
    assert not hosts.is_ours("192.168.1.6:8765", "192.168.1.5")
    assert not hosts.is_ours("localhost", "192.168.1.5")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
    ],
)
@pytest.mark.parametrize("path", [MODELS, "/api/download/models/102"])
def test_pages_of_others_get_nothing(server: HubServer, headers: dict[str, str], path: str) -> None:
    answer = get(server, path, **headers)
    assert answer.status_code == 403
    assert not any(name.startswith("access-control") for name in answer.headers)


def test_our_own_origin_and_address_bar_may_ask(server: HubServer) -> None:
    assert get(server, MODELS, Origin=server.url).status_code == 200
    assert get(server, MODELS, **{"Sec-Fetch-Site": "none"}).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "FOO"])
def test_other_methods_are_refused(ask: httpx.Client, method: str) -> None:
    answer = ask.request(method, MODELS)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, POST"
    assert ask.post(MODELS).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/models/..%2f..%2fetc%2fpasswd",
        "/api/v1/models/../../../../etc/passwd",
        "/api/download/models/..",
        "/api/download/models/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/api/download/models/102/../../../etc/passwd",
        "/api/download/models/102%00",
        "/api/download/models/-1",
        "/api/download/models/0",
        "/api/download/models/99999999999",
        "/api/download/models/1e2",
        "/api/download/models/１０２",
        "/api/v1/model-versions/by-hash/..%2f..%2f",
        "/api/v1/model-versions/by-hash/'%20OR%201=1",
        "/pictures/open/102/..%2f1.jpg",
        "/pictures/open/102/7.jpg",
        "/pictures/open/102/1.png",
        "/static/../pyproject.toml",
        "//etc/passwd",
        "/",
    ],
)
def test_no_path_leads_to_a_file(server: HubServer, path: str) -> None:
    """Sent as it stands: a client library would tidy it up."""
    with socket.create_connection(_address(server), timeout=10) as raw:
        line = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        raw.sendall(line.encode())
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    assert answer.split()[1] in (b"200",) if path == "/" else (b"400", b"404")
    assert b"root:" not in answer and b"[project]" not in answer


@pytest.mark.parametrize("query", ["token=abc", "TOKEN=abc", "a=1&token="])
def test_keys_in_addresses_are_refused(server: HubServer, query: str) -> None:
    assert get(server, f"{MODELS}?{query}").status_code == 400


def test_without_a_wanted_key_a_wrong_one_counts_as_none(server: HubServer, key: Secret) -> None:
    assert get(server, MODELS, **bearer("a key of another hub")).status_code == 200
    assert get(server, ME).status_code == 401
    assert get(server, ME, **bearer("a key of another hub")).status_code == 401
    assert get(server, ME, **bearer(key)).json()["username"] == "laptop"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic bGFwdG9wOg=="},
        {"Authorization": "Bearer ldx_wrong"},
        {"Cookie": "token=x"},
        {"X-Api-Key": "x"},
    ],
)
@pytest.mark.parametrize("path", ["/", MODELS, ME, "/api/download/models/102", "/nowhere"])
def test_where_a_key_is_wanted_nothing_is_told_without(
    shared: Studio, locked: HubServer, headers: dict[str, str], path: str
) -> None:
    _calm(locked)
    answer = get(locked, path, **headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["error"] == "Unauthorized"


def test_with_its_key_all_is_told(locked: HubServer, key: Secret) -> None:
    _calm(locked)
    assert get(locked, MODELS, **bearer(key)).status_code == 200
    assert get(locked, ME, Authorization=f"bearer  {key.reveal()}").status_code == 200


def test_a_removed_key_is_refused_at_once(studio: Studio) -> None:
    key = add_key(studio.catalog, "old")
    with running(studio.catalog, ServeOptions(key_required=True)) as server:
        assert get(server, MODELS, **bearer(key)).status_code == 200
        remove_key(studio.catalog, "old")
        assert get(server, MODELS, **bearer(key)).status_code == 401


def test_the_use_of_a_key_is_noted(studio: Studio) -> None:
    key = add_key(studio.catalog, "laptop")
    with running(studio.catalog, ServeOptions(key_required=True)) as server:
        get(server, MODELS, **bearer(key))
    (kept,) = studio.catalog.serving.keys()
    assert kept.used_at is not None


def test_keys_are_kept_hashed_and_never_shown_again(catalog: Catalog) -> None:
    key = add_key(catalog, "  lap   top ")
    (kept,) = catalog.serving.keys()
    assert kept.name == "lap top"
    assert key.reveal() not in repr(kept)
    assert key.reveal().encode() not in catalog.home.catalog.read_bytes()
    assert repr(key) == "Secret('…')"
    assert len(key.reveal()) > 40
    with pytest.raises(UsageError, match="already"):
        add_key(catalog, "lap top")
    with pytest.raises(UsageError, match="no key named"):
        remove_key(catalog, "other")


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\x1b[31m", "a\u202eb"])
def test_names_of_keys_are_checked(catalog: Catalog, name: str) -> None:
    with pytest.raises(UsageError):
        add_key(catalog, name)


def test_who_guesses_has_to_wait(locked: HubServer, key: Secret) -> None:
    _calm(locked)
    for _ in range(Guesses.ALLOWED):
        assert get(locked, MODELS, **bearer("wrong")).status_code == 401
    answer = get(locked, MODELS, **bearer("wrong"))
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert get(locked, MODELS).status_code == 401  # none at all is no guess
    assert get(locked, MODELS, **bearer(key)).status_code == 200  # nobody is locked out
    _calm(locked)


def test_threads_that_ask_the_catalog_are_few_and_stay(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each keeps a connection to the database: a new one a request would use up all files."""
    with running(studio.catalog) as server:
        names: set[str] = set()
        found = studio.catalog.served.places
        monkeypatch.setattr(
            studio.catalog.served,
            "places",
            lambda id_: names.add(threading.current_thread().name) or found(id_),
        )
        for _ in range(THREADS * 3):
            get(server, "/api/v1/model-versions/102")
            get(server, "/api/download/models/102")
    assert 0 < len(names) <= THREADS
    assert all(name.startswith("loradex-serve") for name in names)


def test_guesses_are_forgotten_in_time_and_bounded() -> None:
    now = [0.0]
    guesses = Guesses(lambda: now[0])
    for _ in range(Guesses.ALLOWED):
        guesses.note("10.0.0.1")
    assert guesses.wait("10.0.0.1") == Guesses.SECONDS
    assert guesses.wait("10.0.0.2") == 0
    now[0] = Guesses.SECONDS
    assert guesses.wait("10.0.0.1") == 0
    for number in range(Guesses.ADDRESSES * 2):
        guesses.note(str(number))
    assert len(guesses._wrong) == Guesses.ADDRESSES


def test_pictures_come_without_a_key_by_their_ticket_alone(locked: HubServer, key: Secret) -> None:
    """Clients send their key to no picture server, so the address itself has to let them in."""
    _calm(locked)
    version = get(locked, "/api/v1/model-versions/102", **bearer(key)).json()
    url = version["images"][0]["url"]
    assert httpx.get(url, trust_env=False).status_code == 200
    assert httpx.get(url.replace("/102/", "/103/"), trust_env=False).status_code == 403
    for ticket in ("open", "0" * 32, "%C3%BC"):
        wrong = "/".join([*url.split("/")[:4], ticket, *url.split("/")[5:]])
        assert httpx.get(wrong, trust_env=False).status_code == 403


def test_a_body_that_is_too_large_is_refused(ask: httpx.Client) -> None:
    answer = ask.post("/api/v1/model-versions/by-hash/ids", content=b" " * (1024 * 1024 + 1))
    assert answer.status_code == 413


def test_a_head_that_does_not_end_is_cut_off(server: HubServer) -> None:
    with socket.create_connection(_address(server), timeout=20) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        assert _ends(raw, drip=b"X-Long: " + b"x" * 20_000 + b"\r\n")


@pytest.mark.parametrize("sent", [b"", b"GET /api/v1/models HT", b"GET / HTTP/1.1\r\nHost: lo"])
def test_who_never_finishes_a_request_is_cut_off(
    shared: Studio, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(connection, "REQUEST_SECONDS", 0.2)
    with (
        running(shared.catalog) as server,
        socket.create_connection(_address(server), timeout=20) as raw,
    ):
        raw.sendall(sent)
        assert _ends(raw)


def test_dripping_between_two_requests_is_cut_off(
    shared: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "REQUEST_SECONDS", 0.5)
    with (
        running(shared.catalog) as server,
        socket.create_connection(_address(server), timeout=20) as raw,
    ):
        raw.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert raw.recv(65536).startswith(b"HTTP/1.1 200")
        raw.sendall(b"GET / HTTP/1.1\r\n")
        assert _ends(raw, drip=b"X-Drip: drop\r\n")


def _ends(raw: socket.socket, drip: bytes = b"") -> bool:
    """Tell whether the server ends the connection, however much drips into it."""
    raw.settimeout(0.1)
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            if drip:
                raw.sendall(drip)
            if raw.recv(65536) == b"":
                return True
        except TimeoutError:
            continue
        except OSError:
            return True
    return False


def test_answers_do_not_wait_for_the_clients_acknowledgement(
    server: HubServer, ask: httpx.Client
) -> None:
    ask.get("/")
    connections = list(server._server.server_state.connections)
    assert connections
    for each in connections:
        accepted = each.transport.get_extra_info("socket")
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_answers_say_nothing_of_the_server_and_are_no_pages(ask: httpx.Client) -> None:
    for path in ("/", MODELS, "/nowhere"):
        headers = ask.get(path).headers
        assert "server" not in headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["cache-control"] == "private, no-cache"


def test_a_fault_of_ours_is_one_sentence(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with running(studio.catalog) as server:
        monkeypatch.setattr(
            "loradex.serving.endpoints.Endpoints._documents",
            lambda *_: (_ for _ in ()).throw(RuntimeError("secret detail")),
        )
        answer = get(server, MODELS)
    assert answer.status_code == 500
    assert answer.json()["error"] == "Internal Server Error"
    assert "secret detail" not in answer.text
    assert "secret detail" in caplog.text


def test_a_catalog_that_cannot_be_read_is_told_as_busy(studio: Studio) -> None:
    with running(studio.catalog) as server:
        studio.catalog.home.catalog.write_bytes(b"no database " * 1000)
        answer = get(server, "/api/download/models/102")
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "5"
        assert "catalog.db" not in answer.text


def test_the_log_has_neither_queries_nor_keys_nor_tickets(
    locked: HubServer, key: Secret, caplog: pytest.LogCaptureFixture
) -> None:
    _calm(locked)
    caplog.set_level(logging.DEBUG, "loradex.serving")
    get(locked, f"{MODELS}?query=what+I+look+for", **bearer(key))
    version = get(locked, "/api/v1/model-versions/102", **bearer(key)).json()
    url = version["images"][0]["url"]
    httpx.get(url, trust_env=False)
    get(locked, f"{MODELS}?token={key.reveal()}")
    get(locked, "/%1b]0;owned%07")
    logged = "\n".join(r.getMessage() for r in caplog.records if "serving" in r.name)
    assert f"laptop GET {MODELS} 200" in logged
    for secret in (key.reveal(), "look for", url.split("/")[4], "\x1b"):
        assert secret not in logged


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        (ServeOptions(host="0.0.0.0"), UsageError, "needs a key"),  # noqa: S104 - refused
        (ServeOptions(host="::"), UsageError, "needs a key"),
        (ServeOptions(key_required=True), UsageError, "needs a key"),
        (ServeOptions(allowed_hosts=("http://nas",)), UsageError, "no host name"),
        (ServeOptions(allowed_hosts=("nas:80",)), UsageError, "no host name"),
        (ServeOptions(certificate_key=Path("k")), UsageError, "certificate"),
        (ServeOptions(certificate=Path("nowhere.pem")), ServeError, "nowhere.pem"),
        (ServeOptions(query="kind:lroa"), QueryError, "kind"),
        (ServeOptions(host="no.such.name.invalid", key_required=False), UsageError, "key"),
    ],
)
def test_it_does_not_start(
    catalog: Catalog, options: ServeOptions, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said), open_server(catalog, options):
        pass


def test_a_port_that_is_taken_is_told(catalog: Catalog, server: HubServer) -> None:
    taken = ServeOptions(port=_address(server)[1])
    with pytest.raises(ServeError, match="Cannot listen"), open_server(catalog, taken):
        pass


def test_without_the_extra_it_says_what_to_install(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ServeExtraMissing) as caught, open_server(catalog, ServeOptions()):
        pass
    assert caught.value.hint == "Install the extra: pip install 'loradex[serve]'"


def test_a_key_with_a_passphrase_is_refused_at_once(
    shared: Studio, certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    cert, its_key = certificate
    locked = tmp_path / "locked.pem"
    command = f"openssl pkey -in {its_key} -aes256 -passout pass:1234 -out {locked}"
    subprocess.run(command.split(), check=True, capture_output=True, timeout=60)
    both = tmp_path / "both.pem"
    both.write_bytes(cert.read_bytes() + locked.read_bytes())
    for options in (
        ServeOptions(certificate=cert, certificate_key=locked),
        ServeOptions(certificate=both),
    ):
        with (
            pytest.raises(ServeError, match="wants a passphrase") as caught,
            open_server(shared.catalog, options),
        ):
            pass
        assert "openssl pkey" in (caught.value.hint or "")


def test_over_https(shared: Studio, certificate: tuple[Path, Path]) -> None:
    cert, its_key = certificate
    options = ServeOptions(certificate=cert, certificate_key=its_key)
    with running(shared.catalog, options) as server:
        assert server.url.startswith("https://")
        trusted = ssl.create_default_context(cafile=cert)
        answer = httpx.get(server.url + "/api/v1/model-versions/102", verify=trusted)
        assert answer.json()["downloadUrl"].startswith(server.url)


def _address(server: HubServer) -> tuple[str, int]:
    url = httpx.URL(server.url)
    return url.host, url.port or 0


def _calm(server: HubServer) -> None:
    """Forget the wrong keys of earlier tests."""
    guard = server._server.config.app._guard  # type: ignore[union-attr]
    assert isinstance(guard, Guard)
    guard._guesses._wrong.clear()
