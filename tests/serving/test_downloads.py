"""The bytes: whole, in part, again, and never those of a file that is not what was hashed."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest

from files_kit import lora
from loradex.serving.opening import open_content
from loradex.serving.ranges import Span, wanted_span
from loradex.serving.server import HubServer, ServeOptions
from serving_kit import Studio, index, running

LANTERN = "/api/download/models/102?fileId=1020"
ETAG = '"abc"'


def test_a_whole_file(ask: httpx.Client, shared: Studio) -> None:
    answer = ask.get(LANTERN)
    assert answer.status_code == 200
    assert answer.content == shared.lantern.read_bytes()
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["etag"] == f'"{shared.sha256(shared.lantern)}"'
    assert answer.headers["accept-ranges"] == "bytes"
    assert 'filename="hub_name_102.safetensors"' in answer.headers["content-disposition"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 200),
        ("?type=Model&format=SafeTensor", 200),
        ("?format=PickleTensor", 404),
        ("?fileId=1", 404),
        ("?fileId=x", 404),
    ],
)
def test_which_file_is_meant(ask: httpx.Client, shared: Studio, query: str, status: int) -> None:
    answer = ask.get(f"/api/download/models/102{query}")
    assert answer.status_code == status
    if status == 200:
        assert answer.content == shared.lantern.read_bytes()


def test_every_listed_link_gives_the_bytes_it_promises(ask: httpx.Client) -> None:
    for item in ask.get("/api/v1/models").json()["items"]:
        for file in (f for version in item["modelVersions"] for f in version["files"]):
            answer = ask.get(file["downloadUrl"])
            assert answer.headers["etag"].strip('"').upper() == file["hashes"]["SHA256"]


def test_head_gives_the_head_alone(ask: httpx.Client, shared: Studio) -> None:
    answer = ask.head(LANTERN)
    assert answer.status_code == 200
    assert answer.content == b""
    assert answer.headers["content-length"] == str(shared.lantern.stat().st_size)


@pytest.mark.parametrize(
    ("asked", "span"),
    [
        ({}, Span(200, 0, 100)),
        ({"range": "bytes=0-9"}, Span(206, 0, 10)),
        ({"range": "bytes=90-"}, Span(206, 90, 100)),
        ({"range": "bytes=90-1000"}, Span(206, 90, 100)),
        ({"range": "bytes=-10"}, Span(206, 90, 100)),
        ({"range": "bytes=-1000"}, Span(206, 0, 100)),
        ({"range": "bytes=99-99"}, Span(206, 99, 100)),
        ({"range": "bytes=100-"}, Span(416, 0, 0)),
        ({"range": "bytes=100-200"}, Span(416, 0, 0)),
        ({"range": "bytes=-0"}, Span(416, 0, 0)),
        # What is no single range is answered with the whole.
        ({"range": "bytes=9-0"}, Span(200, 0, 100)),
        ({"range": "bytes=0-1,5-6"}, Span(200, 0, 100)),
        ({"range": "bytes=-"}, Span(200, 0, 100)),
        ({"range": "bytes=a-b"}, Span(200, 0, 100)),
        ({"range": "lines=0-9"}, Span(200, 0, 100)),
        ({"range": "bytes=" + "9" * 40 + "-"}, Span(200, 0, 100)),
        ({"range": "bytes=-5-9"}, Span(200, 0, 100)),
        # Going on with a file only when it is the same.
        ({"range": "bytes=5-", "if-range": ETAG}, Span(206, 5, 100)),
        ({"range": "bytes=5-", "if-range": '"other"'}, Span(200, 0, 100)),
        ({"range": "bytes=5-", "if-range": f"W/{ETAG}"}, Span(200, 0, 100)),
        ({"range": "bytes=5-", "if-range": "Mon, 23 Nov 2026 09:00:00 GMT"}, Span(200, 0, 100)),
        ({"if-none-match": ETAG}, Span(304, 0, 0)),
        ({"if-none-match": f'"x", W/{ETAG}'}, Span(304, 0, 0)),
        ({"if-none-match": '"x"'}, Span(200, 0, 100)),
        ({"if-match": '"x"'}, Span(412, 0, 0)),
        ({"if-match": "*"}, Span(200, 0, 100)),
    ],
)
def test_ranges(asked: dict[str, str], span: Span) -> None:
    assert wanted_span(asked, 100, ETAG) == span


@pytest.mark.parametrize(
    ("asked", "status", "span"),
    [
        ("bytes=3-6", 206, slice(3, 7)),
        ("bytes=-4", 206, slice(-4, None)),
        ("bytes=999999999-", 416, None),
        ("bytes=1-2,4-5", 200, slice(None)),
    ],
)
def test_parts_over_http(
    ask: httpx.Client, shared: Studio, asked: str, status: int, span: slice | None
) -> None:
    data = shared.lantern.read_bytes()
    answer = ask.get(LANTERN, headers={"Range": asked})
    assert answer.status_code == status
    if span is None:
        assert answer.headers["content-range"] == f"bytes */{len(data)}"
    else:
        assert answer.content == data[span]
    if status == 206:
        first = range(len(data))[span][0]  # type: ignore[index]
        assert answer.headers["content-range"].startswith(f"bytes {first}-")


def test_a_file_that_is_known_already_is_not_sent_again(ask: httpx.Client, shared: Studio) -> None:
    etag = ask.head(LANTERN).headers["etag"]
    answer = ask.get(LANTERN, headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content) == (304, b"")
    assert ask.get(LANTERN, headers={"If-Match": '"other"'}).status_code == 412


def test_names_that_no_header_can_hold(studio: Studio) -> None:
    odd = lora(studio.own.with_name('紙灯り "x"\\%41;é.safetensors'), seed=9)
    index(studio.catalog)
    with running(studio.catalog) as server:
        version = httpx.get(
            f"{server.url}/api/v1/model-versions/by-hash/{studio.sha256(odd)}", trust_env=False
        ).json()
        answer = httpx.get(version["downloadUrl"], trust_env=False)
    assert answer.content == odd.read_bytes()
    plain, _, encoded = answer.headers["content-disposition"].partition("; filename*=UTF-8''")
    assert plain == 'attachment; filename="_41;_.safetensors"'
    assert unquote(encoded) == "%41;é.safetensors"


def _rewrite(path: Path) -> None:
    lora(path, seed=77)


def _touch(path: Path) -> None:
    os.utime(path, ns=(1, 1))


def _grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"x")


def _replace_by_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _replace_by_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


@pytest.mark.parametrize(
    "change",
    [Path.unlink, _rewrite, _touch, _grow, _replace_by_pipe, _replace_by_folder, _replace_by_link],
)
def test_a_file_that_is_not_what_was_hashed_is_not_sent(studio: Studio, change: object) -> None:
    with running(studio.catalog) as server:
        change(studio.lantern)  # type: ignore[operator]
        answer = httpx.get(server.url + LANTERN, trust_env=False)
    assert answer.status_code == 404
    assert answer.json() == {"error": "File not found"}


def test_a_copy_stands_in(studio: Studio) -> None:
    data = studio.lantern.read_bytes()
    studio.lantern.with_name("copy.safetensors").write_bytes(data)
    index(studio.catalog)
    with running(studio.catalog) as server:
        studio.lantern.unlink()
        assert httpx.get(server.url + LANTERN, trust_env=False).content == data


@pytest.mark.parametrize("path", [b"../outside", b"/etc/passwd", b"a/../../b", b"a\x00b"])
def test_a_path_that_leads_out_of_its_library_is_not_opened(
    shared: Studio, tmp_path: Path, path: bytes
) -> None:
    (tmp_path / "root").mkdir()
    outside = tmp_path / "outside"
    outside.write_bytes(b"secret")
    info = outside.stat()
    (place,) = shared.catalog.served.places(shared.content(shared.own))
    (content,) = [
        item
        for item in shared.catalog.served.contents()
        if item.sha256 == shared.sha256(shared.own)
    ]
    root = os.fsencode(tmp_path / "root")
    wrong = place._replace(root=root, path=path, size=content.size, mtime_ns=info.st_mtime_ns)
    assert open_content(content, [wrong]) is None
    opened = open_content(content, [wrong, place])
    assert opened is not None
    opened.close()


@pytest.fixture
def large(studio: Studio) -> Path:
    """A file of many pieces."""
    path = lora(studio.own.with_name("large.safetensors"), rank=1600, text_width=2048, seed=5)
    index(studio.catalog)
    return path


@pytest.fixture
def stalled(studio: Studio, large: Path) -> Iterator[tuple[HubServer, socket.socket]]:
    """A download that has begun and whose client does not read on."""
    with running(studio.catalog, ServeOptions()) as server:
        url = httpx.URL(server.url)
        version = httpx.get(
            f"{server.url}/api/v1/model-versions/by-hash/{studio.sha256(large)}", trust_env=False
        ).json()
        with socket.socket() as raw:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            raw.settimeout(20)
            raw.connect((url.host, url.port or 0))
            head = f"GET /api/download/models/{version['id']} HTTP/1.1\r\nHost: localhost\r\n\r\n"
            raw.sendall(head.encode())
            assert raw.recv(12) == b"HTTP/1.1 200"
            yield server, raw


def test_a_file_that_changes_on_the_way_is_cut_off(
    stalled: tuple[HubServer, socket.socket], large: Path
) -> None:
    size = large.stat().st_size
    with large.open("r+b") as file:
        file.seek(size - 1)
        file.write(b"\x01")
    got = b"".join(iter(lambda: stalled[1].recv(1 << 20), b""))
    assert 0 < len(got) < size


def test_a_file_that_is_cut_short_on_the_way_is_cut_off(
    stalled: tuple[HubServer, socket.socket], large: Path
) -> None:
    size = large.stat().st_size
    os.truncate(large, size // 2)
    got = b"".join(iter(lambda: stalled[1].recv(1 << 20), b""))
    assert 0 < len(got) < size


def test_a_client_that_leaves_sets_the_file_free(
    stalled: tuple[HubServer, socket.socket], large: Path
) -> None:
    assert large in _open_files()
    stalled[1].close()
    for _ in range(200):
        if large not in _open_files():
            return
        httpx.get(stalled[0].url, trust_env=False)
    raise AssertionError("the file stays open")


def _open_files() -> set[Path]:
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        pytest.skip("needs /proc")
    return {entry.readlink() for entry in folder.iterdir() if entry.is_symlink()}
