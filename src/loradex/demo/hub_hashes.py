"""Versions found by the hashes of their files: singly, in batches, and ids only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import cast

from loradex.demo.hub_documents import Documents
from loradex.demo.hub_errors import HASH_CACHE, bad_batch, error, long_batch
from loradex.demo.hub_http import Reply, Request, json_reply
from loradex.demo.hub_index import WorldIndex
from loradex.demo.hub_parts import Document, Parts

LARGEST_BATCH = 100
LARGEST_ID_BATCH = 10_000


@dataclass(slots=True)
class BatchScenario:
    """Switches for the faults of the batches.

    `null_in_batch`: a null among the records. `undefined_links`: links that lead nowhere.
    `model_ids`: rows of ids name the model, too, as they do since 2026-07-23.
    """

    null_in_batch: bool = True
    undefined_links: bool = True
    model_ids: bool = True


class HashRoutes:
    """The by-hash endpoints (docs/civitai.md)."""

    def __init__(self, index: WorldIndex, documents: Documents) -> None:
        self._index = index
        self._documents = documents
        self.scenario = BatchScenario()

    def one(self, request: Request, digest: str) -> Reply:
        """Answer `GET /model-versions/by-hash/:hash`: any kind of hash, first published wins."""
        places = self._index.holders(digest)
        if not places:
            return error("Model not found", 404, cache=HASH_CACHE)
        place = places[0]
        document = self._documents.version(place.model, place.version, by_hash=True)
        return json_reply(document, cache=HASH_CACHE)

    def batch(self, request: Request) -> Reply:
        """Answer `POST /model-versions/by-hash` with its known faults.

        An entry per matching file, so versions repeat; a null among them; not in the order
        asked; links to `https://undefined`.
        """
        hashes = _hashes_in(request, LARGEST_BATCH)
        if isinstance(hashes, Reply):
            return hashes
        documents = self._documents
        if self.scenario.undefined_links:
            documents = Documents(Parts("https://undefined", self._documents.parts.images))
        records: list[Document | None] = []
        for digest in reversed(hashes):
            for place in self._index.holders(digest):
                records.append(documents.version(place.model, place.version, by_hash=True))
        if records and self.scenario.null_in_batch:
            records.insert(1, None)
        return json_reply(records)

    def ids(self, request: Request) -> Reply:
        """Answer `POST /model-versions/by-hash/ids`: a row per version and hash."""
        hashes = _hashes_in(request, LARGEST_ID_BATCH)
        if isinstance(hashes, Reply):
            return hashes
        return json_reply(
            [
                {"modelVersionId": place.version.id}
                | ({"modelId": place.model.id} if self.scenario.model_ids else {})
                | {"hash": digest}
                for digest in dict.fromkeys(hashes)
                for place in self._index.holders(digest)
            ]
        )


def _hashes_in(request: Request, most: int) -> list[str] | Reply:
    """Return the SHA-256 digests in a request, upper-case; a reply if one of them is none."""
    try:
        document = json.loads(request.body)
    except ValueError:
        return error("Invalid JSON", 400)
    if not isinstance(document, list):
        return bad_batch("Invalid input: expected array")
    if len(document) > most:
        return long_batch(most)
    for position, entry in enumerate(document):
        if not isinstance(entry, str) or len(entry) != 64:
            return bad_batch("Invalid hash", position)
    return [digest.upper() for digest in cast("list[str]", document)]
