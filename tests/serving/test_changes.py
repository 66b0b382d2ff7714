"""The catalog lives on while it is served, and only the part that was asked for is given."""

from __future__ import annotations

import io
from dataclasses import replace

import httpx
import pytest
from PIL import Image

from files_kit import lora
from loradex.domain.content_level import ContentLimit
from loradex.domain.hub import HubImage
from loradex.domain.hub_names import base_from_hub, kind_from_hub
from loradex.domain.kinds import BaseModel, ModelKind
from loradex.operations.previews import PREVIEW_WIDTH, finding
from loradex.operations.previews.shelf import PreviewShelf
from loradex.serving import current
from loradex.serving.hub_words import base_name, format_name, pickle_scan, type_name
from loradex.serving.numbers import FIRST, LAST, own_numbers
from loradex.serving.server import HubServer, ServeOptions
from serving_kit import Studio, index, running, told_version


def names(server: HubServer) -> set[str]:
    answer = httpx.get(f"{server.url}/api/v1/models?nsfw=true", trust_env=False)
    return {item["name"] for item in answer.json()["items"]}


@pytest.fixture(autouse=True)
def _look_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current, "REST", 0.0)
    monkeypatch.setattr(current, "REST_FACTOR", 0.0)


def test_what_a_scan_finds_is_served_at_once_and_what_is_gone_is_not(studio: Studio) -> None:
    with running(studio.catalog) as server:
        assert names(server) == {"Model 100", "my_style"}
        lora(studio.own.with_name("fresh.safetensors"), seed=8)
        studio.own.unlink()
        index(studio.catalog)
        assert names(server) == {"Model 100", "fresh"}


def test_a_library_that_is_away_is_not_served(studio: Studio) -> None:
    with running(studio.catalog) as server:
        root = studio.own.parent.parent
        root.rename(root.with_name("elsewhere"))
        index(studio.catalog)
        assert names(server) == set()


def test_only_the_part_that_was_asked_for(studio: Studio) -> None:
    with running(studio.catalog, ServeOptions(query="base:sd1")) as server:
        assert names(server) == {"my_style"}
        digest = studio.sha256(studio.lantern)
        url = f"{server.url}/api/v1/model-versions/by-hash/{digest}"
        assert httpx.get(url, trust_env=False).status_code == 404


@pytest.mark.parametrize(
    ("limit", "shown", "hidden"),
    [
        (ContentLimit.PG, {"Model 100", "my_style"}, 1),
        (ContentLimit.ALL, {"Model 100", "my_style", "Model 400"}, 0),
    ],
)
def test_the_content_limit(
    studio: Studio, limit: ContentLimit, shown: set[str], hidden: int
) -> None:
    with running(studio.catalog, ServeOptions(limit=limit)) as server:
        assert names(server) == shown
        assert server.shelf.hidden == hidden


def test_mature_models_need_to_be_asked_for(studio: Studio) -> None:
    with running(studio.catalog, ServeOptions(limit=ContentLimit.ALL)) as server:
        answer = httpx.get(f"{server.url}/api/v1/models", trust_env=False)
    assert {item["name"] for item in answer.json()["items"]} == {"Model 100", "my_style"}


def test_pictures_leave_small_and_without_what_is_written_in_them(studio: Studio) -> None:
    with running(studio.catalog) as server:
        version = httpx.get(f"{server.url}/api/v1/model-versions/102", trust_env=False).json()
        (shown,) = version["images"]
        assert shown["nsfwLevel"] == 1
        answer = httpx.get(shown["url"], trust_env=False)
        (item,) = httpx.get(
            f"{server.url}/api/v1/images?modelVersionId=102", trust_env=False
        ).json()["items"]
    assert item["url"] == shown["url"]
    assert answer.headers["content-type"] == "image/jpeg"
    assert b"what I asked for" not in answer.content
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert picture.width == 800
        assert picture.info.get("parameters") is None


def test_pictures_of_the_hub_come_from_the_preview_cache(studio: Studio) -> None:
    link = "https://image.example/lantern/7001.jpeg"
    told = told_version(102, 100, studio.sha256(studio.lantern), 1)
    pictures = [
        HubImage(7001, link, "image", 1, 512, 512, None),
        HubImage(7002, "https://image.example/grown/7002.jpeg", "image", 16, 512, 512, None),
        HubImage(7003, "https://image.example/never/7003.jpeg", "image", 1, 512, 512, None),
    ]
    studio.catalog.hub.record_versions("civitai", [replace(told, images=tuple(pictures))])
    shelf = PreviewShelf(studio.catalog.home)
    for picture in pictures[:2]:
        shelf.put(finding._name(picture.url, PREVIEW_WIDTH), ".jpg", b"\xff\xd8\xff small")
    with running(studio.catalog) as server:
        version = httpx.get(f"{server.url}/api/v1/model-versions/102", trust_env=False).json()
        urls = [image["url"] for image in version["images"]]
        assert urls[0] == f"{server.url}/pictures/open/102/7001.jpg"
        assert len(urls) == 2  # the one in the cache, and the one beside the file
        answer = httpx.get(urls[0], trust_env=False)
        above = httpx.get(urls[0].replace("/7001.", "/7002."), trust_env=False)
    assert answer.content == b"\xff\xd8\xff small"
    assert answer.headers["content-type"] == "image/jpeg"
    assert above.status_code == 404


def test_pictures_nobody_rated_need_the_widest_limit(studio: Studio) -> None:
    digest = studio.sha256(studio.own)
    for limit, count in ((ContentLimit.X, 0), (ContentLimit.ALL, 1)):
        with running(studio.catalog, ServeOptions(limit=limit)) as server:
            url = f"{server.url}/api/v1/model-versions/by-hash/{digest}"
            assert len(httpx.get(url, trust_env=False).json()["images"]) == count


def test_a_link_beside_a_model_is_no_picture_of_it(studio: Studio) -> None:
    beside = studio.lantern.with_name("lantern.preview.png")
    beside.rename(studio.lantern.parent.parent / "other.png")
    beside.symlink_to(studio.lantern.parent.parent / "other.png")
    with running(studio.catalog) as server:
        version = httpx.get(f"{server.url}/api/v1/model-versions/102", trust_env=False).json()
    assert version["images"] == []


def test_numbers_of_our_own_are_the_same_everywhere_and_never_change() -> None:
    few = [(number, f"{number}" * 64) for number in (5, 9)]
    numbers = own_numbers(few, taken=())
    assert all(FIRST <= number <= LAST for number in numbers.values())
    assert own_numbers([*few, (12, "f" * 64)], taken=())[9] == numbers[9]
    assert own_numbers(reversed(few), taken=()) == numbers


def test_numbers_that_meet_part_again() -> None:
    alike = [(1, "a" * 64), (2, "a" * 16 + "b" * 48), (3, "a" * 16 + "c" * 48)]
    numbers = own_numbers(alike, taken=())
    assert len(set(numbers.values())) == 3
    assert numbers[1] == own_numbers(alike[:1], taken=())[1]
    assert own_numbers(alike[:1], taken={numbers[1]})[1] != numbers[1]


@pytest.mark.parametrize("base", BaseModel)
def test_bases_are_told_so_that_they_are_understood_or_plainly(base: BaseModel) -> None:
    told = base_name(base.value, None)
    assert base_from_hub(told) in (None, (base, None))
    assert told == base.label or base_from_hub(told) is not None


@pytest.mark.parametrize("family", ["pony", "illustrious", "noobai"])
def test_families_of_sdxl_are_told(family: str) -> None:
    assert base_from_hub(base_name("sdxl", family)) == (BaseModel.SDXL, family)


@pytest.mark.parametrize("kind", ModelKind)
def test_kinds_are_told_so_that_they_are_understood_or_as_other(kind: ModelKind) -> None:
    told = type_name(kind.value)
    assert told == "Other" or kind_from_hub(told) in (kind, ModelKind.CONTROLNET)


def test_words_that_nobody_knows() -> None:
    assert base_name(None, None) == base_name("odd", "odd") == "Other"
    assert type_name("odd") == "Other"
    assert format_name("odd") == format_name("unknown") == "Other"
    assert [pickle_scan(w) for w in ("safe", "dangerous", "broken", "unscanned", None, "odd")] == [
        "Success", "Danger", "Error", "Pending", "Pending", "Pending"
    ]  # fmt: skip
