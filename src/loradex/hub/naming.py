"""What people call things of the hub: page addresses, download links, AIR names, short forms."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from loradex.domain.hub_reference import HubReference

FRONT_DOORS = ("civitai.com", "civitai.red", "civitai.green", "civitai.blue")
"""Hosts of the same hub (docs/civitai.md)."""

LARGEST_ID = 2**31 - 1

_MODEL = re.compile(r"/models/(\d{1,10})(?:/.*)?")
_VERSION = re.compile(r"/(?:model-versions|api/v1/model-versions)/(\d{1,10})/?")
_DOWNLOAD = re.compile(r"/api/download/models/(\d{1,10})/?")
_API_MODEL = re.compile(r"/api/v1/models/(\d{1,10})/?")
# urn:air:{ecosystem}:{type}:civitai:{model}[@{version}][+{file}][.{format}]; all before the source
# may be missing (docs/civitai.md).
_AIR = re.compile(
    r"(?:urn:)?(?:air:)?(?:[\w.-]*:){0,2}civitai:(\d{1,10})(?:@(\d{1,10}))?(?:\+(\d{1,10}))?"
    r"(?:\.\w+)?",
    re.IGNORECASE,
)
_SHORT = re.compile(r"(model|version):(\d{1,10})(?:@(\d{1,10}))?(?:\+(\d{1,10}))?", re.IGNORECASE)


def recognise(text: str, hub: str, own_host: str) -> HubReference | None:
    """Return what a text names on the hub at `own_host` (host, with port); None if nothing of it.

    A bare number is not recognised: it could be a model or a version.
    """
    text = text.strip()
    if short := _SHORT.fullmatch(text):
        first, second, file_id = _id(short[2]), _id(short[3]), _id(short[4])
        if short[1].lower() == "version":
            return _reference(hub, None, first, file_id) if not short[3] else None
        return _reference(hub, first, second, file_id)
    if air := _AIR.fullmatch(text):
        return _reference(hub, _id(air[1]), _id(air[2]), _id(air[3]))
    return _from_address(text, hub, own_host)


def _from_address(text: str, hub: str, own_host: str) -> HubReference | None:
    try:
        parts = urlsplit(text)
        host = parts.netloc.lower().removeprefix("www.")
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or host not in (*FRONT_DOORS, own_host.lower()):
        return None
    query = parse_qs(parts.query, max_num_fields=50) if len(parts.query) < 5_000 else {}

    def number(name: str) -> int | None:
        return _id(query.get(name, [""])[0])

    if download := _DOWNLOAD.fullmatch(parts.path):
        return _reference(hub, None, _id(download[1]), number("fileId"))
    if version := _VERSION.fullmatch(parts.path):
        return _reference(hub, None, _id(version[1]), None)
    if model := _MODEL.fullmatch(parts.path) or _API_MODEL.fullmatch(parts.path):
        return _reference(hub, _id(model[1]), number("modelVersionId"), number("fileId"))
    return None


def _reference(
    hub: str, model_id: int | None, version_id: int | None, file_id: int | None
) -> HubReference | None:
    if model_id is None and version_id is None:
        return None
    return HubReference(hub, model_id=model_id, version_id=version_id, file_id=file_id)


def _id(text: str | None) -> int | None:
    number = int(text) if text and text.isascii() and text.isdigit() else 0
    return number if 0 < number <= LARGEST_ID else None
