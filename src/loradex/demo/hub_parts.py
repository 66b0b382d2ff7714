"""Files and pictures in the hub's own words, with their links, and the choice of a primary file."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from urllib.parse import quote

from loradex.demo.hub_world import WorldFile, WorldImage, WorldModel, WorldVersion

Document = dict[str, object]

_MAIN_TYPES = ("Model", "Pruned Model", "Diffusion Model", "UNet")
_ACCOUNT = "localhub"


@dataclass(frozen=True, slots=True)
class Parts:
    """Writes links that start with `base` (the hub) and `images` (the image server)."""

    base: str
    images: str

    def file(self, version: WorldVersion, file: WorldFile, *, primary: bool) -> Document:
        """Return what all endpoints say of a file; a file without hashes was not scanned."""
        scanned = bool(file.hashes)
        return {
            "id": file.id,
            "sizeKB": file.size_bytes / 1024,
            "name": file.name,
            "type": file.type,
            "pickleScanResult": "Success" if scanned else "Pending",
            "pickleScanMessage": "No Pickle imports" if scanned else None,
            "virusScanResult": "Success" if scanned else "Pending",
            "virusScanMessage": None,
            "scannedAt": version.published_at if scanned else None,
            "metadata": _metadata(file),
            "hashes": upper_hashes(file),
            "downloadUrl": self._download(version, file, primary=primary),
        }

    def image(self, image: WorldImage) -> Document:
        """Return what all endpoints but the gallery say of a picture; it has no id here."""
        return {
            "url": self.image_url(image, name=str(image.id)),
            "nsfwLevel": image.content_level,
            "width": image.width,
            "height": image.height,
            "hash": image.blurhash,
            "type": image.type,
            "minor": False,
            "poi": False,
            "hasMeta": image.meta is not None,
            "hasPositivePrompt": "prompt" in (image.meta or {}),
            "onSite": False,
            "remixOfId": None,
        }

    def gallery_image(self, image: WorldImage) -> Document:
        """Return what the gallery says of a picture: its level is a word, and a number besides."""
        words = {1: "None", 2: "Soft", 4: "Mature", 32: "Blocked"}
        return {
            "id": image.id,
            "url": self.image_url(image, name=image_uuid(image)),
            "hash": image.blurhash,
            "width": image.width,
            "height": image.height,
            "nsfwLevel": words.get(image.content_level, "X"),
            "type": image.type,
            "nsfw": image.content_level > 2,
            "browsingLevel": image.content_level,
            "postId": image.id,
            "stats": {"cryCount": 0, "laughCount": 0, "likeCount": 0, "heartCount": 0},
        }

    def image_url(self, image: WorldImage, *, name: str) -> str:
        """Return the picture's address; the endpoints differ in the `name` they end it with."""
        suffix = "mp4" if image.type == "video" else "jpeg"
        return f"{self.images}/{_ACCOUNT}/{image_uuid(image)}/original=true/{name}.{suffix}"

    def download(self, version: WorldVersion) -> str:
        """Return the download of the version's primary file."""
        return f"{self.base}/api/download/models/{version.id}"

    def _download(self, version: WorldVersion, file: WorldFile, *, primary: bool) -> str:
        if primary:
            return self.download(version)
        # Other files are described, not named: two of them can share one link.
        parts = {"type": file.type} | _metadata(file)
        query = "&".join(f"{key}={quote(value)}" for key, value in parts.items())
        return f"{self.download(version)}?{query}"


def listed_files(model: WorldModel, version: WorldVersion) -> tuple[WorldFile, ...]:
    """Return the files the hub shows: none of an archived model."""
    return () if model.mode == "Archived" else version.files


def shown_images(model: WorldModel, version: WorldVersion) -> tuple[WorldImage, ...]:
    """Return the pictures the hub shows: none of a model that was taken down."""
    return () if model.mode == "TakenDown" else version.images


def primary_file(version: WorldVersion) -> WorldFile | None:
    """Return the file a plain download link means (docs/civitai.md)."""
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


def upper_hashes(file: WorldFile) -> dict[str, str]:
    """Return the file's hashes as the hub writes them."""
    return {name: value.upper() for name, value in file.hashes.items()}


def image_uuid(image: WorldImage) -> str:
    """Return the name under which the image server keeps a picture."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"image {image.id}"))


def _metadata(file: WorldFile) -> dict[str, str]:
    values = {
        "format": file.format,
        "size": file.size,
        "fp": file.precision,
        "quantType": file.quantisation,
    }
    return {key: value for key, value in values.items() if value is not None}
