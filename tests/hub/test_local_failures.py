"""The local hub fails as the real one does, by itself and when a test plans it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from loradex.demo.hub_failures import failure, failure_names
from loradex.demo.hub_server import LocalHub
from loradex.demo.hub_world import World

KEY = "key-of-mosskettle-0123456789"
SIGNED_IN = {"Authorization": f"Bearer {KEY}"}
API = "/api/v1"
VERSIONS = f"{API}/model-versions"
DOWNLOAD = "/api/download/models"


@pytest.fixture
def http(hub: LocalHub) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=hub.url, trust_env=False) as http:
        yield http


def test_the_table_is_the_catalogue(sample: Callable[[str], bytes]) -> None:
    catalogue = json.loads(sample("support/errors.catalog.json"))

    assert [entry["name"] for entry in catalogue] == list(failure_names())
    for entry in catalogue:
        reply = failure(entry["name"])
        text = reply.body.decode()
        body = text if isinstance(entry["body"], str) else json.loads(text)
        assert (reply.status, reply.headers, body) == (
            entry["status"],
            entry["headers"],
            entry["body"],
        )


@pytest.mark.parametrize("name", failure_names())
def test_every_failure_can_be_planned(http: httpx.Client, hub: LocalHub, name: str) -> None:
    hub.fail(name, path="/anything")
    base = hub.storage_url if name.startswith("storage-") else hub.url

    reply = http.get(f"{base}/anything")

    same(reply, name)
    assert http.get(f"{base}/anything").status_code == 404


def same(reply: httpx.Response, name: str) -> None:
    wanted = failure(name)
    assert reply.status_code == wanted.status
    if wanted.headers["Content-Type"].startswith("application/json"):
        assert reply.json() == json.loads(wanted.body)
    else:
        assert reply.content == wanted.body
    assert {name: reply.headers.get(name) for name in wanted.headers} == wanted.headers


BY_ITSELF = [
    ("by-hash-unknown", "GET", f"{VERSIONS}/by-hash/0123456789", {}),
    ("version-unknown", "GET", f"{VERSIONS}/999", {}),
    ("version-unknown", "GET", f"{VERSIONS}/mini/999", {}),
    ("model-unknown", "GET", f"{API}/models/999999", {}),
    ("model-bad-id", "GET", f"{API}/models/abc", {}),
    ("models-limit-101", "GET", f"{API}/models?limit=101", {}),
    ("models-user-unknown", "GET", f"{API}/models?username=nobody_here", {}),
    ("models-bad-cursor", "GET", f"{API}/models?cursor=5", {}),
    ("models-query-with-page", "GET", f"{API}/models?query=x&page=1", {}),
    ("models-favorites-anonymous", "GET", f"{API}/models?favorites=false", {}),
    ("paging-too-deep", "GET", f"{API}/models?page=11&limit=100", {}),
    ("paging-too-deep", "GET", f"{API}/images?page=11&limit=100", {}),
    ("method-not-allowed", "POST", f"{API}/models", {}),
    ("me-anonymous", "GET", f"{API}/me", {"headers": {"Authorization": "Bearer wrong"}}),
    ("batch-bad-hash", "POST", f"{VERSIONS}/by-hash", {"json": ["a" * 64, "a" * 63]}),
    ("batch-too-many", "POST", f"{VERSIONS}/by-hash", {"json": ["a" * 64] * 101}),
    ("download-login-required", "GET", f"{DOWNLOAD}/102", {}),
    ("download-disabled", "GET", f"{DOWNLOAD}/201", {"headers": SIGNED_IN}),
    ("download-archived", "GET", f"{DOWNLOAD}/301", {"headers": SIGNED_IN}),
    ("download-not-found", "GET", f"{DOWNLOAD}/999", {"headers": SIGNED_IN}),
    ("download-not-found", "GET", f"{DOWNLOAD}/102?fp=fp8", {"headers": SIGNED_IN}),
]


@pytest.mark.parametrize(("name", "method", "path", "more"), BY_ITSELF)
def test_what_fails_by_itself_fails_as_in_the_catalogue(
    http: httpx.Client, name: str, method: str, path: str, more: dict[str, Any]
) -> None:
    same(http.request(method, path, **more), name)


def test_an_early_access_tells_its_deadline(http: httpx.Client) -> None:
    reply = http.get(f"{DOWNLOAD}/202", headers=SIGNED_IN)

    wanted = json.loads(failure("download-early-access").body)
    assert reply.json() == wanted | {"deadline": "2999-01-01T00:00:00.000Z"}


def test_a_browser_is_sent_to_a_page_that_answers_200(http: httpx.Client) -> None:
    browser = {"User-Agent": "Mozilla/5.0"}
    reply = http.get(f"{DOWNLOAD}/102", headers=browser)
    wanted = failure("download-login-redirect")

    assert reply.status_code == wanted.status
    assert reply.headers["location"] == wanted.headers["Location"].replace("910102", "102")
    page = http.get(reply.headers["location"], headers=browser)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert http.get(f"{DOWNLOAD}/202", headers=browser | SIGNED_IN).status_code == 307


def test_what_nobody_knows_below_download_leads_to_the_login(http: httpx.Client) -> None:
    reply = http.get("/api/download/anything/else")

    assert reply.status_code == 307
    assert http.get(reply.headers["location"]).headers["content-type"].startswith("text/html")


def test_a_signed_in_account_may_still_have_no_grant(http: httpx.Client, hub: LocalHub) -> None:
    hub.download_scenario.granted = False

    same(http.get(f"{DOWNLOAD}/102", headers=SIGNED_IN), "download-no-access")
    same(http.get(f"{DOWNLOAD}/102"), "download-login-required")


@pytest.mark.parametrize("size", ["small", "FULL"])
def test_a_size_that_is_none_is_refused(http: httpx.Client, size: str) -> None:
    assert http.get(f"{DOWNLOAD}/102?size={size}", headers=SIGNED_IN).status_code == 400


def test_a_version_without_files(world: World) -> None:
    lantern = world.models[0]
    bare = replace(lantern, versions=(replace(lantern.versions[1], files=()),))
    with LocalHub(replace(world, models=(bare,))) as hub:
        reply = httpx.get(f"{hub.url}{VERSIONS}/101", trust_env=False)
    same(reply, "version-without-files")


def test_a_redirect_can_go_round_in_circles(http: httpx.Client, hub: LocalHub) -> None:
    hub.download_scenario.location = f"{hub.url}{DOWNLOAD}/102"

    reply = http.get(f"{DOWNLOAD}/102", headers=SIGNED_IN)

    assert reply.headers["location"] == f"{hub.url}{DOWNLOAD}/102"


@pytest.mark.parametrize(
    ("switch", "check"),
    [
        ("null_in_batch", lambda rows: None not in rows),
        ("undefined_links", lambda rows: "undefined" not in json.dumps(rows)),
    ],
)
def test_a_batch_can_be_without_its_faults(
    http: httpx.Client, hub: LocalHub, world: World, switch: str, check: Callable[..., bool]
) -> None:
    digest = world.models[0].versions[0].files[0].hashes["SHA256"]
    assert not check(http.post(f"{VERSIONS}/by-hash", json=[digest]).json())
    setattr(hub.batch_scenario, switch, False)

    assert check(http.post(f"{VERSIONS}/by-hash", json=[digest]).json())


def test_rows_of_ids_can_be_as_old_servers_gave_them(
    http: httpx.Client, hub: LocalHub, world: World
) -> None:
    hub.batch_scenario.model_ids = False
    digest = world.models[0].versions[0].files[0].hashes["SHA256"]

    rows = http.post(f"{VERSIONS}/by-hash/ids", json=[digest]).json()

    assert rows
    assert all("modelId" not in row for row in rows)


@pytest.mark.parametrize(("period", "count"), [("Day", 0), ("AllTime", 3)])
def test_a_period_looks_at_when_a_version_came_out(
    http: httpx.Client, period: str, count: int
) -> None:
    reply = http.get(f"{API}/models", params={"period": period, "nsfw": "true"})

    assert len(reply.json()["items"]) == count


@pytest.mark.parametrize("value", ["true", "false", "0"])
def test_loose_switches_are_on_whatever_they_say(http: httpx.Client, value: str) -> None:
    items = http.get(f"{API}/models", params={"earlyAccess": value}).json()["items"]

    assert [item["id"] for item in items] == [200]
