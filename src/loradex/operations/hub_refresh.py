"""Ask hubs again for what is matched: changes are taken over, and what is gone is marked as gone.

All that was known of something that is gone stays, and it is as before once the hub shows it again.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from loradex.catalog.catalog import Catalog
from loradex.catalog.hub_store import KnownMatch
from loradex.domain.hub import HubModel
from loradex.domain.hub_ranks import ARCHIVES
from loradex.domain.hub_source import HubNames, HubParts, HubPlaces, HubSource
from loradex.domain.progress import CancelToken, Progress, ProgressSink
from loradex.errors import HubError
from loradex.operations.hub_batches import told_by_name, told_models
from loradex.operations.matching import found, keep

MODELS_PER_CALL = 100
WEEK = 7 * 86_400.0
UNBELIEVABLE = 20
"""So many models, and a hub that has none of them: then it is another hub than the one we know."""

_Known = dict[int, list[KnownMatch]]


@dataclass(slots=True)
class RefreshReport:
    """What a refresh of one hub found, in models."""

    hub: str
    asked: int = 0
    present: int = 0
    gone: int = 0
    """Not there any more, or of which a version that is owned is not; newly so."""
    back: int = 0
    """Were gone and are there again."""
    partial: bool = False
    """The hub has only a part of what there is: nothing that it lacks was marked."""
    doubted: bool = False
    """The hub had none of them, which was not believed: nothing was marked."""
    seconds: float = 0.0
    problem: HubError | None = None
    """What ended it before its time, or left some of it out. What was fetched is kept."""


def refresh(
    catalog: Catalog,
    hubs: Iterable[HubSource],
    content_ids: Sequence[int] | None = None,
    *,
    older_than: float | None = WEEK,
    sink: ProgressSink,
    cancel: CancelToken,
) -> list[RefreshReport]:
    """Ask hubs again for the models of these contents (None for all), the longest unasked first.

    `older_than` leaves out models fetched in the last so many seconds, and gone ones that are not
    due again. Hubs without anything to ask give no report, and archives are not asked: what they
    have does not change. Raises `Cancelled`.
    """
    before = None if older_than is None else time.time() - older_than
    reports = []
    for hub in hubs:
        known = catalog.hub.matches(hub.name, content_ids=content_ids, before=before)
        if known and hub.name not in ARCHIVES:
            reports.append(_refresh_hub(catalog, hub, known, sink, cancel))
    return reports


def _refresh_hub(
    catalog: Catalog, hub: HubSource, known: _Known, sink: ProgressSink, cancel: CancelToken
) -> RefreshReport:
    started = time.monotonic()
    run = _Refresh(catalog, hub, known)
    ids = list(known)
    try:
        for start in range(0, len(ids), MODELS_PER_CALL):
            cancel.check()
            sink.progress(Progress("Asking again", start, len(ids), "models", hub.name))
            run.ask(ids[start : start + MODELS_PER_CALL])
        sink.progress(Progress("Asking again", len(ids), len(ids), "models", hub.name))
        run.mark()
    except HubError as error:
        run.report.problem = error
    run.report.seconds = time.monotonic() - started
    return run.report


class _Refresh:
    """One hub's refresh, and what seems to be gone so far."""

    def __init__(self, catalog: Catalog, hub: HubSource, known: _Known) -> None:
        self.report = RefreshReport(hub.name)
        self._catalog = catalog
        self._hub = hub
        self._known = known
        self._absent: list[int] = []
        self._shown: dict[int, set[int]] = {}
        """The versions that the hub shows, of models of which it does not show all that we have."""

    def ask(self, ids: Sequence[int]) -> None:
        """Fetch these models and take over what changed; remember what is not there."""
        models = self._models(ids)
        matches = []
        for id_, model in models.items():
            if model is None:
                self._absent.append(id_)
                continue
            versions = {version.id: version for version in model.versions}
            for match in self._known[id_]:
                version = versions.get(match.version_id)
                if version is not None:
                    matches.append(found(match.content_id, version, model, match.matched_by))
            self.report.back += any(m.gone and m.version_id in versions for m in self._known[id_])
            # A live model without versions is a hiccup (docs/civitai.md), and a hub of places
            # shows the latest state only.
            if versions and not isinstance(self._hub, HubPlaces):
                self._shown[id_] = set(versions)
        present = [model for model in models.values() if model is not None]
        self.report.asked += len(models)
        self.report.present += len(present)
        keep(self._catalog, self._hub.name, matches, present)

    def mark(self) -> None:
        """Mark what the hub shows neither by its number nor by its bytes."""
        if self.report.asked >= UNBELIEVABLE and not self.report.present:
            self.report.doubted = True
            return
        missing = {
            id_: [m for m in self._known[id_] if m.version_id not in shown]
            for id_, shown in self._shown.items()
        }
        missing = {id_: matches for id_, matches in missing.items() if matches}
        if (self._absent or missing) and has_only_some(self._hub):
            self.report.partial = True
            return
        still = self._known_by_bytes(
            [*(m for id_ in self._absent for m in self._known[id_]), *_all(missing)]
        )
        gone = [id_ for id_ in self._absent if not still & _versions(self._known[id_])]
        updates = self._catalog.updates
        updates.record_gone(self._hub.name, gone)
        self._catalog.hub.record_absent(self._hub.name, gone)
        for id_ in missing:
            updates.record_versions_left(self._hub.name, id_, self._shown[id_] | still)
        self.report.gone = sum(
            not all(m.gone for m in matches)
            for matches in (
                *(self._known[id_] for id_ in gone),
                *([m for m in some if m.version_id not in still] for some in missing.values()),
            )
        )

    def _models(self, ids: Sequence[int]) -> dict[int, HubModel | None]:
        """Return what the hub has of these models, None for what it has not."""
        hub = self._hub
        if not isinstance(hub, HubPlaces):
            told = told_models(hub, ids)
        elif isinstance(hub, HubNames):
            # Such a hub knows names, not numbers.
            slugs = self._catalog.known.slugs(hub.name, ids)
            ids = list(slugs)
            told = told_by_name(hub, hub.name, slugs)
        else:
            return {}
        if told.untold:
            self.report.problem = told.error
        return {id_: told.models.get(id_) for id_ in ids if id_ not in told.untold}

    def _known_by_bytes(self, matches: Sequence[KnownMatch]) -> set[int]:
        """Return the versions that the hub still knows the bytes of, whatever else it hides."""
        digests = [match.sha256 for match in matches if match.sha256 is not None]
        return {hit.version_id for hit in self._hub.ids_by_hash(digests)} if digests else set()


def has_only_some(hub: HubSource) -> bool:
    """Tell whether what a hub does not show may be there all the same; may ask it."""
    return isinstance(hub, HubParts) and hub.is_partial()


def _all(missing: Mapping[int, Sequence[KnownMatch]]) -> Iterator[KnownMatch]:
    for matches in missing.values():
        yield from matches


def _versions(matches: Sequence[KnownMatch]) -> set[int]:
    return {match.version_id for match in matches}
