"""Files come whole and verified from both hubs, also when the way there breaks in between."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.conftest import Side
from loradex.catalog.catalog import Catalog
from loradex.domain.hub import HubFile
from loradex.domain.hub_source import FetchStart
from loradex.domain.progress import CancelToken, SilentSink
from loradex.errors import Cancelled, HubAuthRequired, HubNotFound
from loradex.hub.client import CivitaiHub
from loradex.hub.fetching import Fetcher, FetchOptions, Promise, SpeedLimit
from loradex.operations.libraries import add_library
from loradex.operations.matching import match
from serving_kit import index


def promise(file: HubFile) -> Promise:
    return Promise(file.name, size_bytes=file.size_bytes, sha256=file.sha256)


def start(side: Side, file: HubFile) -> FetchStart:
    assert file.download_url is not None
    return FetchStart(file.download_url, key=side.settings.hub_token)


def lantern(hub: CivitaiHub) -> HubFile:
    model = hub.model(100)
    assert model is not None
    return model.versions[0].files[0]


@pytest.mark.parametrize("connections", [1, 4])
def test_a_file_is_fetched_and_verified(
    side: Side, hub: CivitaiHub, tmp_path: Path, connections: int
) -> None:
    file, part = lantern(hub), tmp_path / "lantern.part"
    with Fetcher(options=FetchOptions(connections=connections)) as fetcher:
        fetched = fetcher.fetch(
            lambda: start(side, file), part, promise(file), cancel=CancelToken()
        )
    assert fetched.sha256 == file.sha256
    assert fetched.server_name == "lantern.safetensors"
    assert part.read_bytes() == side.files[102].read_bytes()


def test_a_fetch_goes_on_where_it_was_stopped(side: Side, hub: CivitaiHub, tmp_path: Path) -> None:
    file, part = lantern(hub), tmp_path / "lantern.part"
    cancel = CancelToken()

    def stop_early(done: int, _total: int | None) -> None:
        if done:
            cancel.cancel()

    slowly = SpeedLimit(bytes_per_second=512 * 1024)
    with Fetcher(options=FetchOptions(connections=1), speed=slowly) as fetcher:
        with pytest.raises(Cancelled):
            fetcher.fetch(
                lambda: start(side, file), part, promise(file), cancel=cancel, told=stop_early
            )
        slowly.bytes_per_second = None
        fetched = fetcher.fetch(
            lambda: start(side, file), part, promise(file), cancel=CancelToken()
        )
    assert fetched.resumed_from > 0
    assert fetched.sha256 == file.sha256
    assert part.read_bytes() == side.files[102].read_bytes()


def test_a_file_that_is_not_there(side: Side, hub: CivitaiHub, tmp_path: Path) -> None:
    file = lantern(hub)
    wrong = FetchStart(
        (file.download_url or "").replace("/102", "/77"), key=side.settings.hub_token
    )
    with Fetcher() as fetcher, pytest.raises(HubNotFound):
        fetcher.fetch(lambda: wrong, tmp_path / "part", promise(file), cancel=CancelToken())


def test_without_a_key_no_file(side: Side, hub: CivitaiHub, tmp_path: Path) -> None:
    file = lantern(hub)
    assert file.download_url is not None
    keyless = FetchStart(file.download_url)
    with Fetcher() as fetcher, pytest.raises(HubAuthRequired):
        fetcher.fetch(lambda: keyless, tmp_path / "part", promise(file), cancel=CancelToken())


def test_a_part_of_one_library_becomes_another(
    side: Side, hub: CivitaiHub, tmp_path: Path, catalog: Catalog
) -> None:
    """All versions of one model: listed, fetched, scanned, and known by the same numbers."""
    (model,) = hub.models([100])
    folder = tmp_path / "mirror"
    folder.mkdir()
    with Fetcher() as fetcher:
        for file in (file for version in model.versions for file in version.files):
            part = folder / f"{file.name}.part"
            fetcher.fetch(
                lambda file=file: start(side, file),  # type: ignore[misc]
                part,
                promise(file),
                cancel=CancelToken(),
            )
            part.rename(folder / file.name)
    add_library(catalog, folder)
    index(catalog)
    assert match(catalog, hub, sink=SilentSink(), cancel=CancelToken()).matched == 2
    rows = catalog.search("").rows
    assert {row.name for row in rows} == {"Paper Lantern 紙灯り v1", "Paper Lantern 紙灯り v2"}
    assert {Path(row.path).read_bytes() for row in rows} == {
        side.files[number].read_bytes() for number in (101, 102)
    }
