"""What people call things of the hub: page addresses, download links, AIR names, short forms."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qs, urlsplit

from loradex.domain.hub_reference import HubReference

FRONT_DOORS = ("civitai.com", "civitai.red", "civitai.green", "civitai.blue")
"""Hosts of the same hub (docs/civitai.md)."""

LARGEST_ID = 2**31 - 1
_LONGEST = 5_000

_MODEL = re.compile(r"/(?:api/v1/)?models/(\d{1,10})(?:/.*)?")
_VERSION = re.compile(r"/(?:api/v1/)?model-versions/(\d{1,10})/?")
_DOWNLOAD = re.compile(r"/api/download/models/(\d{1,10})/?")
# urn:air:{ecosystem}:{type}:civitai:{model}[@{version}][+{file}][.{format}]; all before the source
# may be missing (docs/civitai.md).
_AIR = re.compile(
    r"(?:urn:)?(?:air:)?(?:[\w./-]*:){0,2}civitai:(\d{1,10})(?:@(\d{1,10}))?(?:\+(\d{1,10}))?"
    r"(?:\.\w+)?",
    re.IGNORECASE,
)
_SHORT = re.compile(r"(model|version):(\d{1,10})", re.IGNORECASE)


def recognise(text: str, hub: str, own_address: str) -> HubReference | None:
    """Return what a text names on the hub at `own_address`; None if nothing of it.

    A bare number is not recognised: it could be a model or a version.
    """
    text = text.strip()
    if len(text) > _LONGEST:
        return None
    if short := _SHORT.fullmatch(text):
        is_model = short[1].lower() == "model"
        return _reference(hub, model=short[2]) if is_model else _reference(hub, version=short[2])
    if air := _AIR.fullmatch(text):
        return _reference(hub, model=air[1], version=air[2], file=air[3])
    return _from_address(text, hub, own_address)


def _from_address(text: str, hub: str, own_address: str) -> HubReference | None:
    try:
        # People copy addresses without their beginning, too.
        parts = urlsplit(text if "://" in text else f"https://{text}")
        query = parse_qs(parts.query, max_num_fields=50)
    except ValueError:
        return None
    path = _path_on_hub(parts, own_address)
    if path is None:
        return None

    def value(name: str) -> str | None:
        return query.get(name, [None])[0]

    if download := _DOWNLOAD.fullmatch(path):
        return _reference(hub, version=download[1], file=value("fileId"))
    if version := _VERSION.fullmatch(path):
        return _reference(hub, version=version[1])
    if model := _MODEL.fullmatch(path):
        return _reference(hub, model=model[1], version=value("modelVersionId"))
    return None


def _path_on_hub(parts: SplitResult, own_address: str) -> str | None:
    """Return the path below the hub's address, None for an address of somebody else."""
    if parts.scheme not in ("http", "https"):
        return None
    host = parts.netloc.lower()
    if host.removeprefix("www.") in FRONT_DOORS:
        return parts.path
    own = urlsplit(own_address)
    below = own.path.rstrip("/")
    if host != own.netloc.lower() or not parts.path.startswith(f"{below}/"):
        return None
    return parts.path.removeprefix(below)


def _reference(
    hub: str, *, model: str | None = None, version: str | None = None, file: str | None = None
) -> HubReference | None:
    """Return a reference; None when model or version is no id. What else is none is left out."""
    model_id, version_id = _id(model), _id(version)
    if (model is not None and model_id is None) or (model_id is None and version_id is None):
        return None
    return HubReference(hub, model_id=model_id, version_id=version_id, file_id=_id(file))


def _id(text: str | None) -> int | None:
    number = int(text) if text and text.isascii() and text.isdigit() and len(text) <= 10 else 0
    return number if 0 < number <= LARGEST_ID else None
