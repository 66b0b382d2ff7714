"""Where files in a cache of Hugging Face say that they came from, and whether that is so."""

from __future__ import annotations

import re
from collections.abc import Mapping

from loradex.catalog.catalog import Catalog
from loradex.domain.hub import HubVersion
from loradex.domain.hub_source import PlaceClaim

_PLACE = re.compile(r"(?:^|/)models--([^/]+)/snapshots/([^/]+)/(.+)$")


def claims_of(catalog: Catalog, hub: str) -> list[PlaceClaim]:
    """Return what places claim of contents without a match, those of a repository together."""
    found: list[PlaceClaim] = []
    for placed in catalog.hub.placed(hub, "%/models--%/snapshots/%"):
        told = _PLACE.search(placed.path)
        if told is not None:
            slug = told[1].replace("--", "/", 1)
            found.append(PlaceClaim(placed.content_id, placed.sha256, slug, told[2], told[3]))
    return sorted(found, key=lambda claim: (claim.slug, claim.revision, claim.path))


def confirmed(claim: PlaceClaim, versions: Mapping[str | None, HubVersion]) -> HubVersion | None:
    """Return the version that a claim names, if it has a file with the very same bytes."""
    version = versions.get(f"{claim.slug}@{claim.revision}")
    if version is None or all(file.sha256 != claim.sha256 for file in version.files):
        return None
    return version
