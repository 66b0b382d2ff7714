"""Identify and hash files without a catalog."""

from __future__ import annotations

from pathlib import Path

from loradex.domain.hashes import Hashes
from loradex.domain.header import Header
from loradex.domain.identity import Identity
from loradex.errors import FormatError
from loradex.formats.hashing import hash_file
from loradex.formats.headers import read_header
from loradex.formats.training import describe
from loradex.identify import identify


def identify_file(path: Path) -> tuple[Header, Identity]:
    """Return a file's header and what it is; raise `FormatError` when it cannot be read."""
    header = read_header(path)
    return header, identify(header, file_name=path.name)


def hash_one(path: Path) -> tuple[Hashes, str | None]:
    """Return a file's digests, and the tensor digest that its own header claims, if any.

    Any file has digests; raises `FormatError` only when it cannot be read.
    """
    hashes = hash_file(path)
    try:
        claimed = describe(read_header(path).metadata).claimed_tensor_hash
    except FormatError:
        claimed = None
    return hashes, claimed
