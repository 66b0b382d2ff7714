"""Let a hub that cannot be asked by hash confirm where files say that they came from."""

from __future__ import annotations

import re
from collections.abc import Mapping

from loradex.catalog.catalog import Catalog
from loradex.domain.hub import HubVersion
from loradex.domain.hub_source import HubPlaces, PlaceClaim
from loradex.operations.matching.facts import found, model_of
from loradex.operations.matching.work import Work

CLAIMS_PER_STEP = 50
_PLACE = re.compile(r"(?:^|/)models--([^/]+)/snapshots/([^/]+)/(.+)$")
"""A file in a cache of huggingface_hub: repository, commit and path."""


def match_by_place(work: Work, hub: HubPlaces) -> None:
    """Ask about the places of contents without a match; only the very same bytes count.

    What is not confirmed is no miss: the hub was not asked for the bytes.
    """
    claims = _claims_of(work.catalog, work.hub.name)
    work.report.asked = len({claim.content_id for claim in claims})
    matched: set[int] = set()
    for start in range(0, len(claims), CLAIMS_PER_STEP):
        work.step("Asking where files came from", start, len(claims))
        chunk = claims[start : start + CLAIMS_PER_STEP]
        versions = {version.slug: version for version in hub.versions_by_place(chunk)}
        confirmed: dict[int, HubVersion] = {}
        for claim in chunk:
            version = _confirmed(claim, versions)
            if version is not None and claim.content_id not in matched:
                confirmed.setdefault(claim.content_id, version)
        matched |= confirmed.keys()
        models = {m.id: m for m in work.hub.models({v.model_id for v in confirmed.values()})}
        for version in confirmed.values():
            models.setdefault(version.model_id, model_of(version))
        work.keep(
            [found(id_, v, models[v.model_id], "sha256") for id_, v in confirmed.items()],
            models.values(),
        )
    work.report.unknown = work.report.asked - len(matched)


def _claims_of(catalog: Catalog, hub: str) -> list[PlaceClaim]:
    """Return what places claim of contents without a match, those of a repository together."""
    claims: list[PlaceClaim] = []
    for placed in catalog.hub.placed(hub, "%models--%/snapshots/%"):
        told = _PLACE.search(placed.path)
        if told is not None:
            slug = told[1].replace("--", "/", 1)
            claims.append(PlaceClaim(placed.content_id, placed.sha256, slug, told[2], told[3]))
    return sorted(claims, key=lambda claim: (claim.slug, claim.revision, claim.path))


def _confirmed(claim: PlaceClaim, versions: Mapping[str | None, HubVersion]) -> HubVersion | None:
    """Return the version that a claim names, if it has a file with the very same bytes."""
    version = versions.get(f"{claim.slug}@{claim.revision}")
    if version is None or all(file.sha256 != claim.sha256 for file in version.files):
        return None
    return version
