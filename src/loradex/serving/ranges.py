"""Which bytes of a file a request wants: `Range`, `If-Range`, `If-Match`, `If-None-Match`.

RFC 9110, sections 13 and 14. Only one range is given; several are answered with the whole file,
which a server may do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes from `start` up to, not including, `end`, and the status that goes with them."""

    status: int
    start: int
    end: int

    @property
    def length(self) -> int:
        """Number of bytes."""
        return self.end - self.start


def wanted_span(headers: Mapping[str, str], size: int, etag: str) -> Span:
    """Return what to send of a file of `size` bytes: status 200, 206, 304, 412 or 416.

    For the last three it is empty. `etag` is a strong one, with its quotes.
    """
    if "if-match" in headers and not _names(headers["if-match"], etag):
        return Span(412, 0, 0)
    if "if-none-match" in headers and _names(headers["if-none-match"], etag):
        return Span(304, 0, 0)
    whole = Span(200, 0, size)
    asked = _RANGE.fullmatch(headers.get("range", "").strip())
    if asked is None or not any(asked.groups()):
        return whole
    if headers.get("if-range", etag).strip() != etag:
        return whole
    return _span(asked[1], asked[2], size, whole)


def _span(first: str, last: str, size: int, whole: Span) -> Span:
    if not first:  # the last so many bytes
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:  # no range at all: ignored
            return whole
    return Span(206, start, end) if start < end else Span(416, 0, 0)


def _names(header: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return "*" in tags or etag in tags
