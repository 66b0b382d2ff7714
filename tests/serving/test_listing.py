"""Search: words, filters, order and pages."""

from __future__ import annotations

import httpx
import pytest

from loradex.serving.server import HubServer


def ids(answer: httpx.Response) -> list[str]:
    return [item["name"] for item in answer.json()["items"]]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Model 100", "my_style"]),
        ("query=STYLE", ["Model 100", "my_style"]),
        ("query=my+style", ["my_style"]),
        ("query=glow", ["Model 100"]),
        ("query=nothing+of+the+kind", []),
        ("types=LORA&types=Checkpoint", ["Model 100", "my_style"]),
        ("types=Checkpoint", []),
        ("baseModels=SD+1.5", ["my_style"]),
        ("baseModels=SDXL+1.0&baseModels=Pony", ["Model 100"]),
        ("tag=night", ["Model 100"]),
        ("tag=Night", ["Model 100"]),
        ("tag=acme+corp", []),
        ("username=Maker", ["Model 100"]),
        ("ids=100,77", ["Model 100"]),
        ("modelVersionIds=102", ["Model 100"]),
        ("modelVersionIds=9", []),
        ("period=Day&favorites=true&checkpointType=Trained", ["Model 100", "my_style"]),
        ("limit=0", []),
        ("nsfw=true", ["Model 100", "my_style"]),
    ],
)
def test_filters(ask: httpx.Client, query: str, names: list[str]) -> None:
    assert sorted(ids(ask.get(f"/api/v1/models?{query}"))) == names


@pytest.mark.parametrize("sort", ["Most Downloaded", "Newest", "Oldest", "Most Liked", "Odd"])
def test_pages_are_followed_to_the_end_in_every_order(ask: httpx.Client, sort: str) -> None:
    whole = ids(ask.get("/api/v1/models", params={"sort": sort}))
    first = ask.get("/api/v1/models", params={"sort": sort, "limit": "1"})
    second = ask.get(first.json()["metadata"]["nextPage"])
    assert ids(first) + ids(second) == whole
    assert second.json()["metadata"] == {}


def test_the_oldest_are_the_newest_backwards(ask: httpx.Client) -> None:
    newest, oldest = (
        ids(ask.get("/api/v1/models", params={"sort": sort})) for sort in ("Newest", "Oldest")
    )
    assert newest == oldest[::-1]


@pytest.mark.parametrize(
    "query",
    ["limit=101", "limit=-1", "limit=x", "limit=٣", "cursor=1|2", "cursor=%00", "ids=1,x",
     "nsfw=perhaps", "ids=" + "1," * 1001 + "1"],
)  # fmt: skip
def test_parameters_that_make_no_sense_are_refused(ask: httpx.Client, query: str) -> None:
    answer = ask.get(f"/api/v1/models?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]["name"] == "ZodError"


def test_an_unknown_creator_is_told(ask: httpx.Client) -> None:
    answer = ask.get("/api/v1/models?username=nobody")
    assert answer.status_code == 404
    assert answer.json() == {"message": "User not found"}


def test_one_file_a_version_on_demand(ask: httpx.Client) -> None:
    (item,) = ask.get("/api/v1/models?ids=100&primaryFileOnly=true").json()["items"]
    assert [f["id"] for f in item["modelVersions"][0]["files"]] == [1020]


def test_tags_creators_and_enums(ask: httpx.Client, server: HubServer) -> None:
    tags = ask.get("/api/v1/tags?query=ni").json()
    assert [item["name"] for item in tags["items"]] == ["night"]
    assert tags["items"][0]["link"] == f"{server.url}/api/v1/models?tag=night"
    first = ask.get("/api/v1/tags?limit=1").json()
    assert first["metadata"]["totalPages"] == 2
    second = ask.get(first["metadata"]["nextPage"]).json()
    assert first["items"] != second["items"]
    (creator,) = ask.get("/api/v1/creators").json()["items"]
    assert (creator["username"], creator["modelCount"]) == ("maker", 1)
    enums = ask.get("/api/v1/enums").json()
    assert enums["BaseModel"] == ["SD 1.5", "SDXL 1.0"]
    assert "LORA" in enums["ModelType"]
