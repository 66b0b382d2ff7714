"""The local hub misbehaves where the real one does: clients proven on it are proven."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import httpx
import pytest

from loradex.demo import hub_trouble
from loradex.demo.hub_server import LocalHub

KEY = "key-of-mosskettle-0123456789"
SIGNED_IN = {"Authorization": f"Bearer {KEY}"}


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def http(hub: LocalHub) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{hub.url}/api/v1/", trust_env=False) as http:
        yield http


def ids(reply: httpx.Response) -> list[int]:
    assert reply.status_code == 200, reply.text
    return [item["id"] for item in reply.json()["items"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [100, 200]),
        ("nsfw=true", [100, 200, 400]),
        ("nsfw=true&archived=true", [100, 200, 400, 300]),
        ("archived=false", [100, 200, 300]),  # loose: any text means yes
        ("ids=400,100", [100]),
        ("ids=400,100&nsfw=yes", [100, 400]),
        ("modelVersionIds=101,201", [100, 200]),
        ("types=LORA", [100]),
        ("types=LORA&types=Checkpoint", [100, 200]),
        ("baseModels=SDXL 1.0", [100]),
        ("baseModels=Nothing", []),
        ("tag=lantern", [100]),
        ("tag=lantrn", [100, 200]),  # a typo is ignored
        ("username=Moss Kettle!", None),
        ("username=MossKettle", [100]),
        ("query=fog", [200]),
        ("sort=Most Downloaded", [200, 100]),
        ("sort=Newest", [200, 100]),
        ("sort=Oldest", [100, 200]),
        ("page=2", [100, 200]),  # has no effect
    ],
)
def test_lists(http: httpx.Client, query: str, found: list[int] | None) -> None:
    reply = http.get(f"models?{query}")

    if found is None:
        assert (reply.status_code, reply.json()) == (404, {"message": "User not found"})
    else:
        assert sorted(ids(reply)) == sorted(found) if "sort" not in query else ids(reply) == found


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=101", 400),
        ("limit=x", 400),
        ("types=LORA,Checkpoint", 400),
        ("sort=Best", 400),
        ("nsfw=maybe", 400),
        ("browsingLevel=1", 400),
        ("fileFormats=GGUF", 400),
        ("ids=a", 400),
        ("query=x&page=1", 400),
        ("query=x&cursor=y", 400),
        ("cursor=5", 400),
        ("cursor=a|b|c", 400),
        ("favorites=false", 401),
        ("limit=100&page=11", 429),
    ],
)
def test_refused_parameters(http: httpx.Client, query: str, status: int) -> None:
    reply = http.get(f"models?{query}")

    assert reply.status_code == status
    assert {"error", "message"} & set(reply.json())


@pytest.mark.parametrize("query", ["nsfw=true&archived=true", "query=r"])
def test_cursors_lead_through_all_models_once(http: httpx.Client, query: str) -> None:
    url, seen = f"models?limit=1&token=leak&{query}", []
    while url:
        reply = http.get(url)
        seen += ids(reply)
        url = reply.json()["metadata"].get("nextPage", "")
        assert not url or "token=leak" in url

    assert len(seen) == len(set(seen)) == len(ids(http.get(f"models?{query}")))


def test_pictures_are_filtered_unless_all_are_wanted(http: httpx.Client) -> None:
    def pictures(query: str) -> list[int]:
        [item] = http.get(f"models?ids=100&{query}").json()["items"]
        return [image["id"] for image in item["modelVersions"][0]["images"]]

    assert pictures("") == [9001]
    assert pictures("nsfw=true") == [9001, 9002]


def test_primary_files_only(http: httpx.Client) -> None:
    [item] = http.get("models?ids=100&primaryFileOnly=true").json()["items"]

    assert [[f["id"] for f in v["files"]] for v in item["modelVersions"]] == [[1002], [1001]]


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("models/999", 404, {"error": "No model with id 999"}),
        ("models/abc", 400, None),
        ("models/99999999999", 400, None),
        ("model-versions/999", 404, {"error": "Model not found"}),
        ("model-versions/by-hash/FFFF", 404, {"error": "Model not found"}),
        ("model-versions/mini/102?modelFileId=5", 404, None),
        ("me", 401, {"error": "Unauthorized"}),
        ("creators?limit=0", 400, None),
        ("images?limit=201", 400, None),
        ("images?page=x", 400, None),
        ("images?limit=200&page=6", 429, None),
        ("nothing/here", 404, {"error": "Not found"}),
    ],
)
def test_missing_things(http: httpx.Client, path: str, status: int, body: object) -> None:
    reply = http.get(path)

    assert reply.status_code == status
    assert body is None or reply.json() == body


def test_models_drop_what_is_empty_and_versions_keep_it(http: httpx.Client) -> None:
    in_model = http.get("models/200").json()["modelVersions"][0]
    alone = http.get("model-versions/201").json()

    assert not {"trainedWords", "images", "description", "paidAccess"} & set(in_model)
    assert (alone["trainedWords"], alone["images"], alone["paidAccess"]) == ([], [], None)
    assert "usageControl" not in in_model
    assert alone["usageControl"] == "Generation"


def test_an_archived_model_lists_no_files(http: httpx.Client) -> None:
    model = http.get("models/300").json()

    assert model["mode"] == "Archived"
    assert "files" not in model["modelVersions"][0]
    assert "downloadUrl" not in model["modelVersions"][0]


@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_any_hash_in_any_case(http: httpx.Client, case) -> None:
    for digest in (sha("lantern"), sha("lantern")[:10], sha("lantern tensors")[:12]):
        assert http.get(f"model-versions/by-hash/{case(digest)}").json()["id"] == 102


def test_a_batch_repeats_shuffles_and_holds_null(http: httpx.Client) -> None:
    asked = [sha("lantern"), sha("lantern set"), sha("unknown")]
    records = http.post("model-versions/by-hash", json=asked).json()

    assert sorted(record["id"] for record in records if record) == [102, 102, 202]
    assert None in records
    assert records[0]["downloadUrl"] == "https://undefined/api/download/models/102"


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("by-hash", [sha("a"), "short"], "Invalid hash"),
        ("by-hash/ids", [sha("a"), 5], "Invalid hash"),
        ("by-hash", [sha("a")] * 101, "Too many hashes"),
        ("by-hash/ids", [sha("a")] * 10_001, "Too many hashes"),
        ("by-hash", {"hashes": []}, "expected array"),
    ],
)
def test_one_bad_hash_fails_all(http: httpx.Client, path: str, body: object, words: str) -> None:
    reply = http.post(f"model-versions/{path}", json=body)

    assert reply.status_code == 400
    assert words in reply.json()["error"]


def test_limits_are_inclusive(http: httpx.Client) -> None:
    assert http.post("model-versions/by-hash", json=[sha("a")] * 100).json() == []
    assert http.post("model-versions/by-hash/ids", json=[sha("a")] * 10_000).json() == []
    assert http.post("model-versions/by-hash", json=[]).json() == []


def test_a_body_that_is_too_large_or_no_json(http: httpx.Client) -> None:
    assert http.post("model-versions/by-hash", content=b"x" * 1_100_000).status_code == 413
    assert http.post("model-versions/by-hash", content=b"{").status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("HEAD", "models", 405),
        ("POST", "models", 405),
        ("HEAD", "model-versions/102", 405),
        ("OPTIONS", "model-versions/102", 405),
        ("HEAD", "models/100", 200),
        ("DELETE", "models/100", 200),
        ("OPTIONS", "models/100", 200),
        ("POST", "me", 405),
        ("OPTIONS", "me", 200),
    ],
)
def test_which_methods_work_where(http: httpx.Client, method: str, path: str, status: int) -> None:
    assert http.request(method, path).status_code == status


@pytest.mark.parametrize(
    ("path", "headers", "cache"),
    [
        ("models/100", {}, "public, s-maxage=300, stale-while-revalidate=150"),
        ("models/999", {}, "public, s-maxage=300, stale-while-revalidate=150"),
        ("model-versions/by-hash/FFFF", {}, "public, s-maxage=3600, stale-while-revalidate=1800"),
        ("models", {}, "public, s-maxage=300, stale-while-revalidate=150"),
        ("models", SIGNED_IN, "max-age=0, private, no-cache"),
        (
            "models",
            {"Authorization": "Bearer bad"},
            "public, s-maxage=300, stale-while-revalidate=150",
        ),
        ("me", SIGNED_IN, "max-age=0, private, no-cache"),
    ],
)
def test_cache_headers(http: httpx.Client, path: str, headers: dict[str, str], cache: str) -> None:
    assert http.get(path, headers=headers).headers["cache-control"] == cache


def test_the_gallery(http: httpx.Client) -> None:
    plain = http.get("images?modelVersionId=102&nsfw=X").json()["items"]
    assert [(i["id"], i["nsfwLevel"], i["meta"]) for i in plain] == [
        (9001, "None", None),
        (9002, "Soft", None),
    ]
    assert [
        i["id"] for i in http.get("images?modelId=100&username=mosskettle").json()["items"]
    ] == [9001]
    with_meta = http.get("images?modelVersionId=102&withMeta=true").json()["items"]
    assert with_meta[0]["meta"] == {"prompt": "ppr lntrn"}


def test_small_lists(http: httpx.Client) -> None:
    creators = http.get("creators?limit=1").json()
    assert [item["username"] for item in creators["items"]] == ["mosskettle"]
    assert http.get(creators["metadata"]["nextPage"]).json()["metadata"]["currentPage"] == 2
    assert [item["name"] for item in http.get("tags?query=lan").json()["items"]] == ["lantern"]
    assert http.get("tags").json()["metadata"]["totalItems"] == 0
    assert "LORA" in http.get("enums").json()["ModelType"]
    assert http.get("me", headers=SIGNED_IN).json()["username"] == "mosskettle"
    assert http.get(f"me?token={KEY}").json()["username"] == "mosskettle"


def test_a_small_record(http: httpx.Client) -> None:
    mini = http.get("model-versions/mini/102?modelFileId=1003").json()

    assert (mini["fileName"], mini["air"]) == (
        "lantern set.safetensors",
        "urn:air:sdxl:lora:civitai:100@102",
    )


def test_trouble_is_planned_for_some_requests_only(http: httpx.Client, hub: LocalHub) -> None:
    hub.trouble(hub_trouble.overloaded(), times=2, path="/api/v1/models")

    assert http.get("tags").status_code == 200
    assert [http.get("models").status_code for _ in range(3)] == [503, 503, 200]
    hub.trouble(hub_trouble.overloaded())
    hub.calm()
    assert http.get("models").status_code == 200


def test_the_log_keeps_what_was_asked(http: httpx.Client, hub: LocalHub) -> None:
    http.post("model-versions/by-hash?a=1&a=2", json=[], headers={"X-Seen": "yes"})

    [request] = hub.requests
    assert (request.method, request.path) == ("POST", "/api/v1/model-versions/by-hash")
    assert request.values("a") == ["1", "2"]
    assert request.headers["x-seen"] == "yes"
    assert json.loads(request.body) == []
