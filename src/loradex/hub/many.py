"""Many references at once: a few batches in place of two requests for each."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from loradex.domain.hub import HubModel, HubVersion
from loradex.domain.hub_reference import HubReference
from loradex.hub.by_hash import HashLookups
from loradex.hub.records import KEEP_SECONDS, RecordLookups, joined, version_with_file

Found = tuple[HubModel, HubVersion | None]


@dataclass(frozen=True, slots=True)
class _Told:
    """A model as it was told, with those of its versions that told of themselves."""

    model: HubModel
    full: frozenset[int]
    at: float


class ManyLookups:
    """What references mean; what a batch told is not asked for again for some minutes.

    Safe to share between threads. `clock` gives seconds that never go back.
    """

    def __init__(
        self,
        records: RecordLookups,
        by_hash: HashLookups,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._records = records
        self._by_hash = by_hash
        self._clock = clock
        self._lock = threading.Lock()
        self._told: dict[int, _Told] = {}
        self._owner: dict[int, int] = {}

    def look_up(self, reference: HubReference) -> Found | None:
        """Return what one reference means, from a batch if one told it just now."""
        return self._remembered(reference) or self._records.look_up(reference)

    def look_up_all(self, references: Sequence[HubReference]) -> list[Found | None]:
        """Return what each reference means, None for what the hub does not have.

        Two or three requests per hundred, and single ones for what the hub's lists leave out.
        """
        owners = self._owners(references)
        ids = [_model_of(reference, owners) for reference in references]
        models = {model.id: model for model in self._records.models(i for i in ids if i)}
        self._remember(models.values(), references)
        return [self.look_up(reference) for reference in references]

    def _owners(self, references: Iterable[HubReference]) -> dict[int, int]:
        """Return the models of versions that were named alone, as far as a list tells."""
        alone = [r.version_id for r in references if r.model_id is None and r.version_id]
        return {
            version.id: model.id
            for model in self._records.models_of_versions(alone)
            for version in model.versions
        }

    def _remember(self, models: Iterable[HubModel], references: Iterable[HubReference]) -> None:
        """Remember models, with the own records of those versions that are likely to be wanted.

        Only a version's own record says who may use it; by its hash it comes in a batch.
        """
        named = {reference.version_id for reference in references}
        models = list(models)
        wanted = [
            version
            for model in models
            for version in model.versions
            if version.id in named or version is _newest(model)
        ]
        digests = [next((f.sha256 for f in v.files if f.sha256), None) for v in wanted]
        own = {version.id: version for version in self._by_hash.versions(filter(None, digests))}
        with self._lock:
            now = self._clock()
            self._told = {id_: t for id_, t in self._told.items() if now - t.at < KEEP_SECONDS}
            for model in models:
                told = self._told[model.id] = _told(model, own, now)
                self._owner |= dict.fromkeys(told.full, model.id)

    def _remembered(self, reference: HubReference) -> Found | None:
        with self._lock:
            owner = reference.model_id or self._owner.get(reference.version_id or 0)
            told = self._told.get(owner or 0)
            if told is None or self._clock() - told.at >= KEEP_SECONDS:
                return None
        if reference.version_id is None:
            return told.model, version_with_file(told.model, reference.file_id)
        if reference.version_id not in told.full:
            return None
        return told.model, _version(told.model, reference.version_id)


def _model_of(reference: HubReference, owners: Mapping[int, int]) -> int | None:
    return reference.model_id or owners.get(reference.version_id or 0)


def _told(model: HubModel, own: Mapping[int, HubVersion], now: float) -> _Told:
    mine = {
        v.id: own[v.id] for v in model.versions if v.id in own and own[v.id].model_id == model.id
    }
    versions = tuple(joined(mine[v.id], v) if v.id in mine else v for v in model.versions)
    return _Told(replace(model, versions=versions), frozenset(mine), now)


def _version(model: HubModel, version_id: int) -> HubVersion:
    return next(version for version in model.versions if version.id == version_id)


def _newest(model: HubModel) -> HubVersion | None:
    return max(model.versions, key=lambda version: version.published_at or "", default=None)
