"""What CivitAI's own documents say when a tool has kept them beside a model (docs/civitai.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from loradex.domain.sidecar_values import (
    digests,
    entries,
    highest_level,
    line,
    lines,
    table,
    text,
    whole,
)
from loradex.domain.sidecars import SidecarClaims

LARGEST_ID = 2**31 - 1

# Types of files that are a version's weights; others (training data, VAE) come along.
_WEIGHTS = ("", "model", "pruned model", "diffusion model", "unet", "negative")


def version_claims(document: object) -> SidecarClaims:
    """Return what a version's document says; a miss when it has no id."""
    version = table(document)
    version_id = whole(version.get("id"), 1, LARGEST_ID)
    if version_id is None:
        return SidecarClaims(miss=True)
    model = table(version.get("model"))
    images = [table(image) for image in entries(version.get("images"))]
    told = whole(version.get("nsfwLevel"), 1, 63)
    return replace(
        _files(version.get("files")),
        model_id=whole(version.get("modelId"), 1, LARGEST_ID),
        version_id=version_id,
        hub_version=document,
        model_name=line(model.get("name")),
        version_name=line(version.get("name")),
        model_type=line(model.get("type")),
        base_model=line(version.get("baseModel")),
        creator=line(table(version.get("creator")).get("username")),
        description=text(model.get("description")),
        version_description=text(version.get("description")),
        words=lines(version.get("trainedWords")),
        tags=lines(model.get("tags")),
        content_level=told or highest_level(image.get("nsfwLevel") for image in images),
    )


def model_claims(document: object) -> SidecarClaims:
    """Return what a whole model's document says, which of its versions it is left open."""
    model = table(document)
    model_id = whole(model.get("id"), 1, LARGEST_ID)
    if model_id is None:
        return SidecarClaims(miss=True)
    versions = [table(version) for version in entries(model.get("modelVersions"))]
    files = [file for version in versions for file in entries(version.get("files"))]
    only = versions[0] if len(versions) == 1 else {}
    return replace(
        _files(files),
        model_id=model_id,
        version_id=whole(only.get("id"), 1, LARGEST_ID),
        hub_model=document,
        model_name=line(model.get("name")),
        version_name=line(only.get("name")),
        model_type=line(model.get("type")),
        base_model=line(only.get("baseModel")),
        creator=line(table(model.get("creator")).get("username")),
        description=text(model.get("description")),
        words=lines(only.get("trainedWords")),
        tags=lines(model.get("tags")),
        content_level=whole(model.get("nsfwLevel"), 1, 63),
    )


def _files(value: object) -> SidecarClaims:
    """Return which bytes the files of a version are."""
    files = [table(file) for file in entries(value)]
    weights = [file for file in files if line(file.get("type")).lower() in _WEIGHTS]
    hashes = [table(file.get("hashes")) for file in weights]
    return SidecarClaims(
        sha256=digests(_each(hashes, "SHA256"), 64),
        blake3=digests(_each(hashes, "BLAKE3"), 64),
        tensor_hash=digests(_each(hashes, "AutoV3"), 12),
    )


def _each(tables: Iterable[Mapping[str, object]], key: str) -> list[object]:
    return [each.get(key) for each in tables]
