"""Where a smaller, still version of a hub's picture is asked for."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

WIDTHS = (96, 320, 450, 512, 800, 1200, 1600)
"""Widths the image server keeps ready; others are rounded up to these (docs/civitai.md)."""
_OPTIMISED_UP_TO = 450

_SERVERS = ("image.civitai.com", "imagecache.civitai.com")
_LOOPBACK = ("127.0.0.1", "localhost")
"""A hub on this very machine, which hands out the same links."""
_SHAPE = re.compile(
    r"(?P<start>/[\w-]{1,64}/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    r"/[a-z]+=[\w.]+(?:,[a-z]+=[\w.]+)*"
    r"/(?P<name>[\w-]{1,64})\.(?P<suffix>\w{2,5})",
    re.ASCII,
)


def still_link(url: str, kind: str, width: int) -> str | None:
    """Return the address of a still picture about `width` pixels wide.

    `kind` is the hub's word: `image`, `video`, `audio`. A picture whose server is not known to
    make others of it keeps its address; what is no picture has none there (None).
    """
    if kind not in ("image", "video"):
        return None
    shape = _known_shape(url)
    if shape is None:
        return url if kind == "image" else None
    options = [f"width={next((step for step in WIDTHS if step >= width), WIDTHS[-1])}"]
    if width <= _OPTIMISED_UP_TO:
        options.append("optimized=true")
    suffix = shape["suffix"]
    if kind == "video":
        options = ["transcode=true", *options, "anim=false"]
        suffix = "jpeg"
    server = url[: url.index("/", len("https://"))]
    return f"{server}{shape['start']}/{','.join(options)}/{shape['name']}.{suffix}"


def _known_shape(url: str) -> re.Match[str] | None:
    """Return the parts of a link of CivitAI's image server; None for any other."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    known = (parts.scheme == "https" and parts.netloc in _SERVERS) or (
        parts.scheme == "http"
        and parts.netloc in (*_LOOPBACK, *(f"{host}:{port}" for host in _LOOPBACK))
    )
    if not known or "?" in url or "#" in url:
        return None
    return _SHAPE.fullmatch(parts.path)
