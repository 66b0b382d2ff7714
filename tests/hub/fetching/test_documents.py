"""Pages and error texts that come in place of a model."""

from __future__ import annotations

import json

import pytest

from hub.fetching.kit import Depot, model_bytes
from loradex.demo.hub_http import Reply
from loradex.errors import NotAModel
from loradex.hub.fetching.documents import kind_of, storage_words

PAGE = b"<!DOCTYPE html><html><head><title>Nice \x1b[31mmodel</title></head></html>"
SIGN_IN = b"<html><title>Sign in</title><input type='password'></html>"
XML = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>No &lt;you&gt;.</Message>'
JSON = json.dumps({"error": "Model is \u202egone"}).encode()


@pytest.mark.parametrize("content_type", [None, "application/octet-stream", "own"])
@pytest.mark.parametrize(
    ("body", "own", "words"),
    [
        (PAGE, "text/html; charset=utf-8", r'a web page in place of .*"Nice \\x1b\[31mmodel"'),
        (SIGN_IN, "application/xhtml+xml", "a sign-in page"),
        (XML, "application/xml", "an error document .*: AccessDenied: No <you>"),
        (JSON, "application/json", r"an error document .*: Model is \\u202egone"),
    ],
)
def test_a_document_is_named_and_not_kept(
    depot: Depot, body: bytes, own: str, words: str, content_type: str | None
) -> None:
    kind = own if content_type == "own" else content_type
    depot.on_store = lambda _: Reply(200, {} if kind is None else {"Content-Type": kind}, body)

    with pytest.raises(NotAModel, match=words):
        depot.fetch()

    assert list(depot.folder.iterdir()) == []


def test_a_document_in_place_of_the_rest(depot: Depot) -> None:
    depot.leave((0, 100_000))
    depot.on_store = lambda _: Reply(200, {"Content-Type": "text/html"}, SIGN_IN)

    with pytest.raises(NotAModel):
        depot.fetch()


@pytest.mark.parametrize(
    ("content_type", "body"),
    [("application/json", b'{"error": "is what this config is about"}'), ("text/plain", b"a: 1\n")],
)
def test_a_text_may_be_what_is_wanted(depot: Depot, content_type: str, body: bytes) -> None:
    depot.source.write_bytes(body)
    depot.on_store = lambda _: Reply(200, {"Content-Type": content_type}, body)

    assert depot.fetch(depot.promise(text=True)).size == len(body)


def test_a_page_never_is(depot: Depot) -> None:
    depot.on_store = lambda _: Reply(200, {"Content-Type": "text/html"}, PAGE)

    with pytest.raises(NotAModel):
        depot.fetch(depot.promise(text=True, sha256=None))


@pytest.mark.parametrize(
    "head",
    [
        model_bytes(1000),
        b"GGUF\x03\x00\x00\x00",
        b"PK\x03\x04",
        b"\x80\x02}q\x00",
        b"<\x02\x00\x00\x00\x00\x00\x00{",
        b'{"\x00\x00\x00\x00\x00\x00{',
        b"{",
        b"",
        b"<htm",
    ],
)
def test_models_do_not_look_like_documents(head: bytes) -> None:
    assert kind_of("application/octet-stream", head, text_wanted=False) is None
    assert kind_of("text/plain", head, text_wanted=False) is None


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xef\xbb\xbf\r\n <!doctype HTML>", "html"),
        (b"<HTML lang=en>", "html"),
        (b"<Error><Code>", "xml"),
        (b"<!DOCTYPE foo>", "xml"),
        (b'{\n  "error": 1}', "json"),
        (b'{"message":"x"}', "json"),
    ],
)
def test_how_documents_begin(head: bytes, kind: str) -> None:
    assert kind_of(None, head, text_wanted=False) == kind


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        (XML, "application/xml", "AccessDenied: No <you>."),
        (b"<Error/>", "application/xml", ""),
        (PAGE, "text/html", ""),
        (b"\xff\xfe\x00binary", None, ""),
        (JSON, "application/json", "Model is \\u202egone"),
    ],
)
def test_what_a_storage_says(body: bytes, content_type: str | None, words: str) -> None:
    assert storage_words(body, content_type) == words
