"""Read what the head of an answer says about the bytes that follow."""

from __future__ import annotations

import contextlib
import re

from loradex.errors import HubUnexpectedAnswer
from loradex.hub.failures import Failure
from loradex.hub.fetching.part import Identity
from loradex.hub.fetching.troubles import Changed, Setback
from loradex.hub.fetching.wire import Reply
from loradex.hub.origin import Origin

_CONTENT_RANGE = re.compile(r"bytes\s+(\d{1,18})-(\d{1,18})/(\d{1,18})", re.ASCII)
_NAME_LIMIT = 1024


def identity_of(reply: Reply, start: int) -> Identity | None:
    """Return which bytes a 200, or a 206 that begins at `start`, is a part of.

    None when its length is not told. Raises `Changed` for a range that was not asked for, and
    `Setback` for lengths that contradict each other.
    """
    label = Origin.of(reply.url).label
    if reply.status == 206:
        found = _CONTENT_RANGE.fullmatch((reply.header("content-range") or "").strip())
        if found is None or int(found[1]) != start or not start <= int(found[2]) < int(found[3]):
            raise Changed
        size = int(found[3])
        if reply.length is not None and reply.length != int(found[2]) - start + 1:
            raise _contradiction(label)
    elif start:
        raise Changed  # all of it came in place of the rest
    elif reply.length is None:
        return None
    else:
        size = reply.length
    if len(set(reply.headers.get_all("content-length") or ())) > 1:
        raise _contradiction(label)
    origin = Origin.of(reply.url)
    return Identity(
        size=size,
        etag=_strong(reply.header("etag")),
        modified=_plain(reply.header("last-modified")),
        origin=f"{origin.scheme}://{origin.label}",
    )


def same_bytes(known: Identity, told: Identity) -> bool:
    """Tell whether two answers may be about the same bytes."""
    if known.size != told.size:
        return False
    if known.etag and told.etag:
        return known.etag == told.etag
    return not (known.modified and told.modified) or known.modified == told.modified


def takes_ranges(reply: Reply) -> bool:
    """Tell whether the server says that it gives parts of the file."""
    return reply.status == 206 or (reply.header("accept-ranges") or "").strip().lower() == "bytes"


def server_name(reply: Reply) -> str | None:
    """Return the name that `Content-Disposition` gives the file; None if it gives none.

    Headers are read as Latin-1; the hubs' storages send UTF-8 in them (docs/civitai.md).
    """
    name = reply.headers.get_filename()
    if not name:
        return None
    with contextlib.suppress(UnicodeError):  # it was decoded already, or is Latin-1
        name = name.encode("latin-1").decode("utf-8")
    return str(name)[:_NAME_LIMIT]


def _strong(etag: str | None) -> str | None:
    """Return an entity tag that stands for the very bytes; weak ones do not."""
    etag = _plain(etag)
    return etag if etag is not None and etag.startswith('"') and etag.endswith('"') else None


def _plain(value: str | None) -> str | None:
    if value is None:
        return None
    value = value.strip()
    plain = value.isascii() and value.isprintable()
    return value if plain and 0 < len(value) <= 512 else None


def _contradiction(label: str) -> Setback:
    return Setback(
        Failure(HubUnexpectedAnswer(f"{label} gives two different lengths for one file."), False)
    )
