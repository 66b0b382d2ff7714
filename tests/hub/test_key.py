"""The key goes to the hub itself, over a private way, and shows nowhere."""

from __future__ import annotations

import logging
import traceback

import httpx
import pytest
from hpack import Encoder

from loradex.demo import hub_trouble
from loradex.demo.hub_downloads import BROWSER_WORDS
from loradex.demo.hub_http import LoopbackServer, json_reply
from loradex.demo.hub_server import LocalHub
from loradex.errors import HubAuthRequired, HubUnexpectedAnswer, SettingsError
from loradex.hub.client import CivitaiHub
from loradex.hub.exchange import USER_AGENT
from loradex.hub.origin import Origin, OriginAuth
from loradex.settings import Secret, Settings

KEY = "key-of-mosskettle-0123456789"


@pytest.mark.parametrize(
    ("hub", "target", "sent"),
    [
        ("https://civitai.com", "https://civitai.com/api/v1/me", True),
        ("https://civitai.com", "https://civitai.com:443/x", True),
        ("https://civitai.com", "https://CIVITAI.com/x", True),
        ("https://civitai.com", "https://civitai.com:8443/x", False),
        ("https://civitai.com", "http://civitai.com/x", False),
        ("https://civitai.com", "http://civitai.com:443/x", False),
        ("https://civitai.com", "https://b2.civitai.com/x", False),
        ("https://civitai.com", "https://civitai.com.evil.example/x", False),
        ("https://civitai.com", "https://evil.example/civitai.com", False),
        ("https://civitai.com", "https://civitai.com@evil.example/x", False),
        ("https://civitai.com", "https://civitai.red/x", False),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/x", True),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8001/x", False),
        ("http://127.0.0.1:8000", "http://localhost:8000/x", False),
        ("http://localhost:8000", "http://localhost:8000/x", True),
        ("http://[::1]:8000", "http://[::1]:8000/x", True),
        ("http://hub.example", "http://hub.example/x", False),
        ("http://localhost.evil.example", "http://localhost.evil.example/x", False),
        ("http://127.0.0.1.evil.example", "http://127.0.0.1.evil.example/x", False),
    ],
)
def test_only_the_hubs_own_origin_sees_the_key(hub: str, target: str, sent: bool) -> None:
    auth = OriginAuth(Origin.of(httpx.URL(hub)), Secret(KEY))
    request = next(auth.sync_auth_flow(httpx.Request("GET", target)))

    assert request.headers.get("authorization") == (f"Bearer {KEY}" if sent else None)


def test_the_hub_sees_the_key_in_its_header_and_nowhere_else(connect, hub: LocalHub) -> None:
    connect(key=KEY).models([100, 999])

    assert len(hub.requests) == 2
    for request in hub.requests:
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert KEY not in f"{request.path} {request.query}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(connect, hub: LocalHub, status: int) -> None:
    elsewhere = LoopbackServer(lambda request: json_reply([]))
    elsewhere.open()
    try:
        for target in (
            f"{elsewhere.url}/x?sig=secret",
            "/login?returnUrl=x",
            "//evil.example/x",
            "file:///x",
            "data:,x",
            "http://[::1",
            "https://xn--a/",
            "https://a..b/",
            "https://evil.example:99999999999/",
            "",
        ):
            hub.trouble(hub_trouble.redirect(target, status))
            with pytest.raises(HubUnexpectedAnswer) as caught:
                connect(key=KEY).ids_by_hash(["ab" * 32])
            assert "was not followed" in caught.value.message
            assert "secret" not in str(caught.value)
    finally:
        elsewhere.close()
    assert elsewhere.requests == []
    assert len(hub.requests) == 10


def test_no_key_over_a_way_that_others_can_read(connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy stands for everybody between us and a hub on plain http."""
    proxy = LoopbackServer(lambda request: hub_trouble.unauthorized())
    proxy.open()
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    try:
        with pytest.raises(HubAuthRequired) as caught:
            connect(url="http://hub.example", key=KEY).me()
    finally:
        proxy.close()

    [request] = proxy.requests
    assert request.headers["host"] == "hub.example"
    assert "authorization" not in request.headers
    assert "not private" in caught.value.message


def test_a_hub_on_this_machine_is_asked_without_the_proxy(
    connect, hub: LocalHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = LoopbackServer(lambda request: json_reply({"id": 1}))
    proxy.open()
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    try:
        assert connect(key=KEY).me() == "mosskettle"
    finally:
        proxy.close()
    assert proxy.requests == []


def test_netrc_and_cookies_add_nothing(
    connect, hub: LocalHub, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hunter2\n")
    monkeypatch.setenv("NETRC", str(netrc))
    cookie = json_reply([])
    cookie.headers["Set-Cookie"] = "session=1; Path=/"
    hub.trouble(cookie)
    client = connect()

    client.ids_by_hash(["ab" * 32])
    client.model(100)

    assert len(hub.requests) == 2
    assert all(not {"authorization", "cookie"} & set(r.headers) for r in hub.requests)


@pytest.mark.parametrize(
    ("key", "sentence"),
    [(None, "wants a key."), ("wrong-key", "refuses the key it was given.")],
)
def test_a_missing_and_a_refused_key(connect, key: str | None, sentence: str) -> None:
    with pytest.raises(HubAuthRequired) as caught:
        connect(key=key).me()

    assert caught.value.message.endswith(sentence)
    assert "LORADEX_HUB_TOKEN" in (caught.value.hint or "")
    assert caught.value.status == 401


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "tab\t", "schlüssel", "\x00"])
def test_what_cannot_be_a_key_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        CivitaiHub.from_settings(Settings(hub_token=Secret(key)))

    assert key not in str(caught.value)


def test_the_key_shows_in_no_error_repr_or_log(
    connect, hub: LocalHub, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = connect(key=KEY, retries=0)
    shown = [repr(client), repr(vars(client)), repr(vars(client._transport))]
    for what in (
        hub_trouble.Reset(),
        hub_trouble.overloaded(),
        hub_trouble.edge_page(200),
        hub_trouble.unauthorized(),
        json_reply({"error": "slow"}, 429),
    ):
        hub.trouble(what)
        with pytest.raises(Exception) as caught:
            client.models([100])
        shown.append("".join(traceback.format_exception(caught.value)))
        shown.append(repr(caught.value))

    assert KEY not in "".join(shown)
    assert KEY not in caplog.text
    assert "ids=100" not in caplog.text


def test_http2_headers_stay_out_of_the_log(connect, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    connect(key=KEY)
    Encoder().encode([("authorization", f"Bearer {KEY}")])

    assert KEY not in caplog.text


@pytest.mark.parametrize(
    "url",
    [
        "https://user:hunter2@civitai.com",
        "https://civitai.com/?token=hunter2",
        "https://civitai.com/#hunter2",
        "https://",
        "https://[::1",
        "https://civi tai.com:port",
        "https://xn--a",
        "https://hub..example",
        "https://civitai.com:99999",
    ],
)
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        CivitaiHub.from_settings(Settings(hub_url=url))

    assert "hunter2" not in str(caught.value)
    assert "LORADEX_HUB_URL" in (caught.value.hint or "")


def test_we_do_not_look_like_a_browser() -> None:
    assert not any(word in USER_AGENT.lower() for word in BROWSER_WORDS)
