"""Look-ups by hash: many files at once, and believed only what the answer proves."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Sequence

from loradex.domain.hashes import EMPTY_SHA256
from loradex.domain.hub import HashHit, HubFile, HubVersion
from loradex.hub.source import IDS_PER_CALL, VERSIONS_PER_CALL
from loradex.hub.translate import Translator
from loradex.hub.transport import HubTransport, expect_list

_SHA256 = re.compile(r"[0-9a-f]{64}")
# CRC32 and AutoV1, AutoV2, AutoV3, and the whole digests.
_DIGEST = re.compile(r"[0-9a-f]{8}|[0-9a-f]{10}|[0-9a-f]{12}|[0-9a-f]{64}")

_log = logging.getLogger(__name__)


class HashLookups:
    """What the hub behind `transport` knows by hashes."""

    def __init__(self, transport: HubTransport, translate: Translator) -> None:
        self._transport = transport
        self._translate = translate

    def ids(self, sha256s: Iterable[str]) -> list[HashHit]:
        """Return a hit for every version that holds one of these bytes; several per hash."""
        hits: dict[HashHit, None] = {}
        for chunk in _chunks(_sha256s(sha256s), IDS_PER_CALL):
            rows = self._post_list("api/v1/model-versions/by-hash/ids", chunk)
            asked = set(chunk)
            for hit in self._translate.each(rows, self._translate.hit):
                if hit.sha256 in asked:
                    hits[hit] = None
        return list(hits)

    def versions(self, sha256s: Iterable[str]) -> list[HubVersion]:
        """Return each version that has a file with one of these hashes, once."""
        found: dict[int, HubVersion] = {}
        for chunk in _chunks(_sha256s(sha256s), VERSIONS_PER_CALL):
            records = self._post_list("api/v1/model-versions/by-hash", chunk)
            asked = set(chunk)
            for version in self._translate.each(records, self._translate.version):
                if any(file.sha256 in asked for file in version.files):
                    found.setdefault(version.id, version)
                else:
                    _log.info("Version %d holds no hash that was asked for.", version.id)
        return list(found.values())

    def version(self, digest: str) -> HubVersion | None:
        """Return the version that holds this digest of any kind; None if the hub has none."""
        wanted = digest.strip().lower()
        if not _DIGEST.fullmatch(wanted) or wanted == EMPTY_SHA256:
            return None
        document = self._transport.find(f"api/v1/model-versions/by-hash/{wanted.upper()}")
        if document is None:
            return None
        version = self._translate.version(document)
        if any(_holds(file, wanted) for file in version.files):
            return version
        _log.info("Version %d does not hold the hash that was asked for.", version.id)
        return None

    def _post_list(self, path: str, hashes: Sequence[str]) -> list[object]:
        # Older servers compare hashes as text, in upper case.
        answer = self._transport.post(path, [sha256.upper() for sha256 in hashes])
        return expect_list(answer, self._transport.label)


def _sha256s(candidates: Iterable[str]) -> list[str]:
    """Return the candidates that are SHA-256 digests, lower-case, each once, in order.

    A single malformed hash makes the hub refuse the whole batch; the digest of no bytes at all
    identifies nothing.
    """
    lower = (text.strip().lower() for text in candidates)
    good = (text for text in lower if _SHA256.fullmatch(text) and text != EMPTY_SHA256)
    return list(dict.fromkeys(good))


def _chunks(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _holds(file: HubFile, digest: str) -> bool:
    return digest in file.hashes.values() or (len(digest) == 12 and file.autov3 == digest)
