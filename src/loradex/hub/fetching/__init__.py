"""One file from an address to the disk: fast, hashed on the way, impossible to fool or to lose.

`Fetcher.fetch` is the whole of it. What is kept between two calls lies beside the part:
`<part>` holds the bytes, `<part>.json` tells which of them are there and what they are a part of
(`loradex.hub.fetching.part`).
"""

from __future__ import annotations

from loradex.hub.fetching.fetcher import Fetcher
from loradex.hub.fetching.part import discard_part, kept_bytes
from loradex.hub.fetching.promise import Fetched, FetchOptions, NotAsPromised, Promise
from loradex.hub.fetching.speed import SpeedLimit

__all__ = [
    "FetchOptions",
    "Fetched",
    "Fetcher",
    "NotAsPromised",
    "Promise",
    "SpeedLimit",
    "discard_part",
    "kept_bytes",
]
