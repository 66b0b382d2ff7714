"""Where a redirect may lead, and who gets to see the key on the way."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from hub.fetching.kit import KEY, Depot
from loradex.demo.hub_http import LoopbackServer, Reply
from loradex.domain.hub_source import FetchStart
from loradex.domain.secret import Secret
from loradex.errors import (
    HubAuthRequired,
    HubForbidden,
    HubUnexpectedAnswer,
    HubUnreachable,
    LoradexError,
    SettingsError,
)
from loradex.hub.fetching import wire
from loradex.hub.fetching.asking import _Route, _wrong_turn
from loradex.hub.fetching.reach import Reach, reach_of, reach_of_name
from loradex.hub.origin import Origin, OriginAuth


def sends_to(depot: Depot, location: str) -> None:
    """Let the hub's first answer lead to `location`; `{link}` is the true one."""
    link = depot.store.link_to(depot.file)
    target = location.format(link=link, schemeless=link.partition(":")[2])

    def answer(request):
        if request.path.startswith("/api/download"):
            return Reply(307, {"Location": target})
        return Reply(302, {"Location": link}) if request.path == "/elsewhere" else None

    depot.on_front = answer


@pytest.mark.parametrize("location", ["{schemeless}", "/elsewhere", "../../../elsewhere"])
def test_what_is_followed(depot: Depot, location: str) -> None:
    sends_to(depot, location)

    assert depot.fetch().sha256 == depot.sha256
    assert "authorization" not in depot.at_store[-1].headers


@pytest.mark.parametrize(
    ("location", "error", "words"),
    [
        ("/login?returnUrl=x", HubAuthRequired, "sign in"),
        ("/model-versions/1", HubForbidden, "page"),
        ("file:///etc/passwd", HubUnexpectedAnswer, "no web address"),
        ("data:text/plain,hello", HubUnexpectedAnswer, "no web address"),
        ("ftp://127.0.0.1/x", HubUnexpectedAnswer, "no web address"),
        ("http://me:pass@127.0.0.1/x", HubUnexpectedAnswer, "no web address"),
        ("http://[", HubUnexpectedAnswer, "no web address"),
        ("http://127.0.0.1:99999999/", HubUnexpectedAnswer, "no web address"),
        ("http://xn--a/", HubUnexpectedAnswer, "no web address"),
        ("http://a..b/", HubUnexpectedAnswer, "no web address"),
        ("", HubUnexpectedAnswer, "no web address"),
        ("/api/download/models/1", HubUnexpectedAnswer, "place to place"),
    ],
)
def test_what_is_not_followed(depot: Depot, location: str, error, words: str) -> None:
    sends_to(depot, location)

    with pytest.raises(error, match=words) as caught:
        depot.fetch()

    assert not depot.at_store
    assert len(depot.at_front) <= 6
    assert KEY not in str(caught.value)
    assert "pass" not in str(caught.value).replace("place", "")


def test_pages_of_other_servers_are_judged_by_what_they_send(depot: Depot) -> None:
    sends_to(depot, f"{depot.store.server.url}/login")

    with pytest.raises(HubForbidden, match="NoSuchKey"):
        depot.fetch()


def test_the_key_does_not_come_back_with_a_detour(depot: Depot) -> None:
    """Once another server had a part in the way, not even the hub gets the key again."""
    back = f"{depot.front.url}/back"
    link = depot.store.link_to(depot.file)
    detour = Reply(302, {"Location": back, "Set-Cookie": "a=b"})
    depot.on_store = lambda request: detour if request.path == "/detour" else None

    def front(request):
        if request.path == "/back":
            return Reply(302, {"Location": link})
        return Reply(307, {"Location": f"{depot.store.server.url}/detour"})

    depot.on_front = front

    depot.fetch()

    assert [("authorization" in r.headers) for r in depot.at_front] == [True, False]
    assert not any({"authorization", "cookie"} & set(r.headers) for r in depot.at_store)


def test_another_port_of_the_same_host_gets_no_key(depot: Depot) -> None:
    depot.fetch()

    assert httpx.URL(depot.front.url).host == httpx.URL(depot.store.server.url).host
    assert "authorization" not in depot.at_store[0].headers


@pytest.mark.parametrize("key", ["two words", "line\r\nHost: evil", "käse"])
def test_a_key_that_cannot_be_one_goes_nowhere(depot: Depot, key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        depot.fetch(ask=lambda: FetchStart(f"{depot.front.url}/f", Secret(key)))

    assert key not in str(caught.value)
    assert not depot.at_front


@pytest.mark.parametrize("url", ["ftp://x/y", "nonsense", "http://a:b@127.0.0.1/", "http://[", ""])
def test_an_address_that_is_none(depot: Depot, url: str) -> None:
    with pytest.raises(HubUnexpectedAnswer):
        depot.fetch(ask=lambda: FetchStart(url))


@pytest.mark.parametrize(
    "target", ["http://localhost:1/x", "http://10.0.0.1/x", "http://169.254.169.254/latest"]
)
def test_a_hub_on_the_internet_does_not_reach_into_our_network(
    depot: Depot, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    monkeypatch.setattr(wire, "reach_of", lambda _address: Reach.INTERNET)
    sends_to(depot, target)

    with pytest.raises(HubUnreachable, match="private network"):
        depot.fetch()


def test_a_name_that_leads_into_our_network_is_found_out_before_anything_is_asked(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name tells nothing; the address that it has does."""
    reaches = [Reach.INTERNET, Reach.MACHINE]
    monkeypatch.setattr(wire, "reach_of_name", lambda _host: Reach.INTERNET)
    monkeypatch.setattr(wire, "reach_of", lambda _address: reaches.pop(0))

    with pytest.raises(HubUnreachable, match="private network"):
        depot.fetch()

    assert not depot.at_store


@pytest.mark.parametrize(
    ("address", "reach"),
    [
        ("8.8.8.8", Reach.INTERNET),
        ("2606:4700::1111", Reach.INTERNET),
        ("192.168.1.2", Reach.PRIVATE),
        ("10.1.2.3", Reach.PRIVATE),
        ("100.64.0.1", Reach.PRIVATE),
        ("fd00::1", Reach.PRIVATE),
        ("127.0.0.1", Reach.MACHINE),
        ("127.8.8.8", Reach.MACHINE),
        ("::1", Reach.MACHINE),
        ("::ffff:127.0.0.1", Reach.MACHINE),
        ("::ffff:10.0.0.1", Reach.PRIVATE),
        ("2002:7f00:1::", Reach.MACHINE),
        ("169.254.169.254", Reach.MACHINE),
        ("fe80::1%eth0", Reach.MACHINE),
        ("0.0.0.0", Reach.MACHINE),  # noqa: S104
        ("224.0.0.1", Reach.MACHINE),
    ],
)
def test_reach(address: str, reach: Reach) -> None:
    assert reach_of(address) is reach
    assert reach_of_name(address) is reach


@pytest.mark.parametrize(
    ("host", "reach"),
    [("localhost", Reach.MACHINE), ("a.localhost", Reach.MACHINE), ("nas", Reach.INTERNET)],
)
def test_reach_of_names(host: str, reach: Reach) -> None:
    assert reach_of_name(host) is reach


@pytest.mark.parametrize(
    ("source", "target", "refused"),
    [
        ("https://hub.example/d", "http://hub.example/x", True),
        ("https://hub.example/d", "http://store.example/x", True),
        ("https://hub.example/d", "https://store.example/x", False),
        ("http://hub.example/d", "https://store.example/x", False),
        ("http://hub.example/d", "http://store.example/x", False),
        ("https://hub.example/d", "https://store.example/login", False),
        ("https://hub.example/d", "https://hub.example:8443/login", False),
    ],
)
def test_encryption_is_never_left(source: str, target: str, refused: bool) -> None:
    url = httpx.URL(source)
    hub = Origin.of(url)
    route = _Route(url, OriginAuth(hub, None), hub)

    problem = _wrong_turn(route, httpx.URL(target), target)

    assert (problem is not None) is refused
    assert problem is None or "encryption" in str(problem)


def test_nobody_there(depot: Depot) -> None:
    server = LoopbackServer(lambda _: Reply(200, {}))
    url = server.url
    server.close()

    with pytest.raises(HubUnreachable, match=r"127\.0\.0\.1.*cannot be reached"):
        depot.fetch(ask=lambda: FetchStart(f"{url}/f?sig=secret"))


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\n" * 300, b""])
def test_something_that_speaks_no_http(depot: Depot, answer: bytes) -> None:
    class Rude:
        def perform(self, connection) -> None:
            connection.wfile.write(answer)

    depot.on_front = lambda _: Rude()

    with pytest.raises(LoradexError):
        depot.fetch()


@pytest.mark.parametrize("told_by", ["https://archive.example", "https://10.0.0.7", "https://["])
def test_a_stranger_sends_nobody_nearer_than_it_is_itself(depot: Depot, told_by: str) -> None:
    start = depot.ask()
    with pytest.raises(HubUnreachable, match="private network"):
        depot.fetch(ask=lambda: replace(start, told_by=told_by))

    assert depot.fetch(ask=lambda: replace(start, told_by=start.url)).sha256 == depot.sha256
