"""What a file should be before it is fetched, and what it was found to be."""

from __future__ import annotations

from dataclasses import dataclass

from loradex.domain.hashes import Hashes
from loradex.errors import WrongBytes


@dataclass(frozen=True, slots=True)
class Promise:
    """What is known of a file beforehand.

    `name` is what sentences call it; it may hold untrusted text. `size_bytes` is a hint unless
    `size_exact`. `sha256` is hex of either case; with `sha256_required` (or when the place that
    gives the bytes asks for it) a file that has no promised SHA-256 is not fetched at all.
    `text`: a text is what is wanted (a config), so what reads like a document is not refused.
    """

    name: str
    size_bytes: int | None = None
    size_exact: bool = False
    sha256: str | None = None
    sha256_required: bool = False
    text: bool = False


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """How patient and how busy a fetch is.

    `stall_seconds`: a connection that brings next to nothing for so long is given up.
    `connections`: most at the same time for one file, 1 to 4; more than one only where the server
    takes ranges and the network is what holds the file up. `tries`: how often in a row a fetch
    may fail without one byte more before it is given up.
    """

    stall_seconds: float = 120.0
    connections: int = 4
    tries: int = 5


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole file in its part, flushed to the disk.

    `hashes` is None when no digester was given. `server_name` is the name the server gave it, as
    it came: untrusted, only decoded. `resumed_from`: bytes that were there from an earlier fetch.
    """

    size: int
    sha256: str
    hashes: Hashes | None
    server_name: str | None
    resumed_from: int


class NotAsPromised(WrongBytes):
    """The size or the SHA-256 is another than promised.

    `found` is what the whole part holds: put it aside. None when the server's own announcement
    was enough to stop, so that there is nothing to keep.
    """

    def __init__(
        self, message: str, *, found: Fetched | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.found = found
