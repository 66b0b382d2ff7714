"""The local hub can answer with the samples, and gives the bytes that they describe."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from loradex.demo.hub_failures import failure
from loradex.demo.hub_sample_world import rebuilt, sample_world
from loradex.demo.hub_server import LocalHub

SAMPLES = Path(__file__).parent / "samples"
KEY = "sample-key-0123456789"
SIGNED_IN = {"Authorization": f"Bearer {KEY}"}
SDXL = "403F78B160361A21C8B68045CB859348B86945B512C4914E92DBC7F56AC32A7F"
API = "/api/v1"
Sample = Callable[[str], bytes]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[LocalHub]:
    world = sample_world(SAMPLES, tmp_path, {KEY: "paperlantern"})
    with LocalHub(world, samples=SAMPLES) as hub:
        yield hub


@pytest.fixture
def http(hub: LocalHub) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=hub.url, trust_env=False) as http:
        yield http


RECIPES = json.loads((SAMPLES / "support/fixture-files.json").read_text())["files"]


@pytest.mark.parametrize("recipe", RECIPES, ids=[recipe["key"] for recipe in RECIPES])
def test_the_files_can_be_made_again_byte_for_byte(recipe: dict) -> None:
    data = rebuilt(recipe)

    assert len(data) == recipe["size_bytes"]
    assert hashlib.sha256(data).hexdigest().upper() == recipe["hashes"]["SHA256"]
    assert zlib.crc32(data).to_bytes(4, "little").hex().upper() == recipe["hashes"]["CRC32"]


@pytest.mark.parametrize(
    ("path", "sample_name"),
    [
        ("models", "models-list.cursor-page1"),
        ("models?cursor=40|7027|900202", "models-list.cursor-last"),
        ("models/900101", "model.lora-multi-version"),
        ("models/900202", "model.checkpoint-multi-file"),
        ("models/900303", "model.controlnet-archived"),
        ("model-versions/910102", "model-version.lora-sdxl"),
        ("model-versions/910103", "model-version.early-access"),
        ("model-versions/910401", "model-version.textual-inversion-unscanned"),
        ("model-versions/300123", "model-version.legacy-2023"),
        ("model-versions/mini/910102", "model-version-mini.lora-sdxl"),
        (f"model-versions/by-hash/{SDXL.lower()}", "model-version-by-hash.lora-sdxl"),
        ("model-versions/by-hash/40A3974A2FEE", "model-version-by-hash.lora-sdxl"),
        ("images?modelVersionId=910102&withMeta=true", "images-list"),
        ("creators", "creators-list"),
        ("tags", "tags-list"),
        ("me", "me"),
        ("enums", "enums"),
    ],
)
def test_each_route_gives_its_sample(
    http: httpx.Client, hub: LocalHub, sample: Sample, path: str, sample_name: str
) -> None:
    reply = http.get(f"{API}/{path}", headers=SIGNED_IN)

    wanted = sample(f"{sample_name}.json").decode()
    wanted = wanted.replace("https://image.civitai.com", hub.storage_url)
    assert reply.json() == json.loads(wanted.replace("https://civitai.com", hub.url))


def test_a_batch_gives_what_was_asked_for(http: httpx.Client, sample: Sample) -> None:
    rows = http.post(f"{API}/model-versions/by-hash", json=[SDXL]).json()
    ids = http.post(f"{API}/model-versions/by-hash/ids", json=[SDXL.lower()]).json()

    held = [row for row in rows if row is not None]
    assert None in rows
    assert held
    for row in held:
        assert SDXL in [file["hashes"].get("SHA256") for file in row["files"]]
        assert row["downloadUrl"].startswith("https://undefined/")
    assert [row["modelVersionId"] for row in ids] == [
        row["modelVersionId"]
        for row in json.loads(sample("model-versions-by-hash-ids.json"))
        if row["hash"] == SDXL
    ]
    assert http.post(f"{API}/model-versions/by-hash", json=["0" * 64]).json() == []


def test_how_pictures_were_made_is_told_on_demand(http: httpx.Client) -> None:
    items = http.get(f"{API}/images?modelVersionId=910102").json()["items"]

    assert {item["meta"] for item in items} == {None}


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "model-versions/by-hash/0000000000", "by-hash-unknown"),
        ("GET", "model-versions/999", "version-unknown"),
        ("GET", "models?limit=101", "models-limit-101"),
        ("GET", "models?cursor=5", "models-bad-cursor"),
        ("HEAD", "models", "method-not-allowed"),
        ("GET", "me", "me-anonymous"),
    ],
)
def test_what_the_hub_refuses_stays_refused(
    http: httpx.Client, method: str, path: str, name: str
) -> None:
    reply = http.request(method, f"{API}/{path}")

    assert reply.status_code == failure(name).status
    assert method == "HEAD" or reply.json() == json.loads(failure(name).body)


def test_the_file_that_a_sample_describes_can_be_downloaded(
    http: httpx.Client, hub: LocalHub
) -> None:
    version = http.get(f"{API}/model-versions/910102").json()
    reply = http.get(f"{version['downloadUrl']}?fileId=920102", headers=SIGNED_IN)

    data = http.get(reply.headers["location"]).content

    assert hashlib.sha256(data).hexdigest().upper() == SDXL
    picture = http.get(version["images"][0]["url"])
    assert picture.headers["content-type"] == "image/jpeg"
    assert version["images"][0]["url"].startswith(hub.storage_url)


@pytest.mark.parametrize(
    ("version", "name"), [("910501", "download-disabled"), ("910301", "download-archived")]
)
def test_what_cannot_be_downloaded_says_why(http: httpx.Client, version: str, name: str) -> None:
    reply = http.get(f"/api/download/models/{version}", headers=SIGNED_IN)

    assert (reply.status_code, reply.json()) == (
        failure(name).status,
        json.loads(failure(name).body),
    )


LISTED = (900101, 900202, 900505, 900404)


@pytest.mark.parametrize("number", LISTED)
def test_the_record_of_a_model_says_what_the_list_says(http: httpx.Client, number: int) -> None:
    pages = (http.get(f"{API}/models?{page}") for page in ("limit=2", "cursor=40|7027|900202"))
    listed = {item["id"]: item for page in pages for item in page.json()["items"]}[number]
    record = http.get(f"{API}/models/{number}").json()
    for key in ("name", "type", "tags", "nsfwLevel", "nsfw"):
        assert record[key] == listed[key]
    assert record["creator"]["username"] == listed["creator"]["username"]
    for key in ("id", "name", "baseModel", "nsfwLevel", "publishedAt"):
        values = [[version[key] for version in each["modelVersions"]] for each in (record, listed)]
        assert values[0] == values[1]
    files = [
        [file["id"] for version in each["modelVersions"] for file in version.get("files", ())]
        for each in (record, listed)
    ]
    assert files[0] == files[1]


def test_a_search_finds_samples_page_by_page(http: httpx.Client, sample: Sample) -> None:
    wanted = json.loads(sample("models-list.cursor-last.json"))["items"]
    url = f"{API}/models?query=sketch&limit=1"
    first = http.get(url).json()
    second = http.get(f"{url}&cursor={first['metadata']['nextCursor']}").json()
    assert [first["items"][0]["id"], second["items"][0]["id"]] == [each["id"] for each in wanted]
    assert first["items"][0]["tags"] == wanted[0]["tags"]
    assert "nextCursor" not in second["metadata"]
    assert http.get(f"{API}/models?query=nothing").json()["items"] == []


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ("types=Checkpoint", {900202}),
        ("ids=900404,900101", {900404, 900101}),
        ("tag=city", {900505}),
        ("username=mosskettle", {900202, 900404}),
        ("baseModels=Flux.1 D", {900202, 900505}),
        ("sort=Newest", set(LISTED)),
    ],
)
def test_filters_choose_among_samples(http: httpx.Client, filters: str, found: set[int]) -> None:
    items = http.get(f"{API}/models?limit=100&{filters}").json()["items"]
    assert {item["id"] for item in items} == found
