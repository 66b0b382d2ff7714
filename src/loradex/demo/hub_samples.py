"""A hub that answers with documents lying in a folder, word for word as they were written there.

The folder holds documents in the real hub's shapes, and the recipes of the small model files that
they describe (support/fixture-files.json), which are made anew for downloads.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from loradex.demo.hub_http import Reply, Request
from loradex.demo.hub_world import World, WorldFile, WorldImage, WorldModel, WorldVersion

_HOSTS = ("https://image.civitai.com", "https://civitai.com")
_LAST_PAGE = "40|7027|900202"
_SDXL = "lora_sdxl_v2"

_PLAIN = {
    "models": "models-list.cursor-page1",
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
            document = self._for(request) if reply.status in (200, 404) else None
            if document is None:
                return reply
            headers = reply.headers | {"Cache-Control": "public, s-maxage=300"}
            return Reply(200, headers, document)

        return sampled

    def _for(self, request: Request) -> bytes | None:
        path = request.path.removeprefix("/api/v1/")
        by_hash, _, digest = path.rpartition("/")
        name = _PLAIN.get(path)
        if path == "models" and request.value("cursor") == _LAST_PAGE:
            name = "models-list.cursor-last"
        elif by_hash == "model-versions/by-hash" and digest.upper() in self._sdxl_digests():
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
        return set(_recipes(self.folder)[_SDXL]["hashes"].values())


def sample_world(folder: Path, into: Path, accounts: dict[str, str]) -> World:
    """Return the samples' world, as far as it has bytes: four model files, written to `into`.

    Beside them a model that may only be used on the site, and an archived one.
    """
    recipes = _recipes(folder)
    paths = {key: into / str(recipe["upload_name"]) for key, recipe in recipes.items()}
    for key, recipe in recipes.items():
        paths[key].write_bytes(rebuilt(recipe))
    versions: dict[int, list[WorldVersion]] = {}
    for key, recipe in recipes.items():
        version = _version(recipe, paths[key], folder, into)
        versions.setdefault(recipe["modelId"], []).append(version)
    models = [
        WorldModel(id=id_, name=str(id_), creator="paperlantern", versions=tuple(found))
        for id_, found in versions.items()
    ]
    closed = WorldVersion(id=910501, name="site only", usage_control="Generation")
    archived = WorldVersion(id=910301, name="archived")
    models += [
        WorldModel(id=900505, name="900505", versions=(closed,)),
        WorldModel(id=900303, name="900303", mode="Archived", versions=(archived,)),
    ]
    return World(models=tuple(models), accounts=accounts)


def rebuilt(recipe: dict[str, Any]) -> bytes:
    """Return the file that a recipe describes: a header, then 16-bit values of a fixed pattern."""
    header: bytes = recipe["header_json"].encode("ascii").ljust(recipe["header_length_field"])
    step, count = recipe["tensor_u16_step"], recipe["tensor_u16_count"]
    values = (0x2000 + (place * step) % 4096 for place in range(count))
    return struct.pack("<Q", len(header)) + header + struct.pack(f"<{count}H", *values)


def _version(recipe: dict[str, Any], path: Path, folder: Path, into: Path) -> WorldVersion:
    scanned = recipe["key"] != "ti_negative"
    file = WorldFile(
        id=recipe["fileId"],
        name=recipe["upload_name"],
        type="Model" if scanned else "Negative",
        size_bytes=recipe["size_bytes"],
        hashes=dict(recipe["hashes"]) if scanned else {},
        path=str(path),
    )
    images = _images(folder, into) if recipe["key"] == _SDXL else ()
    return WorldVersion(
        id=recipe["modelVersionId"], name=recipe["key"], files=(file,), images=images
    )


def _images(folder: Path, into: Path) -> tuple[WorldImage, ...]:
    """Return the still pictures that the samples link to, all of them one and the same."""
    from PIL import Image  # noqa: PLC0415 - only pictures need it

    picture = into / "picture.jpeg"
    Image.new("RGB", (96, 64), (200, 90, 30)).save(picture)
    text = (folder / "model-version.lora-sdxl.json").read_text(encoding="utf-8")
    links = (urlsplit(image["url"]).path for image in json.loads(text)["images"])
    names = (re.search(r"/(\d{1,18})\.jpe?g$", link) for link in links)
    return tuple(WorldImage(id=int(name[1]), path=str(picture)) for name in names if name)


def _recipes(folder: Path) -> dict[str, dict[str, Any]]:
    text = (folder / "support" / "fixture-files.json").read_text(encoding="utf-8")
    return {recipe["key"]: recipe for recipe in json.loads(text)["files"]}


def _digests_of(record: dict[str, Any]) -> list[str]:
    return [file["hashes"].get("SHA256", "") for file in record["files"]]
