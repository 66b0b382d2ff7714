"""One match with one hub, or with all of them, each asked in the way that it can be asked."""

from __future__ import annotations

import time
from collections.abc import Iterable

from loradex.catalog.catalog import Catalog
from loradex.domain.hub_ranks import ARCHIVES
from loradex.domain.hub_source import HubBeside, HubPlaces, HubSource
from loradex.domain.progress import CancelToken, ProgressSink
from loradex.errors import HubError
from loradex.operations.matching.by_hash import match_by_hash
from loradex.operations.matching.by_place import match_by_place
from loradex.operations.matching.singly import match_singly
from loradex.operations.matching.work import MatchReport, Work

__all__ = ["MatchReport", "match", "match_hubs"]


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
    what its hub does not know, or shows no longer.
    """
    work = Work(catalog, hub, MatchReport(), sink, cancel)
    _match(work, again=again)
    return work.report


def match_hubs(
    catalog: Catalog,
    hubs: Iterable[HubSource],
    *,
    sink: ProgressSink,
    cancel: CancelToken,
    again: bool = False,
) -> dict[str, MatchReport]:
    """Match with each hub; return the reports by their names.

    A hub that fails has its `problem` in the report, and the others are asked all the same.
    Raises `Cancelled`.
    """
    reports: dict[str, MatchReport] = {}
    for hub in hubs:
        reports[hub.name] = MatchReport()
        try:
            _match(Work(catalog, hub, reports[hub.name], sink, cancel), again=again)
        except HubError as error:
            reports[hub.name].problem = error
    return reports


def _match(work: Work, *, again: bool) -> None:
    started = time.monotonic()
    hub, name = work.hub, work.hub.name
    try:
        if isinstance(hub, HubPlaces):
            match_by_place(work, hub)
            return
        archive_of = ARCHIVES.get(name)
        todo = work.catalog.hub.unmatched(name, again=again, archive_of=archive_of)
        if isinstance(hub, HubBeside) and hub.beside is not None:
            known = _matched(work, hub.beside)
            todo = [item for item in todo if item.content_id not in known]
        work.report.asked = len(todo)
        if archive_of is None:
            match_by_hash(work, todo)
        else:  # archives take one digest at a time
            match_singly(work, todo, "sha256")
    finally:
        work.report.seconds = time.monotonic() - started


def _matched(work: Work, hub: str) -> set[int]:
    """Return the contents that a hub is known to have."""
    models = work.catalog.hub.matches(hub).values()
    return {match.content_id for matches in models for match in matches}
