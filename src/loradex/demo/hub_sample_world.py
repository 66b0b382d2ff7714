"""The world that the sample documents tell of, with bytes for as much of it as there are recipes.

The recipes of small model files (support/fixture-files.json) are made anew for downloads.
"""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from loradex.demo.hub_world import World, WorldFile, WorldImage, WorldModel, WorldVersion

LISTS = ("models-list.cursor-page1", "models-list.cursor-last")
"""The documents of the list of models, in the order of their pages."""

SDXL = "lora_sdxl_v2"

_ARCHIVED = "model.controlnet-archived"
_SITE_ONLY = frozenset({910501})
_UNSCANNED = "ti_negative"


def sample_world(folder: Path, into: Path, accounts: dict[str, str]) -> World:
    """Return the samples' world; four model files and a picture are written to `into`.

    Every model of the list is in it as the list shows it, and an archived one. What has no recipe
    has no bytes: its download is a 404.
    """
    recipe_of = {recipe["fileId"]: recipe for recipe in recipes(folder).values()}
    for recipe in recipe_of.values():
        (into / recipe["upload_name"]).write_bytes(rebuilt(recipe))
    picture = _picture(into)
    items = [item for name in LISTS for item in _document(folder, name)["items"]]
    models = [
        _model(item, into, picture, recipe_of) for item in [*items, _document(folder, _ARCHIVED)]
    ]
    return World(models=tuple(models), accounts=accounts)


def rebuilt(recipe: dict[str, Any]) -> bytes:
    """Return the file that a recipe describes: a header, then 16-bit values of a fixed pattern."""
    header: bytes = recipe["header_json"].encode("ascii").ljust(recipe["header_length_field"])
    step, count = recipe["tensor_u16_step"], recipe["tensor_u16_count"]
    values = (0x2000 + (place * step) % 4096 for place in range(count))
    return struct.pack("<Q", len(header)) + header + struct.pack(f"<{count}H", *values)


def recipes(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the recipes of model files, by their keys."""
    document = _document(folder / "support", "fixture-files")
    return {recipe["key"]: recipe for recipe in document["files"]}


def _model(
    item: dict[str, Any], into: Path, picture: Path, recipe_of: dict[int, dict[str, Any]]
) -> WorldModel:
    return WorldModel(
        id=item["id"],
        name=item["name"],
        type=item["type"],
        description=item["description"],
        tags=tuple(item["tags"]),
        creator=item["creator"]["username"],
        content_level=item["nsfwLevel"],
        mature=item["nsfw"],
        mode=item.get("mode"),
        commercial_use=tuple(filter(None, item["allowCommercialUse"].strip("{}").split(","))),
        # A creator may hide how often a model was downloaded.
        downloads=item["stats"]["downloadCount"] or 0,
        likes=item["stats"]["thumbsUpCount"],
        versions=tuple(
            _version(version, into, picture, recipe_of) for version in item["modelVersions"]
        ),
    )


def _version(
    version: dict[str, Any], into: Path, picture: Path, recipe_of: dict[int, dict[str, Any]]
) -> WorldVersion:
    base = version["baseModel"]
    files = [_file(file, into, recipe_of.get(file["id"])) for file in version.get("files", ())]
    return WorldVersion(
        id=version["id"],
        name=version["name"],
        base_model=base,
        ecosystem=_ECOSYSTEMS.get(base, "sd1"),
        trained_words=tuple(version.get("trainedWords", ())),
        description=version["description"],
        content_level=version["nsfwLevel"],
        published_at=version["publishedAt"],
        usage_control="Generation" if version["id"] in _SITE_ONLY else "Download",
        early_access_until=version.get("earlyAccessDeadline"),
        files=tuple(files),
        images=_images(version, picture),
    )


_ECOSYSTEMS = {
    "Illustrious": "illustrious",
    "SDXL 1.0": "sdxl",
    "SD 1.5": "sd1",
    "Flux.1 D": "flux1",
}


def _file(file: dict[str, Any], into: Path, recipe: dict[str, Any] | None) -> WorldFile:
    metadata = file["metadata"]
    hashes = file["hashes"]
    size = round(file["sizeKB"] * 1024)
    if recipe is not None:
        size = recipe["size_bytes"]
        hashes = {} if recipe["key"] == _UNSCANNED else recipe["hashes"]
    return WorldFile(
        id=file["id"],
        name=file["name"] if recipe is None else recipe["upload_name"],
        type=file["type"],
        size_bytes=size,
        format=metadata.get("format"),
        precision=metadata.get("fp"),
        size=metadata.get("size"),
        quantisation=metadata.get("quantType"),
        hashes=dict(hashes),
        path=None if recipe is None else str(into / recipe["upload_name"]),
    )


def _images(version: dict[str, Any], picture: Path) -> tuple[WorldImage, ...]:
    """Return the still pictures that a version links to, all of them one and the same."""
    found = []
    for image in version["images"]:
        name = re.search(r"/(\d{1,18})\.jpe?g$", urlsplit(image["url"]).path)
        if name is not None:
            found.append(
                WorldImage(
                    id=int(name[1]),
                    width=image["width"],
                    height=image["height"],
                    content_level=image["nsfwLevel"],
                    path=str(picture),
                )
            )
    return tuple(found)


def _picture(into: Path) -> Path:
    from PIL import Image  # noqa: PLC0415 - only pictures need it

    picture = into / "picture.jpeg"
    Image.new("RGB", (96, 64), (200, 90, 30)).save(picture)
    return picture


def _document(folder: Path, name: str) -> dict[str, Any]:
    text = (folder / f"{name}.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document
