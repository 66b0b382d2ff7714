"""One file, nothing goes wrong; and what may go wrong with what is promised."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.fetching.kit import KEY, NAME, Depot, model_bytes
from loradex.demo.hub_http import Reply
from loradex.domain.hub_source import FetchStart
from loradex.domain.progress import CancelToken
from loradex.errors import DiskFull, DownloadError, HubUnexpectedAnswer
from loradex.formats.hashing import hash_file
from loradex.hub.fetching import Fetcher, NotAsPromised, Promise, discard_part, kept_bytes
from loradex.hub.fetching import part as part_module


def test_a_whole_file(depot: Depot) -> None:
    fetched = depot.fetch()

    assert depot.part.read_bytes() == depot.content
    assert fetched.size == len(depot.content)
    assert fetched.sha256 == depot.sha256
    assert fetched.hashes == hash_file(depot.source)
    assert fetched.server_name == NAME
    assert fetched.resumed_from == 0
    assert not depot.state.exists()
    assert depot.told[0] == (0, None)
    assert depot.told[-1] == (fetched.size, fetched.size)


def test_a_large_file_is_digested_by_threads_to_the_same_end(large: Depot) -> None:
    assert large.fetch().hashes == hash_file(large.source)
    assert large.part.read_bytes() == large.content


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 4096])
def test_small_files(depot: Depot, size: int) -> None:
    depot.source.write_bytes(model_bytes(size))

    assert depot.fetch().hashes == hash_file(depot.source)
    assert depot.part.read_bytes() == depot.content


def test_without_a_digester_there_is_sha256_alone(large: Depot) -> None:
    with Fetcher() as fetcher:
        fetched = fetcher.fetch(large.ask, large.part, large.promise(), cancel=CancelToken())

    assert (fetched.sha256, fetched.hashes) == (large.sha256, None)


def test_the_storage_gets_neither_key_nor_cookies(depot: Depot) -> None:
    depot.fetch()

    [asked] = depot.at_front
    [given] = depot.at_store
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert "range" not in asked.headers
    assert not {"authorization", "cookie", "range"} & set(given.headers)
    assert given.headers["accept-encoding"] == "identity"
    assert given.headers["user-agent"].startswith("loradex/")


def test_a_netrc_is_not_read(depot: Depot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    depot.fetch(ask=lambda: FetchStart(f"{depot.front.url}/f"))

    assert all("authorization" not in r.headers for r in [*depot.at_front, *depot.at_store])


def test_connections_are_kept_between_files(depot: Depot) -> None:
    clients = set()
    take = depot.store.server.process_request

    def count(request, address):
        clients.add(address)
        take(request, address)

    depot.store.server.process_request = count  # type: ignore[method-assign]
    depot.on_store = lambda request: Reply(200, {"Accept-Ranges": "bytes"}, depot.content)
    with Fetcher() as fetcher:
        for number in range(3):
            part = depot.folder / f"{number}.part"
            fetcher.fetch(depot.ask, part, depot.promise(), cancel=CancelToken())

    assert len(clients) == 1


def test_a_chunked_answer(depot: Depot) -> None:
    depot.scenario.chunked = True

    assert depot.fetch().size == len(depot.content)
    assert depot.part.read_bytes() == depot.content


def test_a_large_chunked_answer_is_digested_too(large: Depot) -> None:
    large.scenario.chunked = True

    assert large.fetch().hashes == hash_file(large.source)


def test_another_file_than_promised(depot: Depot) -> None:
    depot.scenario.wrong_bytes = True

    with pytest.raises(NotAsPromised, match=depot.sha256[:10].upper()) as caught:
        depot.fetch()

    assert caught.value.found is not None
    assert caught.value.found.size == len(depot.content)
    assert depot.part.read_bytes() == bytes(len(depot.content))
    assert not depot.state.exists()


@pytest.mark.parametrize("size", [299_999, 300_001])
def test_another_size_than_promised_is_told_at_once(depot: Depot, size: int) -> None:
    with pytest.raises(NotAsPromised, match="300,000") as caught:
        depot.fetch(depot.promise(size_bytes=size, size_exact=True))

    assert caught.value.found is None
    assert not depot.part.exists()


def test_an_untold_size_is_bounded_by_an_exact_promise(depot: Depot) -> None:
    depot.scenario.chunked = True

    with pytest.raises(NotAsPromised, match="more than 1,000 bytes"):
        depot.fetch(depot.promise(size_bytes=1000, size_exact=True))


def test_a_size_that_is_a_hint_may_be_wrong(depot: Depot) -> None:
    assert depot.fetch(depot.promise(size_bytes=1)).size == 300_000


@pytest.mark.parametrize("by_place", [True, False])
def test_an_untrusted_place_without_a_promise_is_not_even_asked(
    depot: Depot, by_place: bool
) -> None:
    start = FetchStart(f"{depot.front.url}/f", sha256_required=by_place)
    promise = Promise(name="x", sha256_required=not by_place)

    with pytest.raises(DownloadError, match="SHA-256 is not known"):
        depot.fetch(promise, ask=lambda: start)

    assert not depot.at_front


def test_a_packed_answer_is_refused(depot: Depot) -> None:
    depot.on_store = lambda _: Reply(200, {"Content-Encoding": "gzip"}, b"\x1f\x8b12345")

    with pytest.raises(HubUnexpectedAnswer, match="packed"):
        depot.fetch()


def test_no_room_is_told_before_anything_is_written(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part_module, "_MARGIN", 1 << 60)

    with pytest.raises(DiskFull, match=r"MiB more are needed"):
        depot.fetch()

    assert not depot.part.exists()


def test_no_room_for_the_rest(depot: Depot, monkeypatch: pytest.MonkeyPatch) -> None:
    depot.leave((0, 100_000))
    monkeypatch.setattr(part_module, "_MARGIN", 1 << 60)

    with pytest.raises(DiskFull):
        depot.fetch()

    assert kept_bytes(depot.part) == 100_000
    assert not depot.at_store


def test_a_full_disk_keeps_what_came(large: Depot, monkeypatch: pytest.MonkeyPatch) -> None:
    write = part_module.os.pwrite
    room = 3_000_000

    def pwrite(descriptor, view, offset):
        if offset + len(view) > room:
            raise OSError(28, "No space left on device")
        return write(descriptor, view, offset)

    monkeypatch.setattr(part_module.os, "pwrite", pwrite)
    with pytest.raises(DiskFull):
        large.fetch()
    kept = kept_bytes(large.part)
    room = 1 << 60

    fetched = large.fetch()

    assert 2_000_000 < kept <= 3_000_000
    assert fetched.resumed_from == kept
    assert fetched.sha256 == large.sha256


def test_only_one_process_is_at_a_part(depot: Depot) -> None:
    place = part_module.Part(depot.part, depot.promise())
    try:
        with pytest.raises(DownloadError, match="by another process"):
            depot.fetch()
    finally:
        place.close()


def test_a_link_in_the_place_of_the_part_is_not_followed(depot: Depot, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    depot.part.symlink_to(victim)

    with pytest.raises(DownloadError):
        depot.fetch()

    assert victim.read_text() == "mine"


def test_discarding(depot: Depot) -> None:
    depot.leave((0, 100))

    discard_part(depot.part)
    discard_part(depot.part)

    assert list(depot.folder.iterdir()) == []
    assert kept_bytes(depot.part) == 0
