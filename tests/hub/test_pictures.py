"""Pictures come politely, bounded, as pictures only, and nobody sees a key."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image

from loradex.demo import hub_trouble
from loradex.demo.hub_http import Connection, LoopbackServer, Misbehaviour, Reply, Request
from loradex.demo.hub_server import LocalHub
from loradex.demo.hub_world import World, WorldImage, WorldModel, WorldVersion
from loradex.domain.progress import CancelToken
from loradex.errors import (
    Cancelled,
    HubError,
    HubForbidden,
    HubNotFound,
    HubRateLimited,
    HubUnavailable,
    HubUnexpectedAnswer,
    HubUnreachable,
)
from loradex.hub import pictures
from loradex.hub.client import CivitaiHub
from loradex.hub.pictures import PictureFetcher
from loradex.operations.previews import open_fetcher
from loradex.settings import Secret, Settings

KEY = "key-of-mosskettle-0123456789"
Answer = Callable[[Request], Reply | Misbehaviour]


def png(size: tuple[int, int] = (8, 6)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (200, 120, 40)).save(file, "PNG")
    return file.getvalue()


def picture(_request: Request) -> Reply:
    return Reply(200, {"Content-Type": "image/png"}, png())


@dataclass
class Server:
    """A server whose answer a test may change."""

    answer: Answer = picture
    http: LoopbackServer = field(init=False)

    def __post_init__(self) -> None:
        self.http = LoopbackServer(self._answer)

    def _answer(self, request: Request) -> Reply | Misbehaviour:
        return self.answer(request)

    def link(self, path: str = "/a/b.jpeg") -> str:
        return self.http.url + path


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    server.http.open()
    yield server
    server.http.close()


@pytest.fixture
def other() -> Iterator[Server]:
    server = Server()
    server.http.open()
    yield server
    server.http.close()


@pytest.fixture
def fetcher(server: Server) -> Iterator[PictureFetcher]:
    fetcher = PictureFetcher(server.http.url)
    yield fetcher
    fetcher.close()


def fetch(fetcher: PictureFetcher, url: str) -> bytes:
    return fetcher.fetch(url, cancel=CancelToken())


def test_a_picture_is_fetched_whatever_its_name_says(
    fetcher: PictureFetcher, server: Server
) -> None:
    assert fetch(fetcher, server.link("/x/movie.mp4")) == png()


def test_nobody_sees_the_key_of_the_hub(tmp_path: Path) -> None:
    """Two hosts: the hub, which gets the key, and the server of its pictures, which does not."""
    path = tmp_path / "picture.png"
    path.write_bytes(png())
    version = WorldVersion(id=11, name="v1", images=(WorldImage(id=5, path=str(path)),))
    world = World(
        models=(WorldModel(id=1, name="A", versions=(version,)),), accounts={KEY: "mosskettle"}
    )
    with LocalHub(world) as hub:
        settings = Settings(hub_url=hub.url, hub_token=Secret(KEY))
        with CivitaiHub.from_settings(settings) as client:
            model = client.model(1)
        assert model is not None
        fetcher = open_fetcher(settings)
        assert fetcher is not None
        assert fetch(fetcher, model.versions[0].images[0].url) == png()
        fetcher.close()

        assert hub.requests[0].headers["authorization"] == f"Bearer {KEY}"
        assert len(hub.storage_requests) == 1
        asked = hub.storage_requests[0]
        assert KEY not in f"{asked.path} {asked.query} {asked.headers}"
        assert {"authorization", "cookie", "referer"} & asked.headers.keys() == set()


def test_a_redirect_is_followed_without_what_the_first_server_set(
    fetcher: PictureFetcher, server: Server, other: Server
) -> None:
    cookie = {"Location": other.link(), "Set-Cookie": "session=1; Path=/"}
    server.answer = lambda request: Reply(302, cookie)

    assert fetch(fetcher, server.link()) == png()
    assert fetch(fetcher, server.link()) == png()
    for request in (*server.http.requests, *other.http.requests):
        assert {"authorization", "cookie", "referer"} & request.headers.keys() == set()


@pytest.mark.parametrize(
    "target",
    [
        "http://pictures.example/x.png",
        "http://localhost:1/x.png",
        "ftp://127.0.0.1/x.png",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "https://name:word@pictures.example/x.png",
        "http://[::1",
        "https://xn--a/x.png",
        "https://a..b/x.png",
        f"https://{'a' * 64}.example/x.png",
        "https://pictures.example:99999999999/x.png",
        "//",
        "x" * 100_000,
        "",
    ],
)
def test_where_we_do_not_go(fetcher: PictureFetcher, server: Server, target: str) -> None:
    with pytest.raises(HubError):
        fetch(fetcher, target)
    assert server.http.requests == []

    server.answer = lambda request: (
        picture(request) if request.path == "/end" else hub_trouble.redirect(target)
    )
    with pytest.raises(HubError):
        fetch(fetcher, server.link())


def test_a_public_hubs_links_do_not_lead_to_this_machine(server: Server) -> None:
    public = PictureFetcher("https://civitai.com")
    with pytest.raises(HubUnexpectedAnswer, match="private"):
        fetch(public, server.link())
    assert server.http.requests == []


def test_who_waits_for_another_to_fetch_it_can_be_stopped(fetcher: PictureFetcher) -> None:
    stopped = CancelToken()
    stopped.cancel()
    url = "https://pictures.example/x.png"
    with (
        fetcher.alone(url, cancel=CancelToken()),
        pytest.raises(Cancelled),
        fetcher.alone(url, cancel=stopped),
    ):
        pass
    with fetcher.alone(url, cancel=CancelToken()):
        pass


def test_redirects_in_circles_end(fetcher: PictureFetcher, server: Server) -> None:
    server.answer = lambda request: hub_trouble.redirect("/again")
    with pytest.raises(HubUnexpectedAnswer, match="circles"):
        fetch(fetcher, server.link())
    assert len(server.http.requests) == pictures.MOST_HOPS + 1


@dataclass(frozen=True)
class Endless:
    """A picture that does not end."""

    start: bytes = png()

    def perform(self, connection: Connection) -> None:
        connection.start(200, {"Content-Type": "image/png"})
        connection.wfile.write(self.start)
        try:
            while not connection.server.closing.is_set():
                connection.wfile.write(bytes(65536))
        except OSError:
            return


PACKED = {"Content-Type": "image/png", "Content-Encoding": "gzip"}


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (
            Reply(200, {"Content-Type": "image/png"}, b"<html>no</html>"),
            HubUnexpectedAnswer,
            "no p",
        ),
        (Reply(200, {"Content-Type": "image/png"}, b""), HubUnexpectedAnswer, "no picture"),
        (Reply(200, {"Content-Type": "image/svg+xml"}, b"<svg/>"), HubUnexpectedAnswer, "no pict"),
        (Reply(200, {}, b"RIFF\0\0\0\0AVI LIST"), HubUnexpectedAnswer, "no picture"),
        (Reply(200, {}, b"\0\0\0\x20ftypisom" * 9), HubUnexpectedAnswer, "no picture"),
        (Reply(200, PACKED, png()), HubUnexpectedAnswer, "packed"),
        (Endless(), HubUnexpectedAnswer, "more than 20 MiB"),
        (Endless(b"\0" * 64), HubUnexpectedAnswer, "no picture"),
        (Reply(404, {}), HubNotFound, "404"),
        (Reply(410, {}), HubNotFound, "410"),
        (Reply(403, {}), HubForbidden, "403"),
        (Reply(500, {}), HubUnavailable, "500"),
        (hub_trouble.Reset(), HubUnreachable, "cut|broke"),
        (hub_trouble.CutShort(png()), HubUnreachable, "broke off"),
    ],
)
def test_what_is_no_picture_is_told(
    fetcher: PictureFetcher,
    server: Server,
    answer: Reply | Misbehaviour,
    error: type[HubError],
    said: str,
) -> None:
    server.answer = lambda request: answer
    with pytest.raises(error, match=said):
        fetch(fetcher, server.link())


def test_a_server_that_had_enough_is_left_alone() -> None:
    now = 1000.0
    server = Server(lambda request: hub_trouble.rate_limited("30"))
    server.http.open()
    fetcher = PictureFetcher(server.http.url, clock=lambda: now)
    with pytest.raises(HubRateLimited):
        fetch(fetcher, server.link("/1/x.png"))
    server.answer = picture
    with pytest.raises(HubRateLimited, match="30 s"):
        fetch(fetcher, server.link("/2/x.png"))
    assert len(server.http.requests) == 1

    now += 30.1
    assert fetch(fetcher, server.link("/2/x.png")) == png()
    fetcher.close()
    server.http.close()


def test_a_server_that_is_away_is_not_tried_again_and_again() -> None:
    server = Server()
    server.http.open()
    link = server.link()
    server.http.close()
    fetcher = PictureFetcher(server.http.url)
    for _ in range(pictures.FAILURES_IN_A_ROW):
        with pytest.raises(HubUnreachable):
            fetch(fetcher, link)
    with pytest.raises(HubRateLimited, match="left alone"):
        fetch(fetcher, link)
    fetcher.close()


def test_at_most_two_pictures_come_from_a_server_at_once(
    fetcher: PictureFetcher, server: Server
) -> None:
    inside, most, lock, both = 0, 0, threading.Lock(), threading.Barrier(2)

    def counted(request: Request) -> Reply:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        both.wait(10)  # so that two are inside together
        with lock:
            inside -= 1
        return picture(request)

    server.answer = counted
    threads = [
        threading.Thread(target=fetch, args=(fetcher, server.link(f"/{n}/x.png")), daemon=True)
        for n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert most == pictures.AT_ONCE
    assert len(server.http.requests) == 6


def test_a_person_who_goes_on_is_not_kept_waiting(fetcher: PictureFetcher, server: Server) -> None:
    cancel = CancelToken()

    def slow(_request: Request) -> Misbehaviour:
        cancel.cancel()
        return hub_trouble.Slow(30)

    server.answer = slow
    with pytest.raises(Cancelled):
        fetcher.fetch(server.link(), cancel=cancel)


def test_an_answer_that_drips_ends(
    fetcher: PictureFetcher, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "TOTAL_SECONDS", 0.5)
    server.answer = lambda request: hub_trouble.Dripping(0.05)
    with pytest.raises(HubUnreachable, match="complete"):
        fetch(fetcher, server.link())
    server.answer = picture
    assert fetch(fetcher, server.link()) == png()
