"""The world in the hub's own words: every shape in which it shows a model or a version.

The shapes differ from endpoint to endpoint in small ways that clients trip over; those are kept
(docs/civitai.md).
"""

from __future__ import annotations

from dataclasses import dataclass

from loradex.demo.hub_parts import (
    Document,
    Parts,
    listed_files,
    primary_file,
    shown_images,
    upper_hashes,
)
from loradex.demo.hub_world import WorldFile, WorldImage, WorldModel, WorldVersion

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
_SHORT_METADATA = ("format", "size", "fp")


@dataclass(frozen=True, slots=True)
class Documents:
    """Writes documents whose links come from `parts`."""

    parts: Parts

    def list_item(self, model: WorldModel, *, mature: bool, primary_only: bool) -> Document:
        """Return an item of `GET /models`; without `mature` only its harmless pictures."""
        versions: list[Document] = []
        for index, version in enumerate(model.versions):
            files = self._nested_files(model, version)
            images = [
                self.parts.image(image) | {"id": image.id}
                for image in shown_images(model, version)[:20]
                if mature or image.content_level == 1
            ]
            versions.append(
                self._nested_version(model, version)
                | {
                    "index": index,
                    "vaeId": None,
                    "supportsGeneration": False,
                    "files": [f for f in files if "primary" in f] if primary_only else files,
                    "images": images,
                }
            )
        return _model(model, versions)

    def model(self, model: WorldModel) -> Document:
        """Return `GET /models/:id`: null values and empty lists are cut from its versions."""
        versions: list[Document] = []
        for index, version in enumerate(model.versions):
            document = self._nested_version(model, version) | {
                "index": index,
                "createdAt": version.published_at,
                "status": version.status,
                "covered": False,
                "files": self._nested_files(model, version),
                "images": [self.parts.image(i) for i in shown_images(model, version)],
            }
            versions.append({k: v for k, v in document.items() if v is not None and v != []})
        return _model(model, versions)

    def version(self, model: WorldModel, version: WorldVersion, *, by_hash: bool) -> Document:
        """Return a version by itself, as `GET /model-versions/:id` or the by-hash calls show it."""
        files = [self._own_file(version, f, by_hash=by_hash) for f in listed_files(model, version)]
        parent: Document = {
            "name": model.name,
            "type": model.type,
            "nsfw": model.mature,
            "poi": model.real_person,
        }
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
            "model": parent if model.mode is None else parent | {"mode": model.mode},
            "files": files,
            "images": [
                self.parts.image(image) | {"meta": image.meta}
                for image in shown_images(model, version)[:10]
            ],
        }
        return document | ({"downloadUrl": self.parts.download(version)} if files else {})

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
            "hashes": upper_hashes(file),
            "downloadUrls": [self.parts.download(version)],
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
        """Return an item of `GET /images`; how it was made only on demand."""
        return self.parts.gallery_image(image) | {
            "createdAt": version.published_at,
            "meta": image.meta if with_meta else None,
            "username": model.creator,
            "baseModel": version.base_model,
            "modelVersionIds": [version.id],
        }

    def _nested_version(self, model: WorldModel, version: WorldVersion) -> Document:
        """Return what a version inside a model always says; `modelId` is not among it."""
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
            "paidAccess": _paid_access(version),
            "stats": {
                "downloadCount": model.downloads,
                "thumbsUpCount": model.likes,
                "thumbsDownCount": 0,
            },
        }
        if listed_files(model, version):
            document["downloadUrl"] = self.parts.download(version)
        if version.early_access_until is not None:
            document["earlyAccessDeadline"] = version.early_access_until
        return document

    def _nested_files(self, model: WorldModel, version: WorldVersion) -> list[Document]:
        """Return files as models show them: `primary` on the primary one only."""
        first = primary_file(version)
        return [
            self.parts.file(version, file, primary=file is first)
            | {"overrideName": None}
            | ({"primary": True} if file is first else {})
            for file in listed_files(model, version)
        ]

    def _own_file(self, version: WorldVersion, file: WorldFile, *, by_hash: bool) -> Document:
        """Return a file as a version by itself shows it: `primary` on every file."""
        primary = file is primary_file(version)
        document = self.parts.file(version, file, primary=primary) | {"primary": primary}
        metadata = document["metadata"]
        if isinstance(metadata, dict):
            document["metadata"] = {k: v for k, v in metadata.items() if k in _SHORT_METADATA}
        if by_hash:
            return document | {"overrideName": None}
        # Times of files lose their zone here.
        scanned_at = version.published_at.removesuffix("Z") if file.hashes else None
        return document | {"scannedAt": scanned_at}


def air(model: WorldModel, version: WorldVersion) -> str:
    """Return the version's portable name (docs/civitai.md)."""
    kind = _AIR_TYPES.get(model.type, "unknown")
    return f"urn:air:{version.ecosystem}:{kind}:civitai:{model.id}@{version.id}"


def _model(model: WorldModel, versions: list[Document]) -> Document:
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
        "baseModels": list(dict.fromkeys(version.base_model for version in model.versions)),
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
    return document if model.mode is None else document | {"mode": model.mode}


def _paid_access(version: WorldVersion) -> Document | None:
    if version.early_access_until is None:
        return None
    return {"permanent": False, "endsAt": version.early_access_until}
