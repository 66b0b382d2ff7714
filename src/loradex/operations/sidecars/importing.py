"""Read the sidecars of models and keep what they say, as evidence below hubs and people.

A sidecar that has not changed since it was read is not opened again; one whose model was hashed
since is judged anew. Rows and what follows from them are written together, some hundred at a time,
so that a run that is cut off goes on where it was.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from loradex.catalog.sidecar_evidence import SidecarSays
from loradex.catalog.sidecar_store import StoredSidecar
from loradex.domain.progress import CancelToken, ProgressSink
from loradex.domain.text import display_text, storable
from loradex.operations.sidecars.claims_json import claims_text, read_claims
from loradex.operations.sidecars.disputes import Disputes
from loradex.operations.sidecars.finding import FoundSidecar
from loradex.operations.sidecars.hub_records import HubRecords
from loradex.operations.sidecars.judging import SidecarState, believed
from loradex.operations.sidecars.reading import ImportReport, ReadSidecar, read_sidecars
from loradex.operations.sidecars.says import Saying, in_order, together

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.plugin_manager import FencedDialect

PATH_LIMIT = 4_096
_BELIEVED = (SidecarState.KNOWN, SidecarState.UNPROVEN, SidecarState.MISS, SidecarState.STALE)


def import_sidecars(
    catalog: Catalog,
    dialects: Sequence[FencedDialect],
    content_ids: Sequence[int] | None = None,
    *,
    only: Collection[str] = (),
    again: bool = False,
    sink: ProgressSink,
    cancel: CancelToken,
) -> ImportReport:
    """Read the sidecars of these models (None for all) and keep what they say.

    `dialects` are all there are; `only` names those that are wanted, all when it is empty. `again`
    opens files that have not changed, too. Raises `Cancelled`; what was read until then is kept.
    """
    report, started = ImportReport(), time.monotonic()
    records = HubRecords()
    try:
        for batch in read_sidecars(
            catalog, dialects, content_ids, report,
            only=only, again=again, sink=sink, cancel=cancel,
        ):  # fmt: skip
            _keep(catalog, dialects, records, batch, report)
    finally:
        report.seconds = time.monotonic() - started
    return report


def _keep(
    catalog: Catalog,
    dialects: Sequence[FencedDialect],
    records: HubRecords,
    batch: Sequence[ReadSidecar],
    report: ImportReport,
) -> None:
    """Write what was read, and what follows for the models that it is about."""
    now = time.time()
    batch = [_resolved(each, records) for each in batch]
    new: dict[int, list[ReadSidecar]] = defaultdict(list)
    for each in batch:
        if each.place is not None:
            new[each.place.content_id].append(each)
    before, superseded = _before(catalog, dialects, new)
    says = {id_: _said(some, before.get(id_, ()), records) for id_, some in new.items()}
    report.models += sum(bool(said.facts or said.words or said.tags) for said in says.values())
    report.matches += sum(said.match is not None for said in says.values())
    disputes = Disputes(catalog, new)
    rows = [_row(each, disputes, now) for each in batch]
    catalog.sidecars.record(rows, says, superseded=superseded)


def _resolved(each: ReadSidecar, records: HubRecords) -> ReadSidecar:
    """Return a sidecar that holds a whole model with the version of it that the file is."""
    if each.place is None or each.claims.hub_model is None:
        return each
    return replace(each, claims=records.at_version(each.claims, each.place.sha256))


def _said(new: Sequence[ReadSidecar], before: Iterable[Saying], records: HubRecords) -> SidecarSays:
    sayings = in_order([*(each.saying for each in new), *before])
    best = in_order(
        each.saying for each in new if each.state not in (SidecarState.STALE, SidecarState.MISS)
    )
    match = None
    if best and new[0].place is not None:
        match = records.match(
            [saying.claims for saying in best],
            new[0].place.sha256,
            proven=best[0].state is SidecarState.KNOWN,
            told_at=max(saying.mtime for saying in best),
        )
    said = together(sayings)
    stale = any(each.state is SidecarState.STALE for each in new)
    return replace(said, match=match, afresh=stale)


def _before(
    catalog: Catalog, dialects: Sequence[FencedDialect], new: Mapping[int, Sequence[ReadSidecar]]
) -> tuple[dict[int, list[Saying]], list[int]]:
    """Return what other sidecars of these models said before, and the rows of those that were
    moved: they are gone, and one of their dialect is read now.
    """
    known = {dialect.name: dialect for dialect in dialects}
    found: dict[int, list[Saying]] = defaultdict(list)
    superseded = []
    for id_, stored in catalog.sidecars.claims(list(new)).items():
        read_now = {each.found.path for each in new[id_]}
        renewed = {each.dialect for each in new[id_]}
        for each in stored:
            state, dialect = SidecarState(each.state), known.get(each.dialect)
            if dialect is None or state not in _BELIEVED or each.location in read_now:
                continue
            if each.dialect in renewed and each.online and not os.path.lexists(each.location):
                superseded.append(each.sidecar_id)
                continue
            claims = believed(read_claims(each.claims), state)
            name = each.path.rpartition("/")[2]
            saying = Saying(claims, state, dialect.label, dialect.rank, name, each.mtime_ns / 1e9)
            found[id_].append(saying)
    return found, superseded


def _relative(found: FoundSidecar) -> str:
    return storable(os.fsdecode(found.raw_path), PATH_LIMIT)


def _row(each: ReadSidecar, disputes: Disputes, now: float) -> StoredSidecar:
    place = each.found.owners[0]
    return StoredSidecar(
        library_id=place.library_id,
        raw_path=each.found.raw_path,
        path=_relative(each.found),
        content_id=None if each.place is None else each.place.content_id,
        dialect=each.dialect,
        size=each.size,
        mtime_ns=each.mtime_ns,
        state=each.state.value,
        problem=display_text(each.problem, 300),
        claims=claims_text(each.claims) if each.place is not None else "{}",
        document=each.document if each.place is not None else None,
        judged_by=None if each.place is None else each.place.sha256,
        read_at=now,
        disputed=() if each.place is None else disputes.of(each.place.content_id, each.claims),
    )
