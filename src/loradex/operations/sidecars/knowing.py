"""All that loradex can tell another tool of a model file."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.catalog.sidecar_store import ModelPlace
from loradex.domain.evidence import effective
from loradex.domain.hub_names import DERIVATIVES, base_from_hub, hub_bases
from loradex.domain.models import ModelDetails
from loradex.domain.sidecars import SidecarHub, SidecarModel
from loradex.operations.previews.beside import pictures_beside
from loradex.operations.sidecars.finding import name_of
from loradex.operations.sidecars.says import plain
from loradex.operations.sidecars.verdict_note import noted

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog

_USUAL = {
    "sd1": "SD 1.5",
    "sd2": "SD 2.1",
    "sdxl": "SDXL 1.0",
    "sd3": "SD 3",
    "flux1": "Flux.1 D",
    "flux2": "Flux.2 D",
}
"""The hub's name of a base that has several there."""


def known_model(
    catalog: Catalog, place: ModelPlace, *, with_verdicts: bool = False
) -> SidecarModel:
    """Return what is known of the model at a place; what probes found is in the note if asked."""
    id_ = place.content_id
    details = catalog.details(id_)
    page = catalog.sidecars.pages([id_]).get(id_)
    path = os.fsdecode(place.root + b"/" + place.raw_path)
    facts = {field: fact.value for field, fact in effective(details.evidence).items()}
    hashes, row = details.hashes, details.row
    said = facts.get("description", "") or (page.model_description if page else "")
    removed = catalog.person.removed_tags([id_]).get(id_, frozenset[str]())
    return SidecarModel(
        file_name=name_of(place),
        path=path,
        size=place.size,
        modified=place.mtime_ns / 1e9,
        added=place.first_seen,
        now=time.time(),
        sha256=place.sha256 or "",
        blake3=place.blake3 or "",
        crc32=hashes.crc32 if hashes else "",
        autov1=(hashes.autov1 or "") if hashes else "",
        autov3=place.autov3 or "",
        tensor_sha256=catalog.sidecars.tensor_hash(id_),
        name=row.name,
        kind=row.kind,
        algorithm=details.algorithm or "",
        base=row.base or "",
        base_model=_base_model(row.base, row.derivative, page),
        creator=facts.get("creator", "") or (page.creator if page else ""),
        description=plain(said),
        words=row.trigger_words,
        tags=row.tags,
        removed_tags=tuple(sorted(removed)),
        note=noted(details.note, details.verdicts) if with_verdicts else details.note,
        favourite=row.favourite,
        rating=row.rating,
        content_level=row.content_level,
        prediction=details.prediction or "",
        preferences=details.preferences.effective,
        hub=replace(page, version=_version_record(page)) if page else None,
        preview=_picture(path),
        own=tuple(_own(details, words=id_ in catalog.sidecars.own_words([id_]))),
    )


def _own(details: ModelDetails, *, words: bool) -> Iterator[str]:
    """Yield what of it the person said here."""
    if words:
        yield "words"
    if details.note:
        yield "note"
    if details.row.favourite:
        yield "favourite"
    if details.preferences.own.said():
        yield "preferences"


def _base_model(base: str | None, derivative: str | None, page: SidecarHub | None) -> str:
    """Return a base in the hub's words: those of its page, where they say the same."""
    if base is None:
        return page.base_model if page else ""
    told = base_from_hub(page.base_model) if page else None
    if page is not None and told is not None and told[0] == base:
        return page.base_model
    if derivative in DERIVATIVES:
        return hub_bases(str(derivative))[0]
    return _USUAL.get(base) or hub_bases(base)[0]


def _version_record(page: SidecarHub) -> dict[str, object]:
    """Return the hub's record of a version as it stands alone, with its model.

    Of a page of which the record is not known, only what is.
    """
    record: dict[str, object] = {
        "id": page.version_id,
        "modelId": page.model_id,
        "name": page.version_name,
        "baseModel": page.base_model,
        "trainedWords": list(page.words),
    }
    record |= page.version
    record |= {"id": page.version_id, "modelId": page.model_id}
    model: dict[str, object] = {
        "name": page.model_name,
        "type": page.model_type,
        "nsfw": bool(page.model.get("nsfw", False)),
        "poi": bool(page.model.get("poi", False)),
    }
    inside = page.version.get("model")
    if isinstance(inside, dict):
        model |= inside
    if page.model_description:
        model["description"] = page.model_description
    if page.tags:
        model["tags"] = list(page.tags)
    record["model"] = model
    return record


def _picture(path: str) -> str:
    picture = next(pictures_beside(Path(path)), None)
    return "" if picture is None else str(picture)
