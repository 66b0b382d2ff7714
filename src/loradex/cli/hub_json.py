"""What hubs tell, as JSON: stable keys, bytes, ISO times, the hub's own names where it has some."""

from __future__ import annotations

from loradex.domain.hub import HubFile, HubImage, HubModel, HubVersion
from loradex.domain.hub_names import base_from_hub, kind_from_hub
from loradex.domain.text import trained_words


def model_facts(hub: str, model: HubModel, page_url: str) -> dict[str, object]:
    """Return a model without its versions."""
    kind = kind_from_hub(model.type)
    return {
        "hub": hub,
        "model_id": model.id,
        "ref": model_ref(hub, model),
        "name": model.name,
        "type": model.type,
        "kind": None if kind is None else kind.value,
        "creator": model.creator,
        "tags": list(model.tags),
        "content_level": model.content_level,
        "mode": model.mode,
        "downloads": model.downloads,
        "likes": model.likes,
        "page_url": page_url or None,
    }


def version_facts(hub: str, version: HubVersion) -> dict[str, object]:
    """Return a version without its files and pictures."""
    base = base_from_hub(version.base_model)
    return {
        "version_id": version.id,
        "ref": version_ref(hub, version),
        "name": version.name,
        "base_model": version.base_model,
        "base": None if base is None else base[0].value,
        "derivative": None if base is None else base[1],
        "published_at": version.published_at,
        "early_access_until": version.early_access_until,
        "paid": version.paid,
        "usage_control": version.usage_control,
        "air": version.air,
        "content_level": version.content_level,
        "trigger_words": list(trained_words(version.trained_words)),
    }


def file_facts(file: HubFile) -> dict[str, object]:
    """Return a file of a version."""
    return {
        "file_id": file.id,
        "name": file.name,
        "type": file.type,
        "size": file.size_bytes,
        "primary": file.primary,
        "format": file.format,
        "precision": file.precision,
        "size_type": file.size_type,
        "quantisation": file.quantisation,
        "pickle_scan": file.pickle_scan,
        "virus_scan": file.virus_scan,
        "hashes": dict(file.hashes),
    }


def image_facts(image: HubImage) -> dict[str, object]:
    """Return a picture of a version."""
    return {
        "image_id": image.id,
        "url": image.url,
        "type": image.type,
        "content_level": image.content_level,
        "width": image.width,
        "height": image.height,
        "blurhash": image.blurhash,
    }


def model_ref(hub: str, model: HubModel) -> str:
    """Return what names a model in other commands: `model:ID`, `hf:OWNER/NAME`."""
    return f"{_prefix(hub)}:{model.slug}" if model.slug else f"model:{model.id}"


def version_ref(hub: str, version: HubVersion) -> str:
    """Return what names a version in other commands: `version:ID`, `hf:OWNER/NAME@COMMIT`."""
    return f"{_prefix(hub)}:{version.slug}" if version.slug else f"version:{version.id}"


def _prefix(hub: str) -> str:
    return "hf" if hub == "huggingface" else hub
