"""`loradex hub get` of what only mirrors have: a process of its own, servers on loopback."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fakes.civarchive import FakeCivArchive, sample_document
from files_kit import lora
from loradex.catalog.catalog import Catalog
from loradex.demo.hub_http import LoopbackServer, Reply, Request
from loradex.paths import Home
from operations.downloads.world import files_below, make_library, sha256

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = (
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        f"-keyout {key} -out {cert} -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run(command.split(), check=True, capture_output=True, timeout=60)
    return cert, key


class Mirrors:
    """A server over TLS; what lies at each path is the test's own affair."""

    def __init__(self, certificate: tuple[Path, Path]) -> None:
        self.replies: dict[str, Callable[[], Reply]] = {}
        self._server = LoopbackServer(self._answer)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._server.open()

    @property
    def url(self) -> str:
        return self._server.url.replace("http:", "https:")

    @property
    def requests(self) -> list[Request]:
        return self._server.requests

    def close(self) -> None:
        self._server.close()

    def _answer(self, request: Request) -> Reply:
        return self.replies.get(request.path, lambda: Reply(404, {}, b""))()


@pytest.fixture
def mirrors(certificate: tuple[Path, Path]) -> Iterator[Mirrors]:
    mirrors = Mirrors(certificate)
    yield mirrors
    mirrors.close()


@pytest.fixture
def models(home: Home, tmp_path: Path) -> Path:
    """The root of the only library, in a home that names CivArchive alone."""
    (home.root / "loradex.toml").write_text('hubs = ["civarchive"]\n')
    with Catalog.open(home) as catalog:
        return make_library(catalog, tmp_path / "models")


@pytest.fixture
def gone(tmp_path: Path) -> Path:
    """A LoRA that only mirrors have."""
    return lora(tmp_path / "gone.safetensors", seed=3)


def archive_of(gone: Path, *urls: str) -> FakeCivArchive:
    document = sample_document()
    entries = [{"source": "other", "url": url, "deletedAt": None} for url in urls]
    document["data"]["version"]["files"][0] |= {
        "name": gone.name,
        "sha256": sha256(gone),
        "sizeKB": gone.stat().st_size / 1024,
        "mirrors": entries,
        "downloadUrl": None,
    }
    return FakeCivArchive(document)


def get(
    archive: FakeCivArchive, gone: Path, certificate: tuple[Path, Path]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(sys.executable, "-m", "loradex", "hub", "get"),
            f"https://civarchive.com/sha256/{sha256(gone)}",
        ],
        env={
            **os.environ,
            "LORADEX_CIVARCHIVE_URL": archive.url,
            "LORADEX_HUB_TOKEN": "a-key-of-civitai",
            "LORADEX_HUB_RETRIES": "0",
            "SSL_CERT_FILE": str(certificate[0]),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_first_mirror_with_the_right_bytes_wins(
    mirrors: Mirrors, gone: Path, models: Path, certificate: tuple[Path, Path]
) -> None:
    right = gone.read_bytes()
    page = b"<!DOCTYPE html><html><title>Gone</title></html>"
    mirrors.replies = {
        "/broken": lambda: Reply(500, {}, b""),
        "/page": lambda: Reply(200, {"Content-Type": "text/html"}, page),
        "/longer": lambda: Reply(200, {}, right + b"more"),
        "/wrong": lambda: Reply(200, {}, right[:-1] + bytes([right[-1] ^ 1])),
        "/right": lambda: Reply(200, {}, right),
        "/later": lambda: Reply(200, {}, right),
    }
    urls = [f"{mirrors.url}/{name}" for name in ("none", *(p[1:] for p in mirrors.replies))]
    with archive_of(gone, *urls) as archive:
        ended = get(archive, gone, certificate)

    assert ended.returncode == 0, ended.stderr
    (place,) = files_below(models)
    assert (models / place).read_bytes() == right
    asked = [request.path for request in mirrors.requests]
    assert asked[-1] == "/right"
    assert list(dict.fromkeys(asked)) == [
        "/none",
        "/broken",
        "/page",
        "/longer",
        "/wrong",
        "/right",
    ]
    assert not any("authorization" in request.headers for request in mirrors.requests)


def test_no_mirror_has_the_right_bytes(
    mirrors: Mirrors, gone: Path, models: Path, certificate: tuple[Path, Path]
) -> None:
    wrong = bytes(gone.stat().st_size)
    mirrors.replies = {"/wrong": lambda: Reply(200, {}, wrong)}
    with archive_of(gone, f"{mirrors.url}/gone", f"{mirrors.url}/wrong") as archive:
        ended = get(archive, gone, certificate)

    assert ended.returncode != 0
    assert "is not the file that was promised" in ended.stderr
    assert all(name.endswith(".wrong") for name in files_below(models))


def test_a_mirror_that_wants_a_key_gets_none(
    mirrors: Mirrors, gone: Path, models: Path, certificate: tuple[Path, Path]
) -> None:
    mirrors.replies = {f"/{n}": lambda: Reply(401, {}, b"") for n in range(2)}
    with archive_of(gone, f"{mirrors.url}/0", f"{mirrors.url}/1") as archive:
        ended = get(archive, gone, certificate)

    assert ended.returncode != 0
    assert "2 places were tried" in ended.stderr
    assert files_below(models) == []
    assert not any("authorization" in request.headers for request in mirrors.requests)
