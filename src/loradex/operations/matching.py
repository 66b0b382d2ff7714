"""Match: ask a hub what it knows of every hashed content, in few requests."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from loradex.catalog.catalog import Catalog
from loradex.catalog.hub_store import MatchFound, Unmatched
from loradex.catalog.person_store import TAG_LIMIT, clean_tag
from loradex.domain.evidence import Evidence, Source
from loradex.domain.hub import HashHit, HubModel, HubVersion
from loradex.domain.hub_names import DERIVATIVES, base_from_hub, kind_from_hub
from loradex.domain.hub_source import HubSource
from loradex.domain.progress import CancelToken, Progress, ProgressSink
from loradex.domain.text import trained_words

DETAILS_PER_CALL = 100
SINGLE_LOOKUPS = 200
"""Most look-ups by tensor hash in one run: each is a request of its own."""
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

    Digests the hub did not know are asked again only when due, or with `again`. Each hundred is
    committed by itself, so that an interrupted match goes on where it was.
    """
    started = time.monotonic()
    todo = catalog.hub.unmatched(hub.name, again=again)
    report = MatchReport(asked=len(todo))
    sink.progress(Progress("Asking the hub", 0, len(todo), "models"))
    hits = _hits(hub, todo)
    known = [item for item in todo if item.sha256 in hits]
    done = 0
    for start in range(0, len(known), DETAILS_PER_CALL):
        cancel.check()
        chunk = known[start : start + DETAILS_PER_CALL]
        found = _match_chunk(catalog, hub, chunk, hits)
        report.matched += len(found)
        report.words += sum(len(match_.trigger_words) for match_ in found)
        report.gone += len(chunk) - len(found)
        done += len(chunk)
        sink.progress(Progress("Asking the hub", done, len(todo), "models"))
    rest = [item for item in todo if item.sha256 not in hits]
    _match_by_tensors(catalog, hub, rest, report, sink=sink, cancel=cancel)
    report.seconds = time.monotonic() - started
    return report


def _hits(hub: HubSource, todo: Sequence[Unmatched]) -> dict[str, list[HashHit]]:
    hits: dict[str, list[HashHit]] = {}
    for hit in hub.ids_by_hash([item.sha256 for item in todo]) if todo else ():
        hits.setdefault(hit.sha256.lower(), []).append(hit)
    return hits


def _match_chunk(
    catalog: Catalog,
    hub: HubSource,
    chunk: Sequence[Unmatched],
    hits: dict[str, list[HashHit]],
) -> list[MatchFound]:
    versions = {v.id: v for v in hub.versions_by_hash([item.sha256 for item in chunk])}
    wanted = {hit.model_id for item in chunk for hit in hits[item.sha256] if hit.model_id}
    wanted |= {version.model_id for version in versions.values()}
    models = {model.id: model for model in hub.models(sorted(wanted))}
    for model in models.values():  # archived models show their versions only here
        for version in model.versions:
            versions.setdefault(version.id, version)
    matches = []
    for item in chunk:
        candidates = [versions[h.version_id] for h in hits[item.sha256] if h.version_id in versions]
        if candidates:
            version = min(candidates, key=_first_published)
            matches.append(found(item.content_id, version, models.get(version.model_id), "sha256"))
    _keep(catalog, hub.name, matches, models)
    return matches


def _match_by_tensors(
    catalog: Catalog,
    hub: HubSource,
    rest: Sequence[Unmatched],
    report: MatchReport,
    *,
    sink: ProgressSink,
    cancel: CancelToken,
) -> None:
    """Try the tensor hash of what the whole-file hash did not find; the others are misses."""
    tried = [item for item in rest if item.autov3 is not None][:SINGLE_LOOKUPS]
    misses = [item.sha256 for item in rest if item.autov3 is None]
    try:
        for place, item in enumerate(tried):
            cancel.check()
            sink.progress(Progress("Asking by tensor hash", place, len(tried), "models"))
            version = hub.version_by_hash(item.autov3 or "")
            if version is None:
                misses.append(item.sha256)
                continue
            model = hub.model(version.model_id)
            matches = [found(item.content_id, version, model, "autov3")]
            _keep(catalog, hub.name, matches, {model.id: model} if model else {})
            report.matched += 1
            report.by_tensors += 1
            report.words += len(matches[0].trigger_words)
    finally:
        # What was asked is not asked again soon, even if the hub ended it; the rest stays due.
        catalog.hub.record_misses(hub.name, misses)
        report.unknown += len(misses)
        report.left = len(rest) - len(tried) - sum(item.autov3 is None for item in rest)


def _keep(
    catalog: Catalog, hub: str, matches: Sequence[MatchFound], models: dict[int, HubModel]
) -> None:
    catalog.hub.record_models(hub, list(models.values()))
    catalog.hub.record_versions(hub, {m.version.id: m.version for m in matches}.values())
    catalog.hub.record_matches(hub, matches)


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
