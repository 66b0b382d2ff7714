"""Newer versions of what a person owns: many models asked for at once, the unwanted left out."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from loradex.catalog.catalog import Catalog
from loradex.catalog.known_models import KnownModel
from loradex.catalog.update_store import WHOLE_MODEL, OwnedVersion
from loradex.domain.hub import HubModel, HubVersion
from loradex.domain.hub_ranks import ARCHIVES
from loradex.domain.hub_reference import HubReference
from loradex.domain.own_numbers import OWN_NUMBERS
from loradex.domain.progress import CancelToken, Problem, Progress, ProgressSink
from loradex.operations.downloads.references import looked_up, recognised
from loradex.operations.hub_asking import AskedHub
from loradex.operations.hub_browse import keep
from loradex.operations.hub_words import published
from loradex.operations.newness import Hidden, NewVersion, Wanted, news

if TYPE_CHECKING:
    from loradex.operations.hubs import Hubs

__all__ = [
    "Hidden",
    "ModelUpdates",
    "NewVersion",
    "OwnedCopy",
    "UpdateReport",
    "Wanted",
    "find_updates",
    "set_ignored",
]

MODELS_PER_CALL = 100


@dataclass(frozen=True, slots=True)
class OwnedCopy:
    """A version that is owned, and a content that is a file of it."""

    version: HubVersion
    content_id: int
    elsewhere: bool
    """The bytes are the version's, but the content is matched to another, or to none yet."""


@dataclass(frozen=True, slots=True)
class ModelUpdates:
    """What is owned of a model, and what is newer."""

    hub: str
    model: HubModel
    page_url: str
    """Empty when the hub cannot be asked for it."""
    have: tuple[OwnedCopy, ...]
    """The newest first."""
    new: tuple[NewVersion, ...]
    """The newest first."""
    gone_at: float | None
    """When the hub was found to have it no longer."""
    fetched_at: float


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """What a look for updates found."""

    models: tuple[ModelUpdates, ...]
    """Those with something new, the newest first."""
    gone: tuple[ModelUpdates, ...]
    """Those that their hub has no longer."""
    checked: int
    """Models that were compared."""
    kept: int
    """Of these, models that no hub was asked for: compared as they were told of before."""
    hidden: Mapping[Hidden, int]
    """Newer versions that are not shown, by the reason."""
    problems: tuple[Problem, ...]
    """Hubs that did not answer."""
    seconds: float


def find_updates(
    catalog: Catalog,
    hubs: Hubs,
    content_ids: Iterable[int] | None = None,
    *,
    wanted: Wanted | None = None,
    sink: ProgressSink,
    cancel: CancelToken,
) -> UpdateReport:
    """Compare what is owned with what hubs have now, in batches of `MODELS_PER_CALL` models.

    `content_ids` are the contents to look for, None for all that are matched. A model that a hub
    has no longer is marked so and keeps all that was known. A hub that does not answer is a
    problem of the report, and what it told before counts. Raises `Cancelled`.
    """
    started = time.monotonic()
    look = _Look(catalog, wanted or Wanted())
    for hub, owned in _owned(catalog, content_ids).items():
        asked = AskedHub(catalog, hubs, hub, owned)
        ids = sorted(owned)
        for start in range(0, len(ids), MODELS_PER_CALL):
            cancel.check()
            sink.progress(Progress("Looking for updates", start, len(ids), "models", hub))
            chunk = ids[start : start + MODELS_PER_CALL]
            look.compare(asked, chunk)
        sink.progress(Progress("Looking for updates", len(ids), len(ids), "models", hub))
        look.problems += asked.problems
        look.kept += asked.kept
    return UpdateReport(
        models=tuple(sorted((m for m in look.found if m.new), key=_newest, reverse=True)),
        gone=tuple(m for m in look.found if m.gone_at is not None),
        checked=len(look.found),
        kept=look.kept,
        hidden=dict(look.hidden),
        problems=tuple(look.problems),
        seconds=time.monotonic() - started,
    )


def set_ignored(catalog: Catalog, hubs: Hubs, reference_text: str, *, ignored: bool) -> bool:
    """Note that updates to a version or a whole model are not wanted, or are again.

    Returns whether that changed anything. Raises `BadReference` for what names neither.
    """
    hub, reference = recognised(hubs, reference_text)
    model_id = reference.model_id
    if model_id is None and reference.version_id is not None:
        model_id = catalog.known.model_of(hub.name, reference.version_id)
    if model_id is None:
        model, version = looked_up(hub, reference)
        keep(catalog, hub.name, [model])
        reference = HubReference(hub.name, model.id, version.id if version else None)
        model_id = model.id
    version_id = reference.version_id or WHOLE_MODEL
    change = catalog.updates.ignore if ignored else catalog.updates.unignore
    return change(hub.name, model_id, version_id)


class _Look:
    """What was found so far."""

    def __init__(self, catalog: Catalog, wanted: Wanted) -> None:
        self.found: list[ModelUpdates] = []
        self.hidden: Counter[Hidden] = Counter()
        self.problems: list[Problem] = []
        self.kept = 0
        self._catalog = catalog
        self._wanted = wanted
        self._now = datetime.now(UTC)
        self._ignored: dict[tuple[str, int], set[int]] = defaultdict(set)
        for each in catalog.updates.ignored():
            self._ignored[each.hub, each.model_id].add(each.version_id)

    def compare(self, asked: AskedHub, ids: Sequence[int]) -> None:
        """Ask for these models and add them: what is owned of each, and what is newer."""
        fresh = asked.refresh(ids)
        known = self._catalog.known.models(asked.name, ids)
        asked.note_left(fresh, known)
        by_bytes = self._catalog.known.owned(
            asked.name, (v.id for each in known.values() for v in each.model.versions)
        )
        for model_id, each in known.items():
            model = _joined(each.model, fresh.get(model_id))
            have = _have(model, asked.owned[model_id], by_bytes)
            new, hidden = news(
                model,
                _offered(model, each, fresh.get(model_id)),
                [copy.version for copy in have],
                self._ignored[asked.name, model_id],
                wanted=self._wanted,
                now=self._now,
            )
            self.hidden += hidden
            self.found.append(
                ModelUpdates(
                    hub=asked.name,
                    model=model,
                    page_url=asked.page_url(model_id),
                    have=have,
                    new=new,
                    gone_at=each.gone_at,
                    fetched_at=each.fetched_at,
                )
            )


def _owned(
    catalog: Catalog, content_ids: Iterable[int] | None
) -> dict[str, dict[int, list[OwnedVersion]]]:
    """Return what is owned by hub and model; of these models all of it, whoever was asked for."""
    chosen = None
    if content_ids is not None:
        chosen = {(each.hub, each.model_id) for each in catalog.updates.owned(content_ids)}
    found: dict[str, dict[int, list[OwnedVersion]]] = {}
    for each in catalog.updates.owned():
        # Where nothing new ever comes out: archives, and models made of one file's own bytes.
        if each.hub in ARCHIVES or each.model_id in OWN_NUMBERS:
            continue
        if chosen is None or (each.hub, each.model_id) in chosen:
            found.setdefault(each.hub, {}).setdefault(each.model_id, []).append(each)
    return found


def _have(
    model: HubModel, matched: Sequence[OwnedVersion], by_bytes: Mapping[int, int]
) -> tuple[OwnedCopy, ...]:
    contents: dict[int, list[int]] = defaultdict(list)
    for each in matched:
        contents[each.version_id].append(each.content_id)
    copies: list[OwnedCopy] = []
    for version in sorted(model.versions, key=published, reverse=True):
        mine = contents.get(version.id)
        if mine is not None:
            copies += [OwnedCopy(version, content_id, False) for content_id in mine]
        elif version.id in by_bytes:
            copies.append(OwnedCopy(version, by_bytes[version.id], True))
    return tuple(copies)


def _joined(kept: HubModel, fresh: HubModel | None) -> HubModel:
    """Return what a hub tells now, with what it told before of what it leaves out now.

    A list does not say of a version who may use it, and leaves out versions that are gone.
    """
    if fresh is None:
        return kept
    before = {version.id: version for version in kept.versions}
    versions = [
        replace(v, usage_control=v.usage_control or before[v.id].usage_control)
        if v.id in before
        else v
        for v in fresh.versions
    ]
    listed = {version.id for version in versions}
    versions += [version for version in kept.versions if version.id not in listed]
    return replace(fresh, versions=tuple(versions))


def _offered(model: HubModel, known: KnownModel, fresh: HubModel | None) -> Sequence[HubVersion]:
    """Return the versions that the hub has, as far as we know: none of a model that is gone."""
    if fresh is not None:
        listed = {version.id for version in fresh.versions}
        return [version for version in model.versions if version.id in listed]
    if known.gone_at is not None:
        return ()
    return [version for version in model.versions if version.id not in known.gone_versions]


def _newest(updates: ModelUpdates) -> tuple[str, int]:
    return published(updates.new[0].version)
