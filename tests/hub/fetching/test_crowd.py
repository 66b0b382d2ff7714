"""Further connections for one file, made to pay on small files."""

from __future__ import annotations

import threading
import time

import pytest

from hub.fetching.kit import Depot
from loradex.demo.hub_file_bytes import FileBytes
from loradex.demo.hub_http import Connection, Misbehaviour, Reply, Request
from loradex.domain.progress import CancelToken
from loradex.errors import NotAModel
from loradex.formats.hashing import hash_file
from loradex.hub.fetching import FetchOptions, crowd

RATE = 24_000_000


@pytest.fixture
def busy(large: Depot, monkeypatch: pytest.MonkeyPatch) -> Depot:
    """A file of 12 MiB that is large, from a storage that gives each connection 24 MB/s."""
    monkeypatch.setattr(crowd, "_WORTH", 1_000_000)
    monkeypatch.setattr(crowd, "_STRETCHES", (256 * 1024, 1024 * 1024))
    monkeypatch.setattr(crowd, "_SETTLE", 0.05)
    large.scenario.per_second = RATE
    return large


class Slow:
    """Sends a healthy answer's bytes in small pieces, and counts who does so at once."""

    def __init__(self, depot: Depot) -> None:
        self.depot = depot
        self.now = 0
        self.most = 0
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Misbehaviour | None:
        return _Piecewise(self, request)

    def __enter__(self) -> None:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.now -= 1


class _Piecewise:
    def __init__(self, slow: Slow, request: Request) -> None:
        self.slow, self.request = slow, request

    def perform(self, connection: Connection) -> None:
        depot = self.slow.depot
        first, _, last = self.request.headers.get("range", "bytes=0-")[6:].partition("-")
        size = depot.source.stat().st_size
        start, end = int(first), int(last or size - 1) + 1
        headers = {
            "Accept-Ranges": "bytes",
            "ETag": '"one"',
            "Content-Length": str(end - start),
            "Content-Range": f"bytes {start}-{end - 1}/{size}",
        }
        status = 206 if "range" in self.request.headers else 200
        connection.close_connection = False
        connection.start(status, headers)
        with self.slow, depot.source.open("rb") as file:
            file.seek(start)
            while start < end:
                block = file.read(min(64 * 1024, end - start))
                connection.wfile.write(block)
                start += len(block)
                time.sleep(len(block) / RATE)


def spans(depot: Depot) -> list[tuple[int, int]]:
    found = []
    for text in depot.ranges():
        first, _, last = (text or "bytes=0-")[6:].partition("-")
        found.append((int(first), int(last or -1)))
    return found


def test_others_join_and_the_file_is_the_same(busy: Depot) -> None:
    slow = Slow(busy)
    busy.on_store = slow.answer

    fetched = busy.fetch()

    assert fetched.hashes == hash_file(busy.source)
    assert busy.part.read_bytes() == busy.content
    # The first is hung up on when the others come, which the server sees a little later.
    assert 2 <= slow.most <= 5
    asked = spans(busy)
    assert len(asked) > 4
    assert all(request.headers["if-range"] == '"one"' for request in busy.at_store[1:])
    assert busy.asked == 1


def test_one_is_enough_where_no_more_are_wanted(busy: Depot) -> None:
    busy.fetcher_options = FetchOptions(connections=1)
    slow = Slow(busy)
    busy.on_store = slow.answer

    busy.fetch()

    assert len(busy.at_store) == 1


def test_one_is_enough_under_a_speed_limit(busy: Depot) -> None:
    busy.scenario.per_second = None
    busy.speed.bytes_per_second = 20_000_000

    busy.fetch(cancel=CancelToken())

    assert len(busy.at_store) == 1


def test_a_server_that_refuses_more_is_left_at_fewer(busy: Depot) -> None:
    slow = Slow(busy)
    refused = []

    def answer(request: Request) -> Reply | Misbehaviour | None:
        if slow.now >= 2:
            refused.append(request)
            return Reply(503, {"Retry-After": "30"})
        return slow.answer(request)

    busy.on_store = answer

    assert busy.fetch().sha256 == busy.sha256
    assert refused
    assert not busy.waits


def test_a_server_without_ranges_gets_one(busy: Depot) -> None:
    busy.scenario.ignore_range = True

    assert busy.fetch().sha256 == busy.sha256
    assert len(busy.at_store) == 1


def test_trouble_of_the_others_is_made_good(busy: Depot) -> None:
    slow = Slow(busy)
    count = iter(range(1000))

    def answer(request: Request) -> Misbehaviour | None:
        if "range" in request.headers and next(count) % 3 == 0:
            return FileBytes(500, {}, busy.source, 0, 0, busy.scenario)
        return slow.answer(request)

    busy.on_store = answer

    assert busy.fetch().sha256 == busy.sha256


def test_a_page_that_one_of_the_others_gets_ends_it(busy: Depot) -> None:
    slow = Slow(busy)

    def answer(request: Request) -> Reply | Misbehaviour | None:
        if "range" in request.headers:
            return Reply(200, {"Content-Type": "text/html"}, b"<html>no</html>")
        return slow.answer(request)

    busy.on_store = answer

    with pytest.raises(NotAModel):
        busy.fetch()

    assert not busy.part.exists()
