"""What the demo's hub knows: the sample library's models, by the hashes their files really have."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.demo.hub_world import World, WorldFile, WorldModel, WorldVersion
from loradex.demo.library import SampleModel
from loradex.domain.hashes import Hashes
from loradex.domain.hub_names import base_from_hub
from loradex.errors import BadReference


def world_of(catalog: Catalog, models: Iterable[SampleModel]) -> World:
    """Return the world of a hub that knows these files; those not hashed yet are left out."""
    versions: dict[int, list[tuple[SampleModel, Hashes]]] = defaultdict(list)
    for model in models:
        hashes = _hashes(catalog, model.path)
        if hashes is not None:
            versions[model.facts.model_id].append((model, hashes))
    return World(models=tuple(_model(id_, group) for id_, group in versions.items()))


def _hashes(catalog: Catalog, path: Path) -> Hashes | None:
    try:
        return catalog.details(catalog.resolve(os.fspath(path))).hashes
    except BadReference:
        return None


def _model(model_id: int, group: list[tuple[SampleModel, Hashes]]) -> WorldModel:
    facts = group[0][0].facts
    return WorldModel(
        id=model_id,
        name=facts.model_name,
        type=facts.type,
        description=f"<p>{facts.description}</p>" if facts.description else None,
        tags=facts.tags,
        creator=facts.creator,
        content_level=facts.content_level,
        versions=tuple(_version(model, hashes) for model, hashes in group),
    )


def _version(model: SampleModel, hashes: Hashes) -> WorldVersion:
    facts = model.facts
    base = base_from_hub(facts.base_model)
    digests = {
        "SHA256": hashes.sha256,
        "AutoV1": hashes.autov1,
        "AutoV2": hashes.autov2,
        "AutoV3": hashes.autov3,
        "CRC32": hashes.crc32,
        "BLAKE3": hashes.blake3,
    }
    return WorldVersion(
        id=facts.version_id,
        name=facts.version_name,
        base_model=facts.base_model,
        ecosystem=base[0].value if base else "other",
        trained_words=facts.trained_words,
        content_level=facts.content_level,
        files=(
            WorldFile(
                id=facts.version_id * 10,
                name=model.path.name,
                size_bytes=model.path.stat().st_size,
                hashes={name: value.upper() for name, value in digests.items() if value},
                path=os.fspath(model.path),
            ),
        ),
    )
