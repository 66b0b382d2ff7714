"""Packed answers: gzip is understood, within bounds; anything else is refused."""

from __future__ import annotations

import gzip
import zlib

import pytest

from loradex.demo.hub_http import JSON, Reply
from loradex.demo.hub_server import LocalHub
from loradex.errors import HubBadRequest, HubUnexpectedAnswer
from loradex.hub.client import CivitaiHub

DOCUMENT = b'{"id": 7, "name": "packed"}'
BROKEN = bytearray(gzip.compress(DOCUMENT))
BROKEN[12] ^= 0xFF


def packed(body: bytes, coding: str = "gzip", status: int = 200) -> Reply:
    return Reply(status, {"Content-Type": JSON, "Content-Encoding": coding}, body)


@pytest.mark.parametrize(
    "reply",
    [
        packed(gzip.compress(DOCUMENT)),
        packed(gzip.compress(DOCUMENT), "GZIP"),
        packed(gzip.compress(DOCUMENT), "x-gzip"),
        packed(DOCUMENT, "identity"),
        packed(DOCUMENT, ""),
        Reply(200, {"Content-Type": "application/problem+json"}, DOCUMENT),
        Reply(200, {"Content-Type": "Application/JSON"}, DOCUMENT),
    ],
)
def test_what_is_understood(client: CivitaiHub, hub: LocalHub, reply: Reply) -> None:
    hub.trouble(reply)

    model = client.model(7)

    assert model is not None
    assert model.name == "packed"
    assert hub.requests[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (packed(gzip.compress(DOCUMENT)[:-10]), "stops in the middle"),
        (packed(b""), "stops in the middle"),
        (packed(bytes(BROKEN)), "damaged gzip"),
        (packed(DOCUMENT), "damaged gzip"),
        (packed(zlib.compress(DOCUMENT), "deflate"), "was not asked for"),
        (packed(gzip.compress(gzip.compress(DOCUMENT)), "gzip, gzip"), "was not asked for"),
        (packed(DOCUMENT, "br"), "was not asked for"),
        (Reply(200, {}, DOCUMENT), "not JSON"),
        (Reply(200, {"Content-Type": "text/json"}, DOCUMENT), "not JSON"),
        (Reply(200, {"Content-Type": JSON}, b""), "cannot be read"),
        (Reply(200, {"Content-Type": JSON}, b"\xef\xbb\xbf{}"), "cannot be read"),
    ],
)
def test_what_is_refused(client: CivitaiHub, hub: LocalHub, reply: Reply, words: str) -> None:
    hub.trouble(reply)

    with pytest.raises(HubUnexpectedAnswer, match=words):
        client.model(7)
    assert len(hub.requests) == 1


def test_a_long_error_is_cut(client: CivitaiHub, hub: LocalHub) -> None:
    body = b'{"error": "' + b"no " * 5_000_000 + b'"}'
    hub.trouble(packed(gzip.compress(body), status=400))
    hub.trouble(Reply(400, {"Content-Type": JSON}, b'{"error": "' + b"no " * 5_000 + b'"}'))

    with pytest.raises(HubBadRequest) as caught:
        client.model(7)
    assert caught.value.message.endswith("does not accept the request.")
    with pytest.raises(HubBadRequest) as caught:
        client.model(7)
    assert len(caught.value.message) < 300
