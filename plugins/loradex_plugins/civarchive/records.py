"""The archive's documents in loradex's own records."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from urllib.parse import urlsplit

from loradex.domain.content_level import XXX, R, X
from loradex.domain.hub import HubFile, HubImage, HubModel, HubVersion, number_for
from loradex_plugins.civarchive.reading import (
    Document,
    model_in,
    number,
    table,
    tables,
    text,
    unwrapped,
    version_in,
    words,
)

MOST_FILES = 200
MOST_IMAGES = 50
MOST_WORDS = 200
_RAW_LIMIT = 512 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FORMATS = {
    "safetensors": "SafeTensor",
    "gguf": "GGUF",
    "ckpt": "PickleTensor",
    "pt": "PickleTensor",
    "pth": "PickleTensor",
    "bin": "PickleTensor",
}
_LARGEST_SIZE = 2**50
_VIDEO = re.compile(r"\.(mp4|webm)$", re.IGNORECASE)


def model_from(document: object) -> HubModel | None:
    """Return an answer as a model with the one version it shows; None if it is no such answer."""
    answer = unwrapped(document)
    version = version_in(answer)
    context = model_in(answer)
    identity = text(str(version.get("id") or ""))
    if identity is None:
        return None
    model_id = number(version.get("modelId")) or number(context.get("id"))
    owner = str(context.get("id") or version.get("modelId") or identity)
    creator = context.get("creator_username") or context.get("username")
    gone = bool(context.get("deletedAt") or version.get("deletedAt"))
    model = HubModel(
        id=model_id or number_for(f"model {owner}"),
        name=text(context.get("name")) or "",
        type=text(context.get("type")) or "",
        description=text(context.get("description")),
        tags=words(context.get("tags") or [], MOST_WORDS),
        creator=text(creator) or text(context.get("creator_name")),
        content_level=_level(context, version),
        mode="TakenDown" if gone else None,
        licence={},
        versions=(),
        raw=_as_text(document),
        slug=None if model_id else owner,
    )
    return replace(model, versions=(_version(version, identity, model, context),))


def _version(version: Document, identity: str, model: HubModel, context: Document) -> HubVersion:
    own_id = number(version.get("id"))
    return HubVersion(
        id=own_id or number_for(f"version {identity}"),
        model_id=model.id,
        name=text(version.get("name")) or "",
        base_model=text(version.get("baseModel")) or "",
        trained_words=words(version.get("trigger"), MOST_WORDS),
        content_level=_level(version, context),
        description=text(version.get("description")),
        published_at=None,
        air=None,
        usage_control=None,
        files=_files(version),
        images=tuple(_images(version)),
        model_name=model.name or None,
        model_type=model.type or None,
        raw=model.raw,
        slug=None if own_id else identity,
    )


def _files(version: Document) -> tuple[HubFile, ...]:
    """Return the files, safetensors first; the first one is the primary: the archive's own word
    for it is often wrong.
    """
    files = [_file(file) for file in tables(version.get("files"), MOST_FILES)]
    files.sort(key=lambda file: file.format != "SafeTensor")
    return tuple(replace(file, primary=place == 0) for place, file in enumerate(files))


def _file(file: Document) -> HubFile:
    name = text(file.get("name")) or ""
    digest = (text(file.get("sha256")) or "").strip().lower()
    sha256 = digest if _SHA256.fullmatch(digest) else None
    return HubFile(
        id=number(file.get("id")),
        name=name,
        type=text(file.get("type")) or "Model",
        size_bytes=_size(file.get("sizeKB")),
        sha256=sha256,
        autov3=None,
        primary=False,
        format=_FORMATS.get(name.rpartition(".")[2].lower()),
        precision=None,
        download_url=None,
        hashes={} if sha256 is None else {"SHA256": sha256},
    )


def _size(kibibytes: object) -> int | None:
    """Return a size in bytes; sizes under 1 KiB stand for ones that nobody knows."""
    if not isinstance(kibibytes, int | float) or not 1 <= kibibytes < _LARGEST_SIZE / 1024:
        return None
    return round(kibibytes * 1024)


def _images(version: Document) -> list[HubImage]:
    images = []
    for image in tables(version.get("images"), MOST_IMAGES):
        url = text(image.get("url")) or ""
        if url.startswith("https://"):
            kind = "video" if _VIDEO.search(urlsplit(url).path) else "image"
            level = _bits(image.get("nsfwLevel"))
            images.append(HubImage(number(image.get("id")), url, kind, level, None, None, None))
    return images


def _level(*documents: Document) -> int:
    """Return the first content level that is given; what is only called mature may be anything."""
    for document in documents:
        if level := _bits(document.get("nsfw_level")):
            return level
    return R | X | XXX if any(table(d).get("is_nsfw") is True for d in documents) else 0


def _bits(value: object) -> int:
    return value if type(value) is int and 0 <= value < 64 else 0


def _as_text(document: object) -> str:
    written = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    if len(written) > _RAW_LIMIT:
        return "{}"
    return written.encode("utf-8", "backslashreplace").decode("utf-8")
