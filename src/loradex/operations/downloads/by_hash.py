"""A file named by its hash: which version of a hub that is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from loradex.domain.hub_source import HubNames

if TYPE_CHECKING:
    from loradex.operations.hubs import Hubs

# SHA-256; its first ten digits, which A1111 writes (AutoV2); CRC32 and AutoV1 have eight.
_HASH = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64}|[0-9a-fA-F]{10}|[0-9a-fA-F]{8})", re.IGNORECASE)


def hash_in(text: str) -> str | None:
    """Return the hash that a text is, None when it is none.

    Digits alone are a number of a model or a version, unless there are 64 of them.
    """
    found = _HASH.fullmatch(text.strip())
    if found is None or (found[1].isdecimal() and len(found[1]) < 64):
        return None
    return found[1].upper()


def by_version(hubs: Hubs, text: str) -> str:
    """Return the `version:ID` that has a file with this hash; any other text as it is.

    A hash that no hub knows stays as it is. Raises from the `HubError` tree.
    """
    digest = hash_in(text)
    if digest is None or hubs.offline:
        return text
    for hub in hubs:
        version = hub.version_by_hash(digest)
        reference = None if version is None else f"version:{version.id}"
        if reference and isinstance(hub, HubNames) and hub.recognise(reference) is not None:
            return reference
    return text
