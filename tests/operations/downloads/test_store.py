"""The queue in the catalog: who may change what, and when."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from catalog_kit import add_library, hashes, look
from loradex.catalog.catalog import Catalog
from loradex.domain.downloads import Download, DownloadState, NewDownload
from loradex.paths import Home

S = DownloadState


def new(library: int, number: int = 1, **more: object) -> NewDownload:
    values: dict[str, object] = {
        "hub": "civitai",
        "model_id": 70,
        "version_id": 7,
        "file_id": number,
        "name": f"file{number}.safetensors",
        "size_bytes": 100,
        "sha256": None,
        "library_id": library,
        "root": b"/models",
        "relative": f"loras/file{number}.safetensors".encode(),
    }
    return NewDownload(**(values | more))  # type: ignore[arg-type]


@pytest.fixture
def library(catalog: Catalog) -> int:
    return add_library(catalog)


def one(catalog: Catalog, library: int) -> int:
    return catalog.downloads.add([new(library)])[0].id


def state(catalog: Catalog, id_: int) -> DownloadState:
    return catalog.downloads.some([id_])[0].state


def into(catalog: Catalog, library: int, wanted: DownloadState) -> int:
    """Add a download and bring it into a state in the way it gets there."""
    id_ = one(catalog, library)
    store = catalog.downloads
    if wanted in (S.RUNNING, S.FAILED, S.ASIDE, S.DONE):
        store.take()
    if wanted is S.FAILED:
        store.fail(id_, "No.", None)
    elif wanted is S.ASIDE:
        store.put_aside(id_, "Wrong.", "Look.")
    elif wanted is S.DONE:
        store.finish(id_, None)
    elif wanted is S.PAUSED:
        store.pause([id_])
    elif wanted is S.CANCELLED:
        store.cancel([id_])
    assert state(catalog, id_) is wanted
    return id_


def test_what_is_added_comes_back_whole(catalog: Catalog, library: int) -> None:
    odd = new(library, name="neon \x00紙\udc80", relative=b"loras/\xff.safetensors", file_id=None)
    (queued,) = catalog.downloads.add([odd])
    (kept,) = catalog.downloads.downloads()
    assert queued.added
    assert kept.path == b"/models/loras/\xff.safetensors"
    assert kept.name == "neon 紙\\udc80"
    assert (kept.state, kept.tries, kept.done_bytes) == (S.QUEUED, 0, 0)


@pytest.mark.parametrize(
    ("more", "again"),
    [
        ({}, True),
        ({"relative": b"other/place.safetensors"}, True),
        ({"file_id": 99, "name": "x.safetensors"}, True),  # to the same place
        ({"file_id": 99, "relative": b"other/place.safetensors"}, False),
        ({"version_id": 8, "relative": b"other/place.safetensors"}, False),
        ({"hub": "other", "relative": b"other/place.safetensors"}, False),
    ],
)
def test_a_file_is_in_the_queue_once(
    catalog: Catalog, library: int, more: dict[str, object], again: bool
) -> None:
    first = one(catalog, library)
    (second,) = catalog.downloads.add([new(library, **more)])
    assert (second.id == first) is again
    assert second.added is not again


@pytest.mark.parametrize("over", [S.DONE, S.CANCELLED, S.ASIDE])
def test_what_is_over_can_be_added_anew(
    catalog: Catalog, library: int, over: DownloadState
) -> None:
    before = into(catalog, library, over)
    (again,) = catalog.downloads.add([new(library)])
    assert again.added
    assert again.id > before


@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        ("pause", {S.QUEUED: S.PAUSED, S.RUNNING: S.PAUSED}),
        ("resume", {S.PAUSED: S.QUEUED}),
        ("retry", {S.FAILED: S.QUEUED, S.ASIDE: S.QUEUED, S.CANCELLED: S.QUEUED}),
        (
            "cancel",
            dict.fromkeys((S.QUEUED, S.RUNNING, S.PAUSED, S.FAILED), S.CANCELLED),
        ),
    ],
)
@pytest.mark.parametrize("before", list(S))
def test_who_may_become_what(
    catalog: Catalog,
    library: int,
    change: str,
    allowed: dict[DownloadState, DownloadState],
    before: DownloadState,
) -> None:
    id_ = into(catalog, library, before)
    changed: list[Download] = getattr(catalog.downloads, change)([id_])
    assert state(catalog, id_) is allowed.get(before, before)
    assert [each.state for each in changed] == ([before] if before in allowed else [])


@pytest.mark.parametrize("before", list(S))
def test_clearing_leaves_what_is_not_over(
    catalog: Catalog, library: int, before: DownloadState
) -> None:
    id_ = into(catalog, library, before)
    gone = bool(catalog.downloads.clear())
    assert gone is (before in (S.DONE, S.CANCELLED))
    assert bool(catalog.downloads.clear([id_])) is (before in (S.FAILED, S.ASIDE))


def test_the_downloader_has_no_say_once_a_person_paused(catalog: Catalog, library: int) -> None:
    id_ = into(catalog, library, S.RUNNING)
    catalog.downloads.pause([id_])
    catalog.downloads.fail(id_, "No.", None)
    catalog.downloads.postpone(id_, 0.0, None, None, tried=True)
    catalog.downloads.finish(id_, None)
    assert state(catalog, id_) is S.PAUSED
    assert catalog.downloads.some([id_])[0].tries == 0


@pytest.mark.parametrize(
    ("before", "lands"),
    [(S.RUNNING, True), (S.PAUSED, True), (S.QUEUED, True), (S.CANCELLED, False)],
)
def test_all_bytes_are_there_when_a_person_pauses_or_cancels(
    catalog: Catalog, library: int, before: DownloadState, lands: bool
) -> None:
    id_ = into(catalog, library, before)
    landing = catalog.downloads.landing(id_, sha256="a" * 64, size=5, relative=b"x.safetensors")
    assert landing is lands
    assert state(catalog, id_) is (S.RUNNING if lands else before)


def test_the_oldest_that_may_begin_is_taken_first(catalog: Catalog, library: int) -> None:
    store = catalog.downloads
    ids = [each.id for each in store.add([new(library, n) for n in range(1, 5)])]
    other = store.add([new(library, 9, hub="other")])[0].id
    store.pause([ids[0]])
    taken = store.take(not_ids=[ids[1]])
    assert taken is not None
    assert taken.id == ids[2]
    store.postpone(ids[2], 4e9, "Later.", None, tried=True)
    taken = store.take(not_hubs=["civitai"])
    assert taken is not None
    assert taken.id == other
    assert store.hold_hub("civitai", 3e9, "Quota.", None) == 3
    assert store.take() is None
    assert [each.not_before for each in store.downloads([S.QUEUED])] == [3e9, 4e9, 3e9]
    assert store.running_no_more() == 1
    assert [each.id for each in store.retry()] == ids[1:]
    again = store.take()
    assert again is not None
    assert (again.id, again.tries, again.error) == (ids[1], 0, None)


def test_two_processes_never_take_the_same(home: Home) -> None:
    with Catalog.open(home) as one_process, Catalog.open(home) as other:
        library = add_library(one_process)
        one_process.downloads.add([new(library, n) for n in range(1, 9)])
        taken = [side.downloads.take() for _ in range(4) for side in (one_process, other)]
    assert len({each.id for each in taken if each is not None}) == 8


def test_a_library_that_is_removed_takes_its_downloads_along(
    catalog: Catalog, library: int
) -> None:
    one(catalog, library)
    catalog.files.remove_library(library)
    assert catalog.downloads.downloads() == []


def test_owned_files_are_found_by_their_bytes(catalog: Catalog, tmp_path: Path) -> None:
    library = add_library(catalog, tmp_path, "mine")
    catalog.looks.record(library, [look("a.safetensors", 1), look("b.safetensors", 2)], "1")
    first, second = catalog.files.to_hash()
    catalog.looks.record_hashes([(first, hashes("a")), (second, hashes("b"))])
    known = catalog.files.known_files(library)
    catalog.files.mark_missing([known[b"b.safetensors"]])
    owned = catalog.downloads.owned(["a" * 64, "b" * 64, "c" * 64])
    assert {sha: each.path for sha, each in owned.items()} == {
        "a" * 64: os.fspath(tmp_path / "a.safetensors")
    }
