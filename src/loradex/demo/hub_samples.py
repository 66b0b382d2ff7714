"""A hub that answers with documents lying in a folder, word for word as they were written there.

The folder holds documents in the real hub's shapes. What no document answers is answered from a
world made of them (`hub_sample_world`), so that a list and the records of what it lists agree.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loradex.demo.hub_http import Reply, Request
from loradex.demo.hub_sample_world import LISTS, SDXL, recipes

_HOSTS = ("https://image.civitai.com", "https://civitai.com")
_LAST_PAGE = "40|7027|900202"
# What leaves the two pages of the list as they are. Every other parameter chooses models.
_NO_FILTER = frozenset({"limit", "nsfw", "page", "primaryFileOnly", "periodMode", "token"})
_USUAL = {"sort": "Highest Rated", "period": "AllTime"}

_PLAIN = {
    "models/900101": "model.lora-multi-version",
    "models/900202": "model.checkpoint-multi-file",
    "models/900303": "model.controlnet-archived",
    "model-versions/910102": "model-version.lora-sdxl",
    "model-versions/910103": "model-version.early-access",
    "model-versions/910401": "model-version.textual-inversion-unscanned",
    "model-versions/300123": "model-version.legacy-2023",
    "model-versions/mini/910102": "model-version-mini.lora-sdxl",
    "creators": "creators-list",
    "tags": "tags-list",
    "enums": "enums",
    "me": "me",
}


@dataclass(frozen=True, slots=True)
class Samples:
    """The documents of `folder`, with the hub's hosts replaced by `base` and `images`."""

    folder: Path
    base: str
    images: str

    def before(self, answer: Callable[[Request], Reply]) -> Callable[[Request], Reply]:
        """Return `answer` with its documents replaced by samples where there is one.

        What `answer` refuses stays refused: its rules are those of the hub.
        """

        def sampled(request: Request) -> Reply:
            reply = answer(request)
            document = self._for(request, reply) if reply.status in (200, 404) else None
            if document is None:
                return reply
            headers = reply.headers | {"Cache-Control": "public, s-maxage=300"}
            return Reply(200, headers, document)

        return sampled

    def _for(self, request: Request, reply: Reply) -> bytes | None:
        path = request.path.removeprefix("/api/v1/")
        by_hash, _, digest = path.rpartition("/")
        name = _PLAIN.get(path)
        if path == "models":
            return self._list(request, reply)
        if by_hash == "model-versions/by-hash" and digest.upper() in self._sdxl_digests():
            name = "model-version-by-hash.lora-sdxl"
        if name is not None:
            return self._read(name)
        if path == "images":
            return self._gallery(request)
        if path == "model-versions/by-hash":
            return self._rows(request, "model-versions-by-hash-batch", _digests_of)
        if path == "model-versions/by-hash/ids":
            return self._rows(request, "model-versions-by-hash-ids", lambda row: [row["hash"]])
        return None

    def _list(self, request: Request, reply: Reply) -> bytes:
        """Return the first or the last page; of a search, the samples of what the world has."""
        asked = {key: value for key, value in request.query if value != _USUAL.get(key)}
        cursor = asked.pop("cursor", None)
        if asked.keys() <= _NO_FILTER and cursor in (None, _LAST_PAGE):
            return self._read(LISTS[0] if cursor is None else LISTS[1])
        samples = {
            item["id"]: item for name in LISTS for item in json.loads(self._read(name))["items"]
        }
        document = json.loads(reply.body)
        document["items"] = [
            _shown(samples.get(item["id"], item), item) for item in document["items"]
        ]
        return json.dumps(document, ensure_ascii=False).encode()

    def _read(self, name: str) -> bytes:
        text = (self.folder / f"{name}.json").read_text(encoding="utf-8")
        for host, here in zip(_HOSTS, (self.images, self.base), strict=True):
            text = text.replace(host, here)
        return text.encode()

    def _gallery(self, request: Request) -> bytes | None:
        if request.value("modelVersionId") != "910102":
            return None
        document = json.loads(self._read("images-list"))
        if request.value("withMeta") != "true":
            document["items"] = [item | {"meta": None} for item in document["items"]]
        return json.dumps(document, ensure_ascii=False).encode()

    def _rows(
        self, request: Request, name: str, digests: Callable[[Any], list[str]]
    ) -> bytes | None:
        """Return those rows that hold an asked hash; the null among them stays."""
        asked = {digest.upper() for digest in json.loads(request.body)}
        rows = json.loads(self._read(name))
        kept = [row for row in rows if row is None or not asked.isdisjoint(digests(row))]
        return json.dumps(kept if any(kept) else [], ensure_ascii=False).encode()

    def _sdxl_digests(self) -> set[str]:
        return set(recipes(self.folder)[SDXL]["hashes"].values())


def _digests_of(record: dict[str, Any]) -> list[str]:
    return [file["hashes"].get("SHA256", "") for file in record["files"]]


def _shown(sample: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    """Return a sample with those of its versions that the search shows."""
    shown = {version["id"] for version in item["modelVersions"]}
    versions = [version for version in sample["modelVersions"] if version["id"] in shown]
    return sample | {"modelVersions": versions}
