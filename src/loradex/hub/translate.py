"""From the hub's documents to loradex's own words, `loradex.domain.hub`."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from pydantic import ValidationError

from loradex.domain.air import civitai_air
from loradex.domain.hub import HashHit, HubFile, HubImage, HubModel, HubVersion
from loradex.errors import HubUnexpectedAnswer
from loradex.hub.links import Links
from loradex.hub.payloads import (
    FilePayload,
    HitPayload,
    ImagePayload,
    ModelPayload,
    VersionPayload,
)
from loradex.hub.times import days_later, utc_time

RAW_LIMIT = 1024 * 1024
"""Longest document kept as text, in characters."""

# Dropped one after the other, heaviest first, from a document that is too long to keep.
_SHEDDABLE = ("images", "modelVersions", "description", "trainingDetails", "files")

# Levels as text: images of 2023, and the gallery (docs/civitai.md).
_LEVEL_WORDS = {"none": 1, "soft": 2, "mature": 4, "x": 8, "blocked": 32}

_HEX = re.compile(r"[0-9a-f]{8,64}")
_HASH_NAME = re.compile(r"[A-Za-z0-9]{1,16}")
_IMAGE_NUMBER = re.compile(r"/(\d{1,18})\.\w{1,8}$")

_log = logging.getLogger(__name__)
P = TypeVar("P")


class Translator:
    """Turns documents of the hub behind `links` into records.

    Raises `HubUnexpectedAnswer` for a document without its ids; `each` skips such entries.
    """

    def __init__(self, links: Links) -> None:
        self._links = links

    def each(self, documents: Iterable[object], read: Callable[[object], P]) -> list[P]:
        """Return what `read` makes of each document; null and unreadable entries are left out."""
        found: list[P] = []
        for document in documents:
            try:
                found.append(read(document))
            except HubUnexpectedAnswer as error:
                if document is not None:
                    _log.info("Entry left out: %s", error.message)
        return found

    def hit(self, document: object) -> HashHit:
        """Return one row of the by-hash ids answer."""
        try:
            row = HitPayload.model_validate(document)
        except ValidationError as error:
            raise _unreadable("hash row") from error
        return HashHit(row.hash.strip().lower(), row.version_id, row.model_id)

    def version(self, document: object) -> HubVersion:
        """Return a version from a document of its own."""
        try:
            payload = VersionPayload.model_validate(document)
        except ValidationError as error:
            raise _unreadable("version") from error
        if payload.model_id is None:
            raise _unreadable("version")
        parent = payload.model
        return self._version(
            payload,
            model_id=payload.model_id,
            model_name=parent.name if parent else None,
            model_type=parent.type if parent else None,
            raw=as_text(document),
        )

    def model(self, document: object) -> HubModel:
        """Return a model with its versions."""
        try:
            payload = ModelPayload.model_validate(document)
        except ValidationError as error:
            raise _unreadable("model") from error
        versions = self.each(payload.versions, lambda version: self._version_in(payload, version))
        return HubModel(
            id=payload.id,
            name=payload.name or "",
            type=payload.type or "",
            description=payload.description or None,
            tags=tuple(tag for tag in payload.tags if tag),
            creator=payload.creator or None,
            content_level=_whole_level(payload.level, versions),
            mode=payload.mode or None,
            licence=_licence(payload),
            versions=tuple(versions),
            raw=as_text(document),
            downloads=payload.stats.downloads if payload.stats else None,
            likes=payload.stats.likes if payload.stats else None,
        )

    def _version_in(self, model: ModelPayload, document: object) -> HubVersion:
        try:
            payload = VersionPayload.model_validate(document)
        except ValidationError as error:
            raise _unreadable("version") from error
        return self._version(
            payload,
            model_id=model.id,
            model_name=model.name,
            model_type=model.type,
            raw=as_text(document),
        )

    def _version(
        self,
        payload: VersionPayload,
        *,
        model_id: int,
        model_name: str | None,
        model_type: str | None,
        raw: str,
    ) -> HubVersion:
        images = tuple(filter(None, (_image(image) for image in payload.images if image)))
        # Another loradex tells apart what holds there and what the publishing hub says.
        access = payload.upstream or payload
        return HubVersion(
            id=payload.id,
            model_id=model_id,
            name=payload.name or "",
            base_model=payload.base_model or "",
            trained_words=tuple(word for word in payload.trained_words if word is not None),
            content_level=_whole_level(payload.level, images),
            description=payload.description or None,
            published_at=utc_time(payload.published_at),
            air=payload.air or _air(payload, model_id, model_type or ""),
            usage_control=access.usage_control or None,
            files=tuple(self._file(file, payload.id) for file in payload.files if file),
            images=images,
            model_name=model_name,
            model_type=model_type,
            raw=raw,
            position=payload.position,
            early_access_until=_early_access(payload),
            paid=bool(access.paid_access and access.paid_access.permanent),
            open_here=payload.upstream is not None,
        )

    def _file(self, payload: FilePayload, version_id: int) -> HubFile:
        hashes = _hashes(payload.hashes or {})
        metadata = payload.metadata
        sha256 = hashes.get("SHA256", "")
        autov3 = hashes.get("AutoV3", "")[:12]
        return HubFile(
            id=payload.id,
            name=payload.name or "",
            type=payload.type or "",
            size_bytes=None if payload.size_kb is None else round(payload.size_kb * 1024),
            sha256=sha256 if len(sha256) == 64 else None,
            autov3=autov3 if len(autov3) == 12 else None,
            primary=bool(payload.primary),
            format=metadata.format if metadata else None,
            precision=metadata.fp if metadata else None,
            download_url=self._links.download(version_id, payload.id, bool(payload.primary)),
            hashes=hashes,
            size_type=metadata.size if metadata else None,
            quantisation=_quantisation(metadata.quant_type if metadata else None),
            pickle_scan=payload.pickle_scan or None,
            virus_scan=payload.virus_scan or None,
        )


def _air(payload: VersionPayload, model_id: int, model_type: str) -> str | None:
    """Return the AIR that the hub gives a version elsewhere: its lists leave it out."""
    files = [file for file in payload.files if file]
    primary = next((file for file in files if file.primary), None)
    primary_type = (primary.type if primary else None) or ""
    return civitai_air(payload.base_model or "", model_type, primary_type, model_id, payload.id)


def _early_access(payload: VersionPayload) -> str | None:
    """Return until when a version is for those who paid only; `paidAccess` alone counts if there.

    A time that is over stays in the record: whether it is early access is a matter of now.
    """
    if payload.upstream is not None:
        paid = payload.upstream.paid_access
        return utc_time(paid.ends_at) if paid else None
    if "paid_access" in payload.model_fields_set:
        return utc_time(payload.paid_access.ends_at) if payload.paid_access else None
    told = utc_time(payload.early_access_ends) or utc_time(payload.early_access_deadline)
    return told or days_later(payload.published_at, payload.early_access_days)


def as_text(document: object) -> str:
    """Return `document` as JSON text that any database can hold, at most `RAW_LIMIT` long.

    From a longer one the heaviest parts are left out until it fits.
    """
    text = _dump(document)
    if len(text) <= RAW_LIMIT or not isinstance(document, dict):
        return text if len(text) <= RAW_LIMIT else "{}"
    rest = dict(document)
    for key in _SHEDDABLE:
        if rest.pop(key, None) is not None and len(text := _dump(rest)) <= RAW_LIMIT:
            return text
    return _dump({"id": document.get("id")})


def _dump(document: object) -> str:
    try:
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    except RecursionError as error:
        raise _unreadable("deeply nested document") from error
    # A lone surrogate becomes \udXXX, which inside a JSON string is its own escape.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _image(payload: ImagePayload) -> HubImage | None:
    """Return an image, None for one without a web address."""
    url = payload.url or ""
    if not url.startswith(("https://", "http://")):
        return None
    number = _IMAGE_NUMBER.search(url)
    return HubImage(
        id=payload.id or (int(number[1]) if number else None),
        url=url,
        type=payload.type or "image",
        content_level=_level(payload),
        width=payload.width,
        height=payload.height,
        blurhash=payload.blurhash or None,
    )


def _whole_level(told: int | None, parts: Iterable[HubImage] | Iterable[HubVersion]) -> int:
    """Return the level of a whole: as told, else all the bits of its parts (docs/civitai.md)."""
    if told is not None:
        return told
    level = 0
    for part in parts:
        level |= part.content_level
    return level


def _level(payload: ImagePayload) -> int:
    if payload.browsing_level is not None:
        return payload.browsing_level
    if isinstance(payload.level, int):
        return payload.level if 0 <= payload.level < 2**31 else 0
    word = payload.level or payload.old_level or ""
    return _LEVEL_WORDS.get(word.strip().lower(), 0)


def _quantisation(word: str | None) -> str | None:
    return None if word is None or word.casefold() in ("", "none") else word


def _hashes(payload: dict[str, str | None]) -> dict[str, str]:
    hashes: dict[str, str] = {}
    for name, value in payload.items():
        digest = (value or "").strip().lower()
        if _HASH_NAME.fullmatch(name) and _HEX.fullmatch(digest):
            hashes[name] = digest
    return hashes


def _licence(payload: ModelPayload) -> dict[str, str]:
    """Return the permissions the hub states: its own names to `true`, `false` or a comma list."""
    licence: dict[str, str] = {}
    for name, allowed in (
        ("allowNoCredit", payload.no_credit),
        ("allowDerivatives", payload.derivatives),
        ("allowDifferentLicense", payload.different_licence),
    ):
        if allowed is not None:
            licence[name] = "true" if allowed else "false"
    uses = commercial_uses(payload.commercial_use)
    if uses is not None:
        licence["allowCommercialUse"] = ",".join(uses) or "None"
    return licence


def commercial_uses(value: object) -> tuple[str, ...] | None:
    """Return the allowed commercial uses, None if the hub does not say.

    It has been a JSON array, a single word, and text that holds a Postgres array such as
    `{Image,RentCivit}` (docs/civitai.md).
    """
    if isinstance(value, str):
        value = value.strip().removeprefix("{").removesuffix("}").split(",")
    if not isinstance(value, list):
        return None
    words = (word.strip(' "') for word in value if isinstance(word, str))
    return tuple(word for word in words if re.fullmatch(r"\w{1,40}", word))


def _unreadable(what: str) -> HubUnexpectedAnswer:
    return HubUnexpectedAnswer(f"The hub sent a {what} that cannot be read.")
