"""Match: ask a hub what it knows of every hashed content, in few requests."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from loradex.catalog.catalog import Catalog
from loradex.catalog.hub_evidence import MatchFound
from loradex.catalog.hub_store import Unmatched
from loradex.catalog.person_store import TAG_LIMIT, clean_tag
from loradex.domain.evidence import Evidence, Source
from loradex.domain.hub import HashHit, HubModel, HubVersion
from loradex.domain.hub_names import DERIVATIVES, base_from_hub, kind_from_hub
from loradex.domain.hub_ranks import ARCHIVES
from loradex.domain.hub_source import HubPlaces, HubSource
from loradex.domain.progress import CancelToken, Progress, ProgressSink
from loradex.domain.text import trained_words
from loradex.operations.match_places import claims_of, confirmed

MODELS_PER_CALL = 100
LATE_PER_CALL = 100
SINGLE_LOOKUPS = 200
"""Most look-ups in one run that take a request each: by tensor hash, or at an archive."""
TAGS_KEPT = 40


@dataclass(slots=True)
class MatchReport:
    """What a match found, in contents."""

    asked: int = 0
    matched: int = 0
    unknown: int = 0
    by_tensors: int = 0
    """Found by AutoV3 only: their metadata was edited."""
    gone: int = 0
    """Known to the hub by hash, but it no longer shows the version."""
    seconds: float = 0.0
    words: int = 0
    left: int = 0
    """Not found by their whole hash, and left for the next run to ask by their tensors."""


def match(
    catalog: Catalog,
    hub: HubSource,
    *,
    sink: ProgressSink,
    cancel: CancelToken,
    again: bool = False,
) -> MatchReport:
    """Look up every hashed content that has no match yet; keep facts, words and tags.

    Digests the hub did not know are asked again only when due, or with `again`. Each hundred
    models are committed by themselves, so that an interrupted match goes on where it was. A hub
    that cannot be asked by hash confirms where files came from, and an archive is asked only for
    what its hub does not know.
    """
    run = _Run(catalog, hub, sink, cancel)
    started = time.monotonic()
    if isinstance(hub, HubPlaces):
        run.by_place(hub)
    else:
        lost_by = ARCHIVES.get(hub.name)
        todo = catalog.hub.unmatched(hub.name, again=again, archive_of=lost_by)
        if lost_by is not None:
            run.at_archive(todo)
        else:
            run.by_hash(todo)
    run.report.seconds = time.monotonic() - started
    return run.report


def keep(
    catalog: Catalog, hub: str, matches: Sequence[MatchFound], models: Iterable[HubModel]
) -> None:
    """Keep matches with the models and versions that they speak of."""
    catalog.hub.record_models(hub, list(models))
    catalog.hub.record_versions(hub, {m.version.id: m.version for m in matches}.values())
    catalog.hub.record_matches(hub, matches)


class _Run:
    """One match with one hub, and what it found so far."""

    def __init__(
        self, catalog: Catalog, hub: HubSource, sink: ProgressSink, cancel: CancelToken
    ) -> None:
        self.report = MatchReport()
        self._catalog = catalog
        self._hub = hub
        self._sink = sink
        self._cancel = cancel

    def by_hash(self, todo: Sequence[Unmatched]) -> None:
        """Ask for all by their whole hash, then for some of the rest by their tensors."""
        self.report.asked = len(todo)
        self._tell("Asking the hub", 0, len(todo))
        hits: dict[str, list[HashHit]] = {}
        for hit in self._hub.ids_by_hash([item.sha256 for item in todo]) if todo else ():
            hits.setdefault(hit.sha256.lower(), []).append(hit)
        known = [item for item in todo if item.sha256 in hits]
        done, late = 0, []
        for chunk in _by_models(known, hits):
            self._cancel.check()
            late += self._match_shown(chunk, hits)
            done += len(chunk)
            self._tell("Asking the hub", done, len(todo))
        for start in range(0, len(late), LATE_PER_CALL):
            self._cancel.check()
            self._match_late(late[start : start + LATE_PER_CALL], hits)
        rest = [item for item in todo if item.sha256 not in hits]
        misses = [item for item in rest if item.autov3 is None]
        self._missed([item.sha256 for item in misses])
        self._one_by_one([item for item in rest if item.autov3 is not None], "autov3")

    def at_archive(self, todo: Sequence[Unmatched]) -> None:
        """Ask an archive, which takes one at a time."""
        self.report.asked = len(todo)
        self._one_by_one(todo, "sha256")

    def by_place(self, hub: HubPlaces) -> None:
        """Let the hub confirm what lies in its cache; only what has the same bytes counts."""
        claims = claims_of(self._catalog, self._hub.name)
        self.report.asked = len({claim.content_id for claim in claims})
        matched: set[int] = set()
        for start in range(0, len(claims), MODELS_PER_CALL):
            self._cancel.check()
            self._tell("Asking where files came from", start, len(claims))
            chunk = claims[start : start + MODELS_PER_CALL]
            versions = {v.slug: v for v in hub.versions_by_place(chunk)}
            models = {m.id: m for m in self._hub.models({v.model_id for v in versions.values()})}
            matches = []
            for claim in chunk:
                version = confirmed(claim, versions)
                if version is None or claim.content_id in matched:
                    continue
                matched.add(claim.content_id)
                model = models.get(version.model_id)
                matches.append(found(claim.content_id, version, model, "sha256"))
            self._keep(matches, models.values())
        self.report.unknown = self.report.asked - len(matched)

    def _match_shown(
        self, chunk: Sequence[Unmatched], hits: Mapping[str, Sequence[HashHit]]
    ) -> list[Unmatched]:
        """Match with the models that the hub shows; return what none of these holds."""
        ids = {hit.model_id for item in chunk for hit in hits[item.sha256] if hit.model_id}
        models = {model.id: model for model in self._hub.models(sorted(ids))}
        versions = {v.id: v for model in models.values() for v in model.versions}
        return self._match(chunk, hits, versions, models)

    def _match_late(
        self, chunk: Sequence[Unmatched], hits: Mapping[str, Sequence[HashHit]]
    ) -> None:
        """Match with versions whose model was not told, or does not list them."""
        versions = {v.id: v for v in self._hub.versions_by_hash([i.sha256 for i in chunk])}
        ids = {version.model_id for version in versions.values()}
        models = {model.id: model for model in self._hub.models(sorted(ids))}
        for model in models.values():
            for version in model.versions:
                versions.setdefault(version.id, version)
        gone = self._match(chunk, hits, versions, models)
        self.report.gone += len(gone)
        # It may come back, and an archive may have it: so it is remembered as a miss is.
        self._catalog.hub.record_misses(self._hub.name, [item.sha256 for item in gone])

    def _match(
        self,
        chunk: Sequence[Unmatched],
        hits: Mapping[str, Sequence[HashHit]],
        versions: Mapping[int, HubVersion],
        models: Mapping[int, HubModel],
    ) -> list[Unmatched]:
        matches, rest = [], []
        for item in chunk:
            ids = {hit.version_id for hit in hits[item.sha256]}
            candidates = [versions[id_] for id_ in ids if id_ in versions]
            if not candidates:
                rest.append(item)
                continue
            version = min(candidates, key=_first_published)
            matches.append(found(item.content_id, version, models.get(version.model_id), "sha256"))
        self._keep(matches, models.values())
        return rest

    def _one_by_one(self, items: Sequence[Unmatched], matched_by: str) -> None:
        """Look up some of these, each with a request of its own; leave the others for later."""
        tried = items[:SINGLE_LOOKUPS]
        misses: list[str] = []
        try:
            for place, item in enumerate(tried):
                self._cancel.check()
                self._tell("Asking for one after the other", place, len(tried))
                digest = item.sha256 if matched_by == "sha256" else item.autov3
                version = self._hub.version_by_hash(digest or "")
                if version is None:
                    misses.append(item.sha256)
                    continue
                model = self._hub.model(version.model_id)
                match_ = found(item.content_id, version, model, matched_by)
                self._keep([match_], [model] if model else [])
                self.report.by_tensors += matched_by == "autov3"
        finally:
            # What was asked is not asked again soon, even if the hub ended it; the rest stays due.
            self._missed(misses)
            self.report.left = len(items) - len(tried)

    def _missed(self, digests: Sequence[str]) -> None:
        self._catalog.hub.record_misses(self._hub.name, digests)
        self.report.unknown += len(digests)

    def _keep(self, matches: Sequence[MatchFound], models: Iterable[HubModel]) -> None:
        keep(self._catalog, self._hub.name, matches, models)
        self.report.matched += len(matches)
        self.report.words += sum(len(match_.trigger_words) for match_ in matches)

    def _tell(self, stage: str, done: int, total: int) -> None:
        self._sink.progress(Progress(stage, done, total, "models", self._hub.name))


def _by_models(
    known: Sequence[Unmatched], hits: Mapping[str, Sequence[HashHit]]
) -> Iterator[list[Unmatched]]:
    """Give contents in groups that have at most one request's worth of models together."""
    ids_of = {i.sha256: {hit.model_id or 0 for hit in hits[i.sha256]} - {0} for i in known}
    chunk: list[Unmatched] = []
    ids: set[int] = set()
    # Files of the same model come together, so that it is asked for once.
    for item in sorted(known, key=lambda item: min(ids_of[item.sha256], default=0)):
        more = ids_of[item.sha256]
        if chunk and len(ids | more) > MODELS_PER_CALL:
            yield chunk
            chunk, ids = [], set()
        chunk.append(item)
        ids |= more
    if chunk:
        yield chunk


def _first_published(version: HubVersion) -> tuple[str, int]:
    return (version.published_at or "9999", version.id)


def found(
    content_id: int, version: HubVersion, model: HubModel | None, matched_by: str
) -> MatchFound:
    """Return a match with the facts, trigger words and tags that follow from it."""
    return MatchFound(
        content_id=content_id,
        version=version,
        matched_by=matched_by,
        facts=tuple(_facts(version, model)),
        trigger_words=trained_words(version.trained_words),
        tags=tuple(_clean_tags(model.tags)) if model else (),
    )


def _clean_tags(tags: Iterable[str]) -> list[str]:
    """Return a hub's tags as ours: no commas, no novels."""
    parts = (clean_tag(part) for tag in tags for part in tag.split(",") if len(part) <= TAG_LIMIT)
    return [part for part in dict.fromkeys(parts) if part][:TAGS_KEPT]


def _facts(version: HubVersion, model: HubModel | None) -> Iterable[Evidence]:
    def fact(field: str, value: str | None, detail: str = "") -> Evidence:
        return Evidence(field, value or "", Source.HUB, detail=detail)

    model_name = (model.name if model else version.model_name) or ""
    yield fact("name", " ".join(f"{model_name} {version.name}".split()))
    kind = kind_from_hub((model.type if model else version.model_type) or "")
    if kind is not None:
        yield fact("kind", kind.value)
    base = base_from_hub(version.base_model)
    said = f"the hub says {version.base_model}"
    if base is not None:
        yield fact("base", base[0].value, said)
        if base[1] in DERIVATIVES:
            yield fact("derivative", base[1], said)
    level = version.content_level or (model.content_level if model else 0)
    if level:
        yield fact("content_level", str(level))
    if model is not None and model.creator:
        yield fact("creator", model.creator)
