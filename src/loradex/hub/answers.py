"""Read an HTTP answer without trusting it: bounded bytes, bounded JSON."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import httpx

from loradex.errors import HubUnexpectedAnswer

BODY_LIMIT = 32 * 1024 * 1024
"""Most bytes of a decoded answer."""
VALUE_LIMIT = 3_000_000
"""Most values in one JSON document. Small values cost far more memory than their text: without
this an answer within `BODY_LIMIT` could take a gigabyte."""
ERROR_BODY_LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, its body decoded from gzip."""

    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def says_json(self) -> bool:
        """True when the content type is JSON."""
        kind = str(self.headers.get("content-type", "")).partition(";")[0].strip().lower()
        return kind == "application/json" or kind.endswith("+json")


def read_answer(response: httpx.Response, label: str) -> Answer:
    """Return `response` with its body read; raise `HubUnexpectedAnswer` if it is too large.

    The body of an error is cut to what a message needs. `label` names the server.
    """
    failed = response.status_code >= 300
    limit = ERROR_BODY_LIMIT if failed else BODY_LIMIT
    body = bytearray()
    for chunk in _decoded(response, limit + 1, label):
        body += chunk
        if len(body) > limit:
            if failed:
                break
            raise HubUnexpectedAnswer(
                f"{label} sent more than {BODY_LIMIT // 1024**2} MiB for one answer.",
                status=response.status_code,
            )
    return Answer(response.status_code, response.headers, bytes(body[:limit]))


def _decoded(response: httpx.Response, most: int, label: str) -> Iterator[bytes]:
    """Yield the body's bytes; a chunk never grows beyond `most`, whatever gzip promises.

    httpx itself decodes without a bound, so the raw bytes are decoded here.
    """
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding in ("", "identity"):
        yield from response.iter_raw(64 * 1024)
        return
    if coding not in ("gzip", "x-gzip"):
        raise HubUnexpectedAnswer(
            f"{label} packed its answer in a way it was not asked for.",
            status=response.status_code,
        )
    inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        for chunk in response.iter_raw(64 * 1024):
            yield inflater.decompress(chunk, most)
    except zlib.error as error:
        raise HubUnexpectedAnswer(
            f"{label} sent a damaged gzip answer.", status=response.status_code
        ) from error
    if not inflater.eof:
        raise HubUnexpectedAnswer(
            f"{label} sent a gzip answer that stops in the middle.", status=response.status_code
        )


def parse_json(answer: Answer, label: str) -> object:
    """Return the document in `answer`; raise `HubUnexpectedAnswer` if there is none."""
    if not answer.says_json:
        raise HubUnexpectedAnswer(
            f"{label} answered with something that is not JSON (status {answer.status}).",
            status=answer.status,
            hint="A sign-in page of the network or a bot check may stand in between.",
        )
    body = answer.body
    if body.count(b",") + body.count(b"[") + body.count(b"{") > VALUE_LIMIT:
        raise HubUnexpectedAnswer(
            f"{label} sent a JSON answer with too many values.", status=answer.status
        )
    try:
        document: object = json.loads(
            body.decode("utf-8"), parse_float=_finite, parse_constant=_finite
        )
    except RecursionError as error:
        raise HubUnexpectedAnswer(
            f"{label} sent a JSON answer that is nested too deeply.", status=answer.status
        ) from error
    except ValueError as error:
        raise HubUnexpectedAnswer(
            f"{label} sent a JSON answer that cannot be read.",
            status=answer.status,
            hint="Try again; if it stays so, the hub or a proxy cuts answers short.",
        ) from error
    return document


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number
