"""Ask a hub by whole hashes: ids of all at once, then the models that hold them, by the hundred.

20,000 files of as many models take 2 requests for the ids and 200 for the models, whose records
hold versions, files, words, tags and licence. Only what no model shows is asked for once more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from loradex.catalog.hub_store import Unmatched
from loradex.domain.hashes import EMPTY_SHA256
from loradex.domain.hub import HashHit, HubModel, HubVersion
from loradex.operations.hub_batches import told_models
from loradex.operations.matching.facts import found, model_of
from loradex.operations.matching.singly import match_singly
from loradex.operations.matching.work import Work

PER_CALL = 100
"""Models, or hashes of versions, that one request carries (docs/civitai.md)."""
MOST_UPLOADS = 20
"""Versions of one hash that are compared. The same bytes may have been uploaded any number of
times; those with the lowest numbers are the ones that were published first."""
_STAGE = "Asking the hub"

_Hits = Mapping[str, Sequence[HashHit]]


def match_by_hash(work: Work, todo: Sequence[Unmatched]) -> None:
    """Ask for all by their whole hash, then for some of the rest by their tensors."""
    work.step(_STAGE, 0, len(todo))
    hits = _hits(work, todo)
    known = [item for item in todo if item.sha256 in hits]
    done, late = 0, []
    for chunk in _by_models(known, hits):
        work.step(_STAGE, done, len(todo))
        late += _match_shown(work, chunk, hits)
        done += len(chunk)
    for start in range(0, len(late), PER_CALL):
        work.step(_STAGE, done, len(todo))
        _match_late(work, late[start : start + PER_CALL], hits)
    rest = [item for item in todo if item.sha256 not in hits]
    work.miss([item.sha256 for item in rest if not _has_tensors(item)])
    match_singly(work, [item for item in rest if _has_tensors(item)], "autov3")


def _hits(work: Work, todo: Sequence[Unmatched]) -> dict[str, list[HashHit]]:
    hits: dict[str, list[HashHit]] = {}
    for hit in work.hub.ids_by_hash([item.sha256 for item in todo]) if todo else ():
        hits.setdefault(hit.sha256.lower(), []).append(hit)
    return {
        digest: sorted(some, key=lambda hit: hit.version_id)[:MOST_UPLOADS]
        for digest, some in hits.items()
    }


def _has_tensors(item: Unmatched) -> bool:
    return item.autov3 is not None and not EMPTY_SHA256.startswith(item.autov3)


def _by_models(known: Sequence[Unmatched], hits: _Hits) -> Iterator[list[Unmatched]]:
    """Give contents in groups that have at most one request's worth of models together."""
    ids_of = {item.sha256: _model_ids([item], hits) for item in known}
    chunk: list[Unmatched] = []
    ids: set[int] = set()
    # Files of the same model come together, so that it is asked for once.
    for item in sorted(known, key=lambda item: min(ids_of[item.sha256], default=0)):
        more = ids_of[item.sha256]
        if chunk and len(ids | more) > PER_CALL:
            yield chunk
            chunk, ids = [], set()
        chunk.append(item)
        ids |= more
    if chunk:
        yield chunk


def _match_shown(work: Work, chunk: Sequence[Unmatched], hits: _Hits) -> list[Unmatched]:
    """Match with the models that the hub shows; return what none of these holds."""
    ids = _model_ids(chunk, hits)
    models = told_models(work.hub, ids).models  # of others their versions may tell
    versions = {version.id: version for model in models.values() for version in model.versions}
    return _match(work, chunk, hits, versions, models)


def _match_late(work: Work, chunk: Sequence[Unmatched], hits: _Hits) -> None:
    """Match with versions whose model was not told, or is not shown, or does not list them."""
    versions = {v.id: v for v in work.hub.versions_by_hash([item.sha256 for item in chunk])}
    # Those that were told were asked for before.
    ids = {version.model_id for version in versions.values()} - _model_ids(chunk, hits)
    models = told_models(work.hub, ids).models
    for version in (version for model in models.values() for version in model.versions):
        versions.setdefault(version.id, version)
    gone = _match(work, chunk, hits, versions, models)
    work.report.gone += len(gone)
    # It may come back, and an archive may have it: so it is remembered as a miss is.
    work.catalog.hub.record_misses(work.hub.name, [item.sha256 for item in gone])


def _match(
    work: Work,
    chunk: Sequence[Unmatched],
    hits: _Hits,
    versions: Mapping[int, HubVersion],
    models: Mapping[int, HubModel],
) -> list[Unmatched]:
    """Match what one of these versions holds; return the others.

    Of several versions with the same bytes the one that was published first counts.
    """
    matches, rest = [], []
    parents = dict(models)
    for item in chunk:
        some = [versions[h.version_id] for h in hits[item.sha256] if h.version_id in versions]
        if not some:
            rest.append(item)
            continue
        version = min(some, key=lambda each: _order(each, item.sha256))
        parent = parents.setdefault(version.model_id, model_of(version))
        matches.append(found(item.content_id, version, parent, "sha256"))
    work.keep(matches, parents.values())
    return rest


def _order(version: HubVersion, sha256: str) -> tuple[bool, str, int]:
    """Return a key to sort by: first what lists the bytes, as archived versions do not."""
    lists = any(file.sha256 == sha256 for file in version.files)
    return (not lists, version.published_at or "9999", version.id)


def _model_ids(items: Sequence[Unmatched], hits: _Hits) -> set[int]:
    return {hit.model_id for item in items for hit in hits[item.sha256] if hit.model_id}
