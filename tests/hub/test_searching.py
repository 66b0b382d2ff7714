"""Search: what is asked for, what of the answer is shown, and where the next page begins."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from loradex.demo.hub_server import LocalHub
from loradex.demo.hub_trouble import text_as_json
from loradex.domain.content_level import ContentLimit
from loradex.domain.hub_search import HubPage, HubQuery, SearchPeriod, SearchSort
from loradex.domain.hub_source import HubSearch
from loradex.domain.kinds import ModelKind
from loradex.errors import HubBadRequest, HubNotFound
from loradex.hub.client import CivitaiHub

ALL = ContentLimit.ALL


def ids(page: HubPage) -> list[int]:
    return [model.id for model in page.models]


def test_the_client_is_able_to_search(client: CivitaiHub) -> None:
    assert isinstance(client, HubSearch)


FOUND = {
    "everything that is safe": (HubQuery(), [200, 100]),
    "text": (HubQuery(text="lantern"), [100]),
    "a kind": (HubQuery(kinds=(ModelKind.CHECKPOINT,)), [200]),
    "kinds": (HubQuery(kinds=(ModelKind.LORA, ModelKind.CHECKPOINT)), [200, 100]),
    "a base": (HubQuery(bases=("sdxl",)), [100]),
    "a base of nothing here": (HubQuery(bases=("flux1",)), []),
    "the hub's own name for a base": (HubQuery(bases=("sd 1.5",)), [200, 100]),
    "a tag": (HubQuery(tag="Lantern"), [100]),
    "a creator": (HubQuery(creator="mosskettle"), [100]),
    "by rating": (HubQuery(sort=SearchSort.RATED), [100, 200]),
    "all levels": (HubQuery(content_limit=ALL), [200, 100, 400]),
    "a word in spaces": (HubQuery(text="  fog "), [200]),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_is_found(client: CivitaiHub, name: str) -> None:
    query, found = FOUND[name]

    assert ids(client.search(query)) == found


def test_the_hub_is_asked_in_its_own_words(client: CivitaiHub, hub: LocalHub) -> None:
    client.search(
        HubQuery(
            text="fog",
            kinds=(ModelKind.LORA, ModelKind.EMBEDDING),
            bases=("pony", "sd2", "Nano Banana", "pony"),
            tag="style",
            creator="mosskettle",
            sort=SearchSort.NEWEST,
            period=SearchPeriod.MONTH,
            page_size=7,
        ),
        "40",
    )

    [request] = hub.requests
    assert request.path == "/api/v1/models"
    assert sorted(request.query) == sorted(
        [("types", name) for name in ("LORA", "LoCon", "DoRA", "TextualInversion")]
        + [
            ("baseModels", name)
            for name in (
                "Pony", "SD 2.0", "SD 2.0 768", "SD 2.1", "SD 2.1 768", "SD 2.1 Unclip",
                "Nano Banana",
            )
        ]
        + [
            ("query", "fog"),
            ("tag", "style"),
            ("username", "mosskettle"),
            ("sort", "Newest"),
            ("period", "Month"),
            ("limit", "7"),
            ("nsfw", "true"),
            ("cursor", "40"),
        ]
    )  # fmt: skip


@pytest.mark.parametrize(("size", "limit"), [(-1, "1"), (0, "1"), (100, "100"), (5_000, "100")])
def test_pages_have_a_size_that_the_hub_takes(
    client: CivitaiHub, hub: LocalHub, size: int, limit: str
) -> None:
    client.search(HubQuery(page_size=size))

    assert hub.requests[0].value("limit") == limit


def test_a_kind_that_the_hub_does_not_have_is_not_a_search_among_all(
    client: CivitaiHub, hub: LocalHub
) -> None:
    assert client.search(HubQuery(kinds=(ModelKind.IP_ADAPTER,))) == HubPage((), None)
    assert hub.requests == []


def test_pages_follow_each_other(client: CivitaiHub) -> None:
    query = HubQuery(content_limit=ALL, page_size=1)
    found, cursor, pages = [], None, 0
    while pages == 0 or cursor is not None:
        page = client.search(query, cursor)
        found += ids(page)
        cursor, pages = page.cursor, pages + 1

    assert found == [200, 100, 400]
    assert pages == 3


@pytest.mark.parametrize(
    ("cursor", "next_cursor"),
    [
        ("40|7|9", "40|7|9"),
        (20, "20"),
        ("asked", None),
        ("", None),
        (None, None),
        (True, None),
        (["x"], None),
        ("x" * 501, None),
    ],
)
def test_a_cursor_that_leads_nowhere_ends_it(
    client: CivitaiHub, hub: LocalHub, cursor: object, next_cursor: str | None
) -> None:
    answer = {"items": [{"id": 1, "nsfwLevel": 1}], "metadata": {"nextCursor": cursor}}
    hub.trouble(text_as_json(json.dumps(answer).encode()))

    page = client.search(HubQuery(), "asked")

    assert (ids(page), page.cursor) == ([1], next_cursor)


@pytest.mark.parametrize("metadata", [None, [], "text", {}])
def test_without_metadata_it_is_the_last_page(
    client: CivitaiHub, hub: LocalHub, metadata: object
) -> None:
    hub.trouble(text_as_json(json.dumps({"items": [], "metadata": metadata}).encode()))

    assert client.search(HubQuery()) == HubPage((), None)


def test_an_unknown_tag_finds_nothing_and_has_no_further_pages(
    client: CivitaiHub, hub: LocalHub
) -> None:
    page = client.search(HubQuery(tag="lantrn", page_size=1))

    assert page == HubPage((), None)
    assert len(hub.requests) == 1


def test_what_does_not_carry_the_tag_was_not_asked_for(client: CivitaiHub, hub: LocalHub) -> None:
    items = [
        {"id": 1, "nsfwLevel": 1, "tags": ["style"]},
        {"id": 2, "nsfwLevel": 1, "tags": ["STYLE", "fog"]},
        {"id": 3, "nsfwLevel": 16, "tags": ["other"]},
        {"id": 4, "nsfwLevel": 1},
    ]
    answer = {"items": items, "metadata": {"nextCursor": "x"}}
    hub.trouble(text_as_json(json.dumps(answer).encode()))

    page = client.search(HubQuery(tag=" style "))

    assert (ids(page), page.cursor, page.hidden) == ([1, 2], "x", 0)


LEVELS = [
    (ContentLimit.PG, [1], 4),
    (ContentLimit.SAFE, [1, 2], 3),
    (ContentLimit.R, [1, 2, 4], 2),
    (ContentLimit.X, [1, 2, 4], 2),
    (ContentLimit.ALL, [0, 1, 2, 4, 28], 0),
]


@pytest.mark.parametrize(("limit", "shown", "hidden"), LEVELS)
def test_nothing_above_the_limit_is_shown_and_what_is_hidden_is_counted(
    client: CivitaiHub, hub: LocalHub, limit: ContentLimit, shown: list[int], hidden: int
) -> None:
    """A model's id is its level here, and 0 means that nobody rated it."""
    items = [{"id": level + 1000, "nsfwLevel": level} for level in (0, 1, 2, 4, 28)]
    hub.trouble(text_as_json(json.dumps({"items": items}).encode()))

    page = client.search(HubQuery(content_limit=limit))

    assert [model.id - 1000 for model in page.models] == shown
    assert page.hidden == hidden
    assert hub.requests[0].value("nsfw") == ("false" if limit is ContentLimit.PG else "true")


def test_pictures_above_the_limit_are_taken_out(client: CivitaiHub, hub: LocalHub) -> None:
    pictures = [
        {"url": f"https://image.example/{level}.png", "nsfwLevel": level} for level in (1, 2, 4, 0)
    ]
    model = {"id": 1, "nsfwLevel": 3, "modelVersions": [{"id": 2, "images": pictures}, {"id": 3}]}
    for _ in range(2):
        hub.trouble(text_as_json(json.dumps({"items": [model]}).encode()))

    def levels(limit: ContentLimit) -> list[int]:
        [found] = client.search(HubQuery(content_limit=limit)).models
        return [image.content_level for image in found.versions[0].images]

    assert levels(ContentLimit.SAFE) == [1, 2]
    assert levels(ContentLimit.ALL) == [1, 2, 4, 0]


def test_a_level_that_is_not_told_is_that_of_the_versions(
    client: CivitaiHub, hub: LocalHub
) -> None:
    picture = {"url": "https://image.example/a.png", "nsfwLevel": 16}
    model = {"id": 1, "modelVersions": [{"id": 2, "nsfwLevel": 1}, {"id": 3, "images": [picture]}]}
    hub.trouble(text_as_json(json.dumps({"items": [model]}).encode()))

    page = client.search(HubQuery())

    assert (page.models, page.hidden) == ((), 1)


def test_an_unknown_creator_is_told_by_name(client: CivitaiHub) -> None:
    with pytest.raises(HubNotFound, match="knows no creator 'nobody_here'") as caught:
        client.search(HubQuery(creator="nobody_here"))
    assert caught.value.status == 404


def test_a_bad_cursor_is_a_bad_request(client: CivitaiHub) -> None:
    with pytest.raises(HubBadRequest, match="Invalid cursor"):
        client.search(HubQuery(), "5")


def test_no_key_in_the_address_comes_back_in_a_cursor(client: CivitaiHub, hub: LocalHub) -> None:
    """The hub copies every parameter into the link to the next page."""
    page = client.search(replace(HubQuery(), page_size=1))

    assert page.cursor is not None
    assert all(name != "token" for request in hub.requests for name, _ in request.query)
