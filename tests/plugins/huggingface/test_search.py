"""Searches: what is asked of the Hub, how pages follow each other, and what is left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fakes.huggingface import FakeHuggingFace, Repo, reply
from loradex.domain.content_level import ContentLimit
from loradex.domain.hub_search import HubQuery, SearchPeriod, SearchSort
from loradex.domain.kinds import ModelKind
from loradex.errors import HubBadRequest
from loradex_plugins.huggingface.hub import MOST_RESULTS, HuggingFaceHub

SDXL = "stabilityai/stable-diffusion-xl-base-1.0"
SD15 = "stable-diffusion-v1-5/stable-diffusion-v1-5"


def lora(number: int, base: str = SDXL, **more: object) -> Repo:
    tags = ("lora", f"base_model:{base}", f"base_model:adapter:{base}", "anime")
    values: dict[str, object] = {
        "id": f"maker/lora-{number}",
        "tags": tags,
        "downloads": number,
        "likes": 100 - number,
        "files": {"x.safetensors": b"x"},
    }
    return Repo(**values | more)  # type: ignore[arg-type]


@pytest.fixture
def fake(fake: FakeHuggingFace) -> FakeHuggingFace:
    repos = [lora(number) for number in range(1, 8)]
    repos.append(lora(50, SD15))
    repos.append(lora(60, tags=("lora", "not-for-all-audiences")))
    repos.append(Repo(id="llm/big", tags=(), pipeline_tag="text-generation", downloads=10**6))
    repos.append(Repo(id="maker/base", tags=("diffusers",), downloads=70, likes=3))
    fake.repos = {repo.id: repo for repo in repos}
    return fake


def names(hub: HuggingFaceHub, **query: object) -> list[str]:
    page = hub.search(HubQuery(**query))  # type: ignore[arg-type]
    return [model.name for model in page.models]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, "base lora-50 lora-7 lora-6 lora-5 lora-4 lora-3 lora-2 lora-1"),
        ({"kinds": (ModelKind.LORA,), "bases": ("sd1",)}, "lora-50"),
        ({"kinds": (ModelKind.LORA,), "text": "a-5"}, "lora-50 lora-5"),
        ({"kinds": (ModelKind.LORA,), "tag": "anime", "bases": ("SD 1.5",)}, "lora-50"),
        ({"bases": ("sd1",)}, "lora-50"),
        ({"creator": "llm"}, ""),
        ({"kinds": (ModelKind.HYPERNETWORK,)}, ""),
        ({"bases": ("nonsense",)}, ""),
        ({"text": "base", "sort": SearchSort.LIKED}, "base"),
    ],
)
def test_what_is_found(fake: FakeHuggingFace, hub: HuggingFaceHub, query: dict, found: str) -> None:
    assert names(hub, **query) == found.split()


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        (SearchSort.DOWNLOADED, "lora-50"),
        (SearchSort.LIKED, "lora-1"),
        (SearchSort.RATED, "lora-1"),
    ],
)
def test_orders(fake: FakeHuggingFace, hub: HuggingFaceHub, sort: SearchSort, first: str) -> None:
    query = {"kinds": (ModelKind.LORA,), "bases": ("sdxl", "sd1"), "sort": sort}

    assert names(hub, **query)[0] == first


def test_several_bases_are_one_listing(fake: FakeHuggingFace, hub: HuggingFaceHub) -> None:
    found = names(hub, kinds=(ModelKind.LORA,), bases=("sdxl", "sd1"))

    assert found == ["lora-50", *(f"lora-{n}" for n in range(7, 0, -1))]
    assert {request.path for request in fake.requests} == {"/api/models"}


def test_pages(fake: FakeHuggingFace, hub: HuggingFaceHub) -> None:
    query = HubQuery(kinds=(ModelKind.LORA,), bases=("sdxl",), page_size=3)
    pages = []
    cursor: str | None = None
    for _ in range(10):
        page = hub.search(query, cursor)
        pages.append([model.name for model in page.models])
        cursor = page.cursor
        if cursor is None:
            break

    assert pages == [["lora-7", "lora-6", "lora-5"], ["lora-4", "lora-3", "lora-2"], ["lora-1"]]
    assert [request.value("limit") for request in fake.requests] == ["4", "7", "10"]


def test_pages_follow_the_hubs_own_links(fake: FakeHuggingFace, hub: HuggingFaceHub) -> None:
    fake.page = 2

    assert len(names(hub, kinds=(ModelKind.LORA,), bases=("sdxl",), page_size=5)) == 5
    assert len(fake.requests) == 3


def test_a_search_ends_somewhere(fake: FakeHuggingFace, hub: HuggingFaceHub) -> None:
    query = HubQuery(kinds=(ModelKind.LORA,), page_size=50)

    page = hub.search(query, str(MOST_RESULTS - 10))

    assert (page.models, page.cursor) == ((), None)
    assert fake.requests[0].value("limit") == str(MOST_RESULTS + 1)


@pytest.mark.parametrize(
    ("limit", "shown", "hidden"), [(ContentLimit.SAFE, 0, 1), (ContentLimit.ALL, 1, 0)]
)
def test_what_is_not_for_all_is_hidden(
    fake: FakeHuggingFace, hub: HuggingFaceHub, limit: ContentLimit, shown: int, hidden: int
) -> None:
    page = hub.search(HubQuery(text="lora-60", content_limit=limit))

    assert (len(page.models), page.hidden) == (shown, hidden)


def test_a_period_leaves_older_ones_out(fake: FakeHuggingFace, hub: HuggingFaceHub) -> None:
    today = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    fake.repos["maker/new"] = lora(9, id="maker/new", created_at=today)

    found = names(hub, period=SearchPeriod.WEEK, sort=SearchSort.NEWEST)

    assert found == ["new"]


def test_the_oldest_cannot_be_asked_for(hub: HuggingFaceHub) -> None:
    with pytest.raises(HubBadRequest, match="oldest"):
        hub.search(HubQuery(sort=SearchSort.OLDEST))


def test_results_have_files_without_sizes(fake: FakeHuggingFace, hub: HuggingFaceHub) -> None:
    page = hub.search(HubQuery(text="lora-50"))

    (file,) = page.models[0].versions[0].files
    assert (file.name, file.size_bytes, file.sha256) == ("x.safetensors", None, None)


def test_one_odd_result_does_not_cost_the_others(
    fake: FakeHuggingFace, hub: HuggingFaceHub
) -> None:
    documents = [lora(number).document(siblings=True, blobs=False, card=False) for number in (1, 2)]
    documents[0]["tags"] = [5]
    documents[1]["downloads"] = "many"
    fake.plan.add(reply(documents))

    page = hub.search(HubQuery())

    assert [(model.name, model.downloads) for model in page.models] == [("lora-2", None)]


def test_a_next_page_elsewhere_is_not_asked_for(fake: FakeHuggingFace, hub: HuggingFaceHub) -> None:
    first = reply([lora(1).document(siblings=True, blobs=False, card=False)])
    first.headers["Link"] = '<http://127.0.0.1:9/api/models?cursor=1>; rel="next"'
    fake.plan.add(first)

    assert [model.name for model in hub.search(HubQuery()).models] == ["lora-1"]
    assert len(fake.requests) == 1
