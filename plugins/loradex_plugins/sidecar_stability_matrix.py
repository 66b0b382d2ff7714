"""`STEM.cm-info.json` of Stability Matrix: the hub's page of the file, and picture defaults."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from loradex.domain.sidecar_hub import LARGEST_ID
from loradex.domain.sidecar_values import digest, entries, line, lines, number, table, text, whole
from loradex.plugin_api import (
    KeyRule,
    Preferences,
    SidecarClaims,
    SidecarDocument,
    SidecarHub,
    SidecarKey,
    SidecarModel,
    hookimpl,
)

LORADEX_API = "1.2"

_CIVITAI = (None, 0, 2)
"""Its `Source`: CivitAI (0, and files from before it was written) and CivArchive (2)."""
_OTHER = 3

_TYPES = {
    "checkpoint": "Checkpoint",
    "diffusion_model": "Checkpoint",
    "lora": "LORA",
    "embedding": "TextualInversion",
    "vae": "VAE",
    "controlnet": "Controlnet",
    "t2i_adapter": "Controlnet",
    "upscaler": "Upscaler",
    "hypernetwork": "Hypernetwork",
    "motion_module": "MotionModule",
}
_SAFE = 3
"""Bits of content level that are not called NSFW: PG and PG-13."""
_LARGEST_SIDE = 16_384


class StabilityMatrix:
    """The dialect of Stability Matrix."""

    name = "stability-matrix"
    label = "Stability Matrix"
    suffix = ".cm-info.json"
    after_full_name = False
    rank = 40
    tools = ("stability-matrix",)
    indent = None
    adds_to: tuple[str, ...] = ()

    def read(self, document: SidecarDocument) -> SidecarClaims | None:
        """Return the hub's page as the tool keeps it."""
        value = table(document.value)
        hashes = table(value.get("Hashes"))
        sha256, blake3 = digest(hashes.get("SHA256"), 64), digest(hashes.get("BLAKE3"), 64)
        on_civitai = value.get("Source") in _CIVITAI
        return SidecarClaims(
            sha256=(sha256,) if sha256 else (),
            blake3=(blake3,) if blake3 else (),
            model_id=whole(value.get("ModelId"), 1, LARGEST_ID) if on_civitai else None,
            version_id=whole(value.get("VersionId"), 1, LARGEST_ID) if on_civitai else None,
            link=line(value.get("SourceUrl")),
            title=line(value.get("UserTitle")),
            model_name=line(value.get("ModelName")),
            version_name=line(value.get("VersionName")),
            model_type=line(value.get("ModelType")),
            base_model=line(value.get("BaseModel")),
            creator=line(value.get("AuthorUsername")),
            description=text(value.get("ModelDescription")),
            version_description=text(value.get("VersionDescription")),
            words=lines(value.get("TrainedWords")),
            tags=lines(value.get("Tags")),
            preferences=_defaults(table(value.get("InferenceDefaults"))),
        )

    def keys(self, model: SidecarModel, existing: Mapping[str, object]) -> list[SidecarKey]:
        """Return all keys that the tool keeps, in its order."""
        hub = model.hub
        digests = (("SHA256", model.sha256), ("CRC32", model.crc32), ("BLAKE3", model.blake3))
        hashes = {key: value.upper() for key, value in digests if value}
        found = [*_page(hub, model.name)] if hub else [*_own(model)]
        found += [
            SidecarKey("ImportedAt", _moment(model.added), KeyRule.ONCE),
            SidecarKey("Hashes", hashes, KeyRule.FILE),
            SidecarKey("TrainedWords", list(hub.words if hub and hub.words else model.words)),
            SidecarKey("UserTitle", None, KeyRule.ONCE),
        ]
        defaults = _written_defaults(model.preferences)
        if defaults:
            there = table(existing.get("InferenceDefaults"))
            value = {**there, **defaults}
            found.append(SidecarKey("InferenceDefaults", value, KeyRule.PERSON, own="preferences"))
        return found


@hookimpl
def sidecar_dialect() -> list[StabilityMatrix]:
    """Return the dialect."""
    return [StabilityMatrix()]


def _page(hub: SidecarHub, name: str) -> list[SidecarKey]:
    files = [table(file) for file in entries(hub.version.get("files"))]
    file = next((file for file in files if file.get("primary")), files[0] if files else {})
    images = [table(image) for image in entries(hub.version.get("images"))]
    metadata = {
        key: value
        for key in ("fp", "size", "format")
        if (value := line(table(file.get("metadata")).get(key)))
    }
    found: dict[str, object] = {
        "ModelId": hub.model_id,
        "ModelName": hub.model_name or name,
        "ModelDescription": hub.model_description,
        "Nsfw": hub.content_level > _SAFE,
        "Tags": list(hub.tags),
        "ModelType": hub.model_type,
        "VersionId": hub.version_id,
        "VersionName": hub.version_name,
        "VersionDescription": hub.version_description,
        "AuthorUsername": hub.creator,
        "BaseModel": hub.base_model,
        "RemoteFileName": line(file.get("name")),
        "RemoteFileId": whole(file.get("id"), 1, LARGEST_ID),
        "FileMetadata": metadata,
        "Stats": _stats(table(hub.model.get("stats"))),
        "ThumbnailImageUrl": line(images[0].get("url")) if images else None,
    }
    return [*(SidecarKey(key, value) for key, value in found.items()), _source(0)]


def _own(model: SidecarModel) -> list[SidecarKey]:
    """Return the page of a model that no page is known of."""
    found: dict[str, object] = {
        "ModelId": None,
        "ModelName": model.name,
        "ModelDescription": model.description,
        "Nsfw": (model.content_level or 0) > _SAFE,
        "Tags": list(model.tags),
        "ModelType": _TYPES.get(model.kind, "Other"),
        "VersionId": None,
        "VersionName": "",
        "AuthorUsername": model.creator or None,
        "BaseModel": model.base_model or None,
    }
    return [*(SidecarKey(key, value) for key, value in found.items()), _source(_OTHER)]


def _source(number_: int) -> SidecarKey:
    return SidecarKey("Source", number_, KeyRule.ONCE)


def _stats(stats: Mapping[str, object]) -> dict[str, object] | None:
    names = (
        "downloadCount", "ratingCount", "rating", "favoriteCount", "commentCount", "thumbsUpCount",
    )  # fmt: skip
    known = {name: whole(stats.get(name)) for name in names}
    if all(count is None for count in known.values()):
        return None
    return {name: count or 0 for name, count in known.items()}


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def _defaults(value: Mapping[str, object]) -> Preferences:
    return Preferences(
        sampler=_name(value.get("Sampler")) or None,
        schedule=_name(value.get("Scheduler")) or None,
        steps=whole(value.get("Steps"), 1, 1000),
        guidance_scale=number(value.get("CfgScale"), 0, 100),
        width=whole(value.get("Width"), 1, _LARGEST_SIDE),
        height=whole(value.get("Height"), 1, _LARGEST_SIDE),
    )


def _name(value: object) -> str:
    """Return the name of a sampler, which may stand alone or in an object."""
    return line(table(value).get("Name")) or line(value)


def _written_defaults(own: Preferences) -> dict[str, object]:
    found: dict[str, object] = {
        "Sampler": own.sampler,
        "Scheduler": own.schedule,
        "Steps": own.steps,
        "CfgScale": own.guidance_scale,
        "Width": own.width,
        "Height": own.height,
    }
    return {key: value for key, value in found.items() if value}
