"""Tell a model from a page or an error text that came in its place, and name that for what it is.

Content types of documents are refused. A server may also call a page `application/octet-stream`,
so the first bytes are looked at: no model file begins as these documents do.
"""

from __future__ import annotations

import html
import re

import httpx

from loradex.domain.text import display_text
from loradex.errors import NotAModel
from loradex.hub.answers import Answer
from loradex.hub.failures import said
from loradex.hub.fetching.promise import Promise

SNIFFED = 16 * 1024
"""How much of a document is read to name it."""
_SHOWN = 160
_HTML = ("text/html", "application/xhtml+xml")
_STARTS = {
    "html": ("<!doctype html", "<html", "<head", "<body", "<script"),
    "xml": ("<?xml", "<error", "<!doctype"),
    "json": ('{"error', '{"message', '{"detail', '{"success', '{"code', '{"status'),
}
_SIGN_IN = re.compile(r"type=[\"']?password|\b(sign|log)[ -]?in\b|captive|portal", re.IGNORECASE)


def kind_of(content_type: str | None, head: bytes, *, text_wanted: bool) -> str | None:
    """Return `html`, `xml` or `json` if that is what came in place of the file, else None.

    With `text_wanted` only pages are refused: any other document may be the file.
    """
    kind = _by_type(content_type) or _by_start(head)
    return kind if kind == "html" or not text_wanted else None


def not_a_model(promise: Promise, kind: str, head: bytes, label: str) -> NotAModel:
    """Return the error that names a document of `kind`, which begins with `head`."""
    text = head.decode("utf-8", "replace")
    name = display_text(promise.name)
    if kind == "html":
        title = _shown(_inside("title", text))
        if _SIGN_IN.search(text):
            what, hint = "a sign-in page", "Check the hub's key, and that the network is open."
        else:
            what, hint = "a web page", "Open the model's page in a browser to see what it says."
        detail = f' ("{title}")' if title else ""
        return NotAModel(f"{label} sent {what} in place of {name}{detail}.", hint=hint)
    words = _error_words(kind, text, head)
    detail = f": {words}" if words else ""
    return NotAModel(
        f"{label} sent an error document in place of {name}{detail.rstrip('.')}.",
        hint="Try again later, or look at the model's page.",
    )


def storage_words(head: bytes, content_type: str | None) -> str:
    """Return what a storage says in a refusal: `AccessDenied: Request has expired`; or ""."""
    kind = _by_type(content_type) or _by_start(head)
    if kind is None or kind == "html":
        return ""
    return _error_words(kind, head.decode("utf-8", "replace"), head)


def _by_type(content_type: str | None) -> str | None:
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind in _HTML:
        return "html"
    for name in ("xml", "json"):
        if kind.endswith((f"/{name}", f"+{name}")):
            return name
    return None


def _by_start(head: bytes) -> str | None:
    start = head[:256].removeprefix(b"\xef\xbb\xbf").lstrip()[:64]
    if b"\x00" in start:
        return None
    text = re.sub(r"\s+", " ", start.decode("utf-8", "ignore").lower())
    for kind, starts in _STARTS.items():
        # Between a brace and the first name there may be a line break.
        if text.replace("{ ", "{").startswith(starts):
            return kind
    return None


def _error_words(kind: str, text: str, head: bytes) -> str:
    if kind == "json":
        headers = httpx.Headers({"content-type": "application/json"})
        return said(Answer(200, headers, head))
    parts = (_shown(_inside("code", text)), _shown(_inside("message", text)))
    return ": ".join(part for part in parts if part)


def _inside(tag: str, text: str) -> str:
    found = re.search(rf"<{tag}[^<>]*>([^<]*)<", text, re.IGNORECASE)
    return html.unescape(found[1]) if found else ""


def _shown(text: str) -> str:
    return display_text(" ".join(text.split()), _SHOWN)
