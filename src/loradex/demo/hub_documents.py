"""The world in the hub's own words: every shape in which it shows a model, version, file or image.

The shapes differ from endpoint to endpoint in small ways that clients trip over; those are kept
(civitai-api.md §9).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from loradex.demo.hub_world import WorldFile, WorldImage, WorldModel, WorldVersion

Document = dict[str, Any]

_AIR_TYPES = {
    "Checkpoint": "checkpoint",
    "TextualInversion": "embedding",
    "Hypernetwork": "hypernet",
    "LORA": "lora",
    "DoRA": "dora",
    "LoCon": "lycoris",
    "Controlnet": "controlnet",
    "VAE": "vae",
    "Upscaler": "upscaler",
}
_MAIN_TYPES = ("Model", "Pruned Model", "Diffusion Model", "UNet")
_ACCOUNT = "localhub"


@dataclass(frozen=True, slots=True)
class Documents:
    """Writes documents whose links start with `base` (the hub) and `images` (the image server)."""

    base: str
    images: str

    def list_item(self, model: WorldModel, *, mature: bool, primary_only: bool) -> Document:
        """Return an item of `GET /models`; without `mature` only its harmless pictures."""
        versions = []
        for index, version in enumerate(model.versions):
            document = self._version_core(model, version) | {
                "index": index,
                "vaeId": None,
                "paidAccess": _paid_access(version),
                "supportsGeneration": False,
                "files": self._files(model, version),
                "images": [
                    self._image(image) | {"id": image.id}
                    for image in _shown(model, version)[:20]
                    if mature or image.content_level == 1
                ],
            }
            if primary_only:
                document["files"] = [file for file in document["files"] if file.get("primary")]
            versions.append(document)
        return self._model(model, versions)

    def model(self, model: WorldModel) -> Document:
        """Return `GET /models/:id`: null values and empty lists are cut from its versions."""
        versions = []
        for index, version in enumerate(model.versions):
            document = self._version_core(model, version) | {
                "index": index,
                "createdAt": version.published_at,
                "status": version.status,
                "covered": False,
                "paidAccess": _paid_access(version),
                "files": self._files(model, version),
                "images": [self._image(image) for image in _shown(model, version)],
            }
            versions.append({k: v for k, v in document.items() if v is not None and v != []})
        return self._model(model, versions)

    def version(self, model: WorldModel, version: WorldVersion, *, by_hash: bool) -> Document:
        """Return a version by itself, as `GET /model-versions/:id` or the by-hash calls show it."""
        files = self._files(model, version)
        for file in files:
            file["primary"] = file.get("primary", False)
            if not by_hash:
                del file["overrideName"]
                # This endpoint writes times of files without their zone.
                file["scannedAt"] = (file["scannedAt"] or "").removesuffix("Z") or None
        document: Document = {
            "id": version.id,
            "modelId": model.id,
            "name": version.name,
            "nsfwLevel": version.content_level,
            "createdAt": version.published_at,
            "updatedAt": version.published_at,
            "status": version.status,
            "publishedAt": version.published_at,
            "trainedWords": list(version.trained_words),
            "trainingStatus": None,
            "trainingDetails": None,
            "baseModel": version.base_model,
            "baseModelType": "Standard",
            "description": version.description,
            "uploadType": "Created",
            "usageControl": version.usage_control,
            "licensingFee": None,
            "paidAccess": _paid_access(version),
            "air": air(model, version),
            "stats": {"downloadCount": model.downloads, "thumbsUpCount": model.likes},
            "model": {
                "name": model.name,
                "type": model.type,
                "nsfw": model.mature,
                "poi": model.real_person,
            },
            "files": files,
            "images": [self._image(i) | {"meta": i.meta} for i in _shown(model, version)[:10]],
        }
        if model.mode is not None:
            document["model"]["mode"] = model.mode
        if files:
            document["downloadUrl"] = f"{self.base}/api/download/models/{version.id}"
        return document

    def mini(self, model: WorldModel, version: WorldVersion, file: WorldFile) -> Document:
        """Return `GET /model-versions/mini/:id` about one file of the version."""
        return {
            "air": air(model, version),
            "versionName": version.name,
            "modelName": model.name,
            "userId": 1,
            "baseModel": version.base_model,
            "availability": "Public",
            "publishedAt": version.published_at,
            "size": file.size_bytes / 1024,
            "fileType": file.type,
            "fileName": file.name,
            "hashes": _hashes(file),
            "downloadUrls": [f"{self.base}/api/download/models/{version.id}"],
            "format": file.format,
            "canGenerate": False,
            "isFeatured": False,
            "requireAuth": True,
            "checkPermission": version.early_access_until is not None,
            "additionalResourceCharge": False,
            "minor": False,
            "sfwOnly": False,
            "fees": [],
            "payoutEnabled": False,
        }

    def gallery_item(
        self, model: WorldModel, version: WorldVersion, image: WorldImage, *, with_meta: bool
    ) -> Document:
        """Return an item of `GET /images`: its level is a word there, and the number elsewhere."""
        words = {1: "None", 2: "Soft", 4: "Mature", 32: "Blocked"}
        return {
            "id": image.id,
            "url": self._image_url(image, name=_uuid(image)),
            "hash": image.blurhash,
            "width": image.width,
            "height": image.height,
            "nsfwLevel": words.get(image.content_level, "X"),
            "type": image.type,
            "nsfw": image.content_level > 2,
            "browsingLevel": image.content_level,
            "createdAt": version.published_at,
            "postId": image.id,
            "stats": {"cryCount": 0, "laughCount": 0, "likeCount": 0, "heartCount": 0},
            "meta": image.meta if with_meta else None,
            "username": model.creator,
            "baseModel": version.base_model,
            "modelVersionIds": [version.id],
        }

    def _model(self, model: WorldModel, versions: list[Document]) -> Document:
        document: Document = {
            "id": model.id,
            "name": model.name,
            "description": model.description,
            "allowNoCredit": True,
            # One text that holds a Postgres array.
            "allowCommercialUse": "{" + ",".join(model.commercial_use) + "}",
            "allowDerivatives": True,
            "allowDifferentLicense": True,
            "type": model.type,
            "minor": False,
            "sfwOnly": False,
            "poi": model.real_person,
            "nsfw": model.mature,
            "nsfwLevel": model.content_level,
            "availability": "Public",
            "userId": 1,
            "baseModels": list(dict.fromkeys(v.base_model for v in model.versions)),
            "cosmetic": None,
            "supportsGeneration": False,
            "stats": {
                "downloadCount": model.downloads,
                "thumbsUpCount": model.likes,
                "thumbsDownCount": 0,
                "commentCount": 0,
                "tippedAmountCount": 0,
            },
            "creator": {"username": model.creator, "image": None},
            "tags": list(model.tags),
            "modelVersions": versions,
        }
        if model.mode is not None:
            document["mode"] = model.mode
        return document

    def _version_core(self, model: WorldModel, version: WorldVersion) -> Document:
        document: Document = {
            "id": version.id,
            "name": version.name,
            "baseModel": version.base_model,
            "baseModelType": "Standard",
            "publishedAt": version.published_at,
            "flags": 0,
            "availability": "Public",
            "nsfwLevel": version.content_level,
            "description": version.description,
            "trainedWords": list(version.trained_words),
            "stats": {
                "downloadCount": model.downloads,
                "thumbsUpCount": model.likes,
                "thumbsDownCount": 0,
            },
        }
        if model.mode != "Archived" and version.files:
            document["downloadUrl"] = f"{self.base}/api/download/models/{version.id}"
        if version.early_access_until is not None:
            document["earlyAccessDeadline"] = version.early_access_until
        return document

    def _files(self, model: WorldModel, version: WorldVersion) -> list[Document]:
        if model.mode == "Archived":
            return []
        primary = primary_file(version)
        files = []
        for file in version.files:
            scanned = bool(file.hashes)
            document: Document = {
                "id": file.id,
                "sizeKB": file.size_bytes / 1024,
                "name": file.name,
                "overrideName": None,
                "type": file.type,
                "pickleScanResult": "Success" if scanned else "Pending",
                "pickleScanMessage": "No Pickle imports" if scanned else None,
                "virusScanResult": "Success" if scanned else "Pending",
                "virusScanMessage": None,
                "scannedAt": version.published_at if scanned else None,
                "metadata": _metadata(file),
                "hashes": _hashes(file),
                "downloadUrl": self._download_url(version, file, primary=file is primary),
            }
            if file is primary:
                document["primary"] = True
            files.append(document)
        return files

    def _download_url(self, version: WorldVersion, file: WorldFile, *, primary: bool) -> str:
        link = f"{self.base}/api/download/models/{version.id}"
        if primary:
            return link
        parts = {"type": file.type} | {
            k: v for k, v in _metadata(file).items() if k in ("format", "size", "fp")
        }
        return link + "?" + "&".join(f"{key}={quote(value)}" for key, value in parts.items())

    def _image(self, image: WorldImage) -> Document:
        return {
            "url": self._image_url(image, name=str(image.id)),
            "nsfwLevel": image.content_level,
            "width": image.width,
            "height": image.height,
            "hash": image.blurhash,
            "type": image.type,
            "minor": False,
            "poi": False,
            "hasMeta": image.meta is not None,
            "hasPositivePrompt": image.meta is not None and "prompt" in image.meta,
            "onSite": False,
            "remixOfId": None,
        }

    def _image_url(self, image: WorldImage, *, name: str) -> str:
        suffix = "mp4" if image.type == "video" else "jpeg"
        return f"{self.images}/{_ACCOUNT}/{_uuid(image)}/original=true/{name}.{suffix}"


def air(model: WorldModel, version: WorldVersion) -> str:
    """Return the version's portable name (civitai-api.md §8)."""
    kind = _AIR_TYPES.get(model.type, "unknown")
    return f"urn:air:{version.ecosystem}:{kind}:civitai:{model.id}@{version.id}"


def primary_file(version: WorldVersion) -> WorldFile | None:
    """Return the file a plain download link means (civitai-api.md §10.2)."""
    return max(version.files, key=_weight, default=None)


def _weight(file: WorldFile) -> float:
    preferred = (
        (file.format, "SafeTensor", 100.0),
        (file.size, "pruned", 10.0),
        (file.precision, "fp16", 1.0),
        (file.quantisation, "Q4_K_M", 0.5),
    )
    weight = 1000.0 if file.type in _MAIN_TYPES else 0.0
    for value, best, points in preferred:
        if value is not None:
            weight += points if value == best else -points
    return weight


def _shown(model: WorldModel, version: WorldVersion) -> tuple[WorldImage, ...]:
    return () if model.mode == "TakenDown" else version.images


def _paid_access(version: WorldVersion) -> Document | None:
    if version.early_access_until is None:
        return None
    return {"permanent": False, "endsAt": version.early_access_until}


def _metadata(file: WorldFile) -> dict[str, str]:
    values = {
        "format": file.format,
        "size": file.size,
        "fp": file.precision,
        "quantType": file.quantisation,
    }
    return {key: value for key, value in values.items() if value is not None}


def _hashes(file: WorldFile) -> dict[str, str]:
    return {name: value.upper() for name, value in file.hashes.items()}


def _uuid(image: WorldImage) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"image {image.id}"))
