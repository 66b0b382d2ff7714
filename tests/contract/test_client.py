"""The client gets the same from both hubs: matches, records, listings, bytes."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from contract.conftest import Side
from loradex.catalog.catalog import Catalog
from loradex.domain.progress import CancelToken, SilentSink
from loradex.errors import HubAuthRequired
from loradex.formats.hashing import hash_file
from loradex.hub.client import CivitaiHub
from loradex.operations.libraries import add_library
from loradex.operations.matching import match
from loradex.settings import Secret
from serving_kit import index

UNKNOWN = hashlib.sha256(b"nobody has this").hexdigest()


def digest(path: Path) -> str:
    return hash_file(path).sha256


def test_ids_by_hash(hub: CivitaiHub, side: Side) -> None:
    wanted = {digest(path): version for version, path in side.files.items()}
    hits = hub.ids_by_hash([*wanted, UNKNOWN])
    assert {(hit.sha256, hit.version_id, hit.model_id) for hit in hits} == {
        (sha256, version, version // 100 * 100) for sha256, version in wanted.items()
    }


def test_versions_by_hash(hub: CivitaiHub, side: Side) -> None:
    found = hub.versions_by_hash([digest(path) for path in side.files.values()] + [UNKNOWN])
    assert sorted(version.id for version in found) == [101, 102, 201]
    version = next(version for version in found if version.id == 102)
    assert (version.model_id, version.name, version.base_model) == (100, "v2", "SDXL 1.0")
    assert version.trained_words == ("ppr lntrn", "<lora:lantern:0.8>", "glow, soft")
    assert version.published_at == "2026-02-11T09:30:00Z"
    assert (version.model_name, version.model_type) == ("Paper Lantern 紙灯り", "LORA")
    assert version.content_level == 1
    # Lists of models do not tell it, so a server that was told by one does not know it.
    assert version.usage_control == (None if version.open_here else "Download")
    assert version.air == "urn:air:sdxl:lora:civitai:100@102"
    (file,) = version.files
    path = side.files[102]
    assert (file.id, file.name, file.type) == (1002, "lantern.safetensors", "Model")
    assert (file.primary, file.format, file.precision) == (True, "SafeTensor", "fp16")
    assert file.size_bytes == path.stat().st_size
    hashes = hash_file(path)
    assert file.hashes == {
        "SHA256": hashes.sha256,
        "AutoV1": hashes.autov1,
        "AutoV2": hashes.autov2,
        "AutoV3": hashes.autov3,
        "CRC32": hashes.crc32,
        "BLAKE3": hashes.blake3,
    }


@pytest.mark.parametrize("kind", ["sha256", "blake3", "crc32", "autov1", "autov2", "autov3"])
def test_a_version_by_any_digest(hub: CivitaiHub, side: Side, kind: str) -> None:
    text = getattr(hash_file(side.files[102]), kind)
    version = hub.version_by_hash(text)
    assert version is not None
    assert version.id == 102


def test_digests_and_numbers_nobody_knows(hub: CivitaiHub) -> None:
    assert hub.version_by_hash(UNKNOWN) is None
    assert hub.versions_by_hash([UNKNOWN]) == []
    assert hub.model(77) is None
    assert hub.models([77]) == []


def test_models(hub: CivitaiHub) -> None:
    lantern, harbour = hub.models([100, 77, 200])
    assert (harbour.id, harbour.name, harbour.creator) == (200, "Harbour Fog", "paperlantern")
    assert (lantern.name, lantern.type) == ("Paper Lantern 紙灯り", "LORA")
    assert lantern.tags == ("style", "lantern")
    assert (lantern.creator, lantern.mode, lantern.content_level) == ("mosskettle", None, 1)
    assert lantern.licence["allowCommercialUse"] == "Image,Rent"
    assert [version.id for version in lantern.versions] == [102, 101]
    assert [version.files[0].id for version in lantern.versions] == [1002, 1001]
    assert "Soft light" in (lantern.description or "")


def test_one_model_is_told_as_in_a_list(hub: CivitaiHub) -> None:
    (listed,) = hub.models([200])
    alone = hub.model(200)
    assert alone is not None
    assert replace(alone, raw="", versions=()) == replace(listed, raw="", versions=())
    assert [replace(v, raw="") for v in alone.versions] == [
        replace(v, raw="") for v in listed.versions
    ]


def test_whose_key_it_is(hub: CivitaiHub, side: Side) -> None:
    assert hub.me() == side.name


def test_a_wrong_key_is_told(side: Side) -> None:
    settings = replace(side.settings, hub_token=Secret("wrong"))
    with CivitaiHub.from_settings(settings) as client, pytest.raises(HubAuthRequired):
        client.me()


def test_a_match_of_a_whole_library(catalog: Catalog, hub: CivitaiHub, side: Side) -> None:
    add_library(catalog, side.files[102].parent)
    index(catalog)
    report = match(catalog, hub, sink=SilentSink(), cancel=CancelToken())
    assert (report.asked, report.matched, report.unknown) == (3, 3, 0)
    (row,) = catalog.search("lantern v2").rows
    assert row.name == "Paper Lantern 紙灯り v2"
    assert row.trigger_words == ("ppr lntrn", "glow, soft")
    assert row.tags == ("lantern", "style")
    assert (row.base, row.kind, row.matched) == ("sdxl", "lora", True)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"query": "LANTERN 紙灯り"}, {100}),
        ({"types": "LORA"}, {100, 200}),
        ({"types": "Checkpoint"}, set()),
        ({"baseModels": "SD 1.5"}, {200}),
        ({"tag": "concept"}, {200}),
        ({"username": "mosskettle"}, {100}),
        ({"ids": "100,77"}, {100}),
        ({"modelVersionIds": "201"}, {200}),
        ({"limit": "0"}, set()),
    ],
)
def test_what_listings_find(side: Side, query: dict[str, str], ids: set[int]) -> None:
    items = _ask(side, "/api/v1/models", query).json()["items"]
    assert {item["id"] for item in items} == ids


def test_listings_are_followed_page_by_page(side: Side) -> None:
    first = _ask(side, "/api/v1/models", {"limit": "1"}).json()
    cursor = first["metadata"]["nextCursor"]
    second = _ask(side, "/api/v1/models", {"limit": "1", "cursor": cursor}).json()
    assert "nextCursor" not in second["metadata"]
    assert {item["id"] for page in (first, second) for item in page["items"]} == {100, 200}


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/api/v1/models", {"limit": "101"}, 400),
        ("/api/v1/models", {"cursor": "x"}, 400),
        ("/api/v1/models", {"ids": "1,x"}, 400),
        ("/api/v1/models", {"username": "nobody"}, 404),
        ("/api/v1/models/x", {}, 400),
        ("/api/v1/models/77", {}, 404),
        ("/api/v1/model-versions/77", {}, 404),
        ("/api/v1/model-versions/by-hash/" + "0" * 64, {}, 404),
        ("/api/download/models/77", {}, 404),
        ("/api/v1/nothing", {}, 404),
    ],
)
def test_refusals(side: Side, path: str, query: dict[str, str], status: int) -> None:
    assert _ask(side, path, query).status_code == status


@pytest.mark.parametrize("asked", [None, "bytes=0-0", "bytes=1000-1999", "bytes=5000-"])
def test_the_bytes_of_a_download(side: Side, asked: str | None) -> None:
    data = side.files[102].read_bytes()
    answer = _download(side, asked)
    if asked is None:
        assert (answer.status_code, answer.content) == (200, data)
        return
    first, _, last = asked.removeprefix("bytes=").partition("-")
    end = int(last) + 1 if last else len(data)
    assert (answer.status_code, answer.content) == (206, data[int(first) : end])
    assert answer.headers["content-range"] == f"bytes {first}-{end - 1}/{len(data)}"


def test_bytes_that_are_not_there(side: Side) -> None:
    assert _download(side, "bytes=999999999-").status_code == 416


def _ask(side: Side, path: str, query: dict[str, str]) -> httpx.Response:
    key = side.settings.hub_token
    assert key is not None
    headers = {"Authorization": f"Bearer {key.reveal()}"}
    url = side.settings.hub_url + path
    return httpx.get(url, params=query, headers=headers, trust_env=False)


def _download(side: Side, asked: str | None) -> httpx.Response:
    """Follow to the storage as clients have to: without the key."""
    headers = {"Range": asked} if asked else {}
    answer = _ask(side, "/api/download/models/102", {"fileId": "1002"})
    if answer.is_redirect:
        return httpx.get(answer.headers["location"], headers=headers, trust_env=False)
    key = side.settings.hub_token
    assert key is not None
    headers["Authorization"] = f"Bearer {key.reveal()}"
    return httpx.get(str(answer.url), headers=headers, trust_env=False)
