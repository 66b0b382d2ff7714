"""Ask CivitAI what the models are that recipes name and the library lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loradex.catalog.catalog import Catalog
from loradex.domain.hub_reference import HubReference
from loradex.domain.hub_source import HubNames
from loradex.domain.progress import CancelToken, Problem, Progress, ProgressSink
from loradex.errors import HubError
from loradex.operations.matching.facts import model_of

if TYPE_CHECKING:
    from loradex.domain.hub import HubModel, HubVersion
    from loradex.domain.hub_source import HubSource
    from loradex.domain.picture_recipes import MissingModel
    from loradex.operations.hubs import Hubs

HUB = "civitai"
MOST_ASKED = 200
"""Models that one run asks for: each takes a request or two."""
_SHORTEST = 10
"""Digits below which a digest may be another file's (docs/civitai.md)."""


@dataclass(slots=True)
class Asked:
    """What became of the questions."""

    found: int = 0
    unknown: int = 0
    left: int = 0
    """Not asked for this time, for there were too many."""
    problems: list[Problem] = field(default_factory=list)


def ask_hub(
    catalog: Catalog,
    hubs: Hubs,
    missing: Sequence[MissingModel],
    *,
    sink: ProgressSink,
    cancel: CancelToken,
) -> Asked:
    """Look up missing models by digest or version, the most used first, and keep the answers.

    What the hub did not know lately is not asked for again. A hub that is in trouble ends it; what
    it told until then is kept. Raises `UsageError` and `HubOffline` when it may not be asked.
    """
    hub = hubs.named(HUB)
    lately = catalog.recipes.asked_lately(HUB, [each.hash for each in missing])
    todo = [
        each
        for each in missing
        if not each.sources
        and (each.version_id or len(each.hash) >= _SHORTEST)
        and (each.hash not in lately or each.version_id)
    ]
    asked = Asked(left=max(len(todo) - MOST_ASKED, 0))
    misses: list[str] = []
    try:
        for number, each in enumerate(todo[:MOST_ASKED]):
            cancel.check()
            sink.progress(
                Progress("Asking the hub", number, len(todo[:MOST_ASKED]), "models", each.name)
            )
            told = _told(hub, each)
            if told is None:
                asked.unknown += 1
                misses += [each.hash] if each.hash else []
                continue
            asked.found += 1
            model, version = told
            catalog.hub.record_models(HUB, [model])
            catalog.hub.record_versions(HUB, [version])
    except HubError as error:
        asked.problems.append(Problem(HUB, error.message, error.hint))
    finally:
        catalog.hub.record_misses(HUB, misses)
    return asked


def _told(hub: HubSource, missing: MissingModel) -> tuple[HubModel, HubVersion] | None:
    """Return model and version of what is missing; None when the hub does not know it."""
    if missing.version_id and isinstance(hub, HubNames):
        found = hub.look_up(HubReference(HUB, version_id=missing.version_id))
        if found is not None and found[1] is not None:
            return found[0], found[1]
    if len(missing.hash) < _SHORTEST:
        return None
    version = hub.version_by_hash(missing.hash)
    if version is None or not _holds(version, missing.hash):
        return None
    return hub.model(version.model_id) or model_of(version), version


def _holds(version: HubVersion, digest: str) -> bool:
    """Say whether a file of a version really has this digest: the hub may find another's."""
    return any(
        theirs.lower().startswith(digest) or digest.startswith(theirs.lower())
        for file in version.files
        for theirs in file.hashes.values()
        if len(theirs) >= _SHORTEST
    )
