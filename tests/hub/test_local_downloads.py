"""Downloads from the local hub: its checks, the other origin, and trouble with the bytes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from loradex.demo.hub_server import LocalHub

KEY = "key-of-mosskettle-0123456789"
BYTES = bytes(range(256)) * 40
BROWSER = {"User-Agent": "Mozilla/5.0"}


@pytest.fixture
def http(hub: LocalHub) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=hub.url, trust_env=False) as http:
        yield http


def ask(http: httpx.Client, path: str, **headers: str) -> httpx.Response:
    headers.setdefault("Authorization", f"Bearer {KEY}")
    return http.get(f"/api/download/models/{path}", headers=headers)


def link(http: httpx.Client, path: str = "102") -> str:
    reply = ask(http, path)
    assert reply.status_code == 307, reply.text
    return reply.headers["location"]


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("999", 404, "File not found"),
        ("abc", 400, "Invalid request"),
        ("102?format=Bad", 400, "Invalid request"),
        ("102?fileId=7", 404, "File not found"),
        ("102?fp=fp8", 404, "File not found"),
        ("101", 404, "File not found"),  # no bytes in this world
        ("201", 401, "Unauthorized"),
        ("202", 403, "Early Access"),
        ("301", 410, "Model archived, not available for download"),
    ],
)
def test_refusals(http: httpx.Client, path: str, status: int, error: str) -> None:
    reply = ask(http, path)

    assert (reply.status_code, reply.json()["error"]) == (status, error)


def test_without_a_key(http: httpx.Client) -> None:
    reply = ask(http, "102", Authorization="Bearer wrong")

    assert reply.status_code == 401
    assert "logged in" in reply.json()["message"]
    assert "disabled" in ask(http, "201", Authorization="Bearer wrong").json()["message"]


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [("201", 307, "/login"), ("202", 307, "/model-versions/202"), ("999", 404, None)],
)
def test_browsers_get_pages(
    http: httpx.Client, path: str, status: int, location: str | None
) -> None:
    reply = ask(http, path, **BROWSER)

    assert reply.status_code == status
    assert reply.headers["content-type"].startswith("text/plain")
    assert location is None or reply.headers["location"].startswith(location)


def test_the_bytes_come_from_another_origin_that_refuses_the_key(
    http: httpx.Client, hub: LocalHub
) -> None:
    target = link(http, "102?fileId=1002")

    assert target.startswith(hub.storage_url)
    assert httpx.URL(target).port != httpx.URL(hub.url).port
    refused = http.get(target, headers={"Authorization": f"Bearer {KEY}"})
    assert refused.status_code == 400
    assert "Only one auth mechanism" in refused.text
    assert "authorization" in hub.storage_requests[0].headers
    reply = http.get(target)
    assert reply.content == BYTES
    assert 'filename="lantern.safetensors"' in reply.headers["content-disposition"]


@pytest.mark.parametrize(
    ("asked", "status", "body", "content_range"),
    [
        ("bytes=0-0", 206, BYTES[:1], "bytes 0-0/10240"),
        ("bytes=10000-", 206, BYTES[10000:], "bytes 10000-10239/10240"),
        ("bytes=10-99999", 206, BYTES[10:], "bytes 10-10239/10240"),
        ("bytes=10240-", 416, None, "bytes */10240"),
        ("nonsense", 200, BYTES, None),
    ],
)
def test_ranges(http: httpx.Client, asked: str, status: int, body, content_range) -> None:
    reply = http.get(link(http), headers={"Range": asked})

    assert reply.status_code == status
    assert body is None or reply.content == body
    assert reply.headers.get("content-range") == content_range


def test_trouble_with_the_bytes(http: httpx.Client, hub: LocalHub) -> None:
    target = link(http)

    hub.storage_scenario.ignore_range = True
    assert http.get(target, headers={"Range": "bytes=5-"}).status_code == 200
    hub.storage_scenario.wrong_bytes = True
    wrong = http.get(target).content
    assert (len(wrong), wrong == BYTES) == (len(BYTES), False)
    hub.storage_scenario.cut_after = 100
    with pytest.raises(httpx.RemoteProtocolError):
        http.get(target)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda url: url.copy_remove_param("X-Amz-Signature"), "SignatureDoesNotMatch"),
        (lambda url: url.copy_set_param("X-Amz-Expires", "9999999999"), "SignatureDoesNotMatch"),
        (lambda url: url.copy_set_param("X-Amz-Expires", "soon"), "SignatureDoesNotMatch"),
        (lambda url: url.copy_with(path="/files/1003"), "SignatureDoesNotMatch"),
        (lambda url: url.copy_with(path="/elsewhere"), "NoSuchKey"),
    ],
)
def test_links_cannot_be_changed(http: httpx.Client, change, code: str) -> None:
    reply = http.get(change(httpx.URL(link(http))))

    assert reply.status_code in (403, 404)
    assert code in reply.text


def test_links_run_out(http: httpx.Client, hub: LocalHub) -> None:
    hub.storage_scenario.link_seconds = -1

    reply = http.get(link(http))

    assert reply.status_code == 403
    assert "expired" in reply.text


def test_head_on_a_signed_link_fails(http: httpx.Client) -> None:
    assert http.head(link(http)).status_code == 403


def test_odd_redirects(http: httpx.Client, hub: LocalHub) -> None:
    hub.download_scenario.location = "{schemeless}"
    assert link(http).startswith(hub.storage_url.removeprefix("http:"))
    hub.download_scenario.location = f"{hub.url}/api/download/models/102"
    assert link(http) == f"{hub.url}/api/download/models/102"


def test_pictures_come_from_there_too(http: httpx.Client, hub: LocalHub) -> None:
    [item] = http.get("/api/v1/models?ids=100&nsfw=true").json()["items"]
    still, video = (image["url"] for image in item["modelVersions"][0]["images"])

    assert still.startswith(hub.storage_url)
    reply = http.get(still)
    assert (reply.headers["content-type"], reply.content) == ("image/png", b"\x89PNG picture")
    assert http.get(video).status_code == 404


def test_early_access_says_when_it_ends(http: httpx.Client) -> None:
    deadline = ask(http, "202").json()["deadline"]

    assert datetime.fromisoformat(deadline) > datetime.now(UTC)
