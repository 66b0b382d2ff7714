"""Read the sidecars of models and keep what they say, as evidence below hubs and people.

A sidecar that has not changed since it was read is not opened again; one whose model was hashed
since is judged anew. Rows and what follows from them are written together, some hundred at a time,
so that a run that is cut off goes on where it was.
"""

from __future__ import annotations

import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

from loradex.catalog.sidecar_evidence import SidecarSays
from loradex.catalog.sidecar_store import KnownSidecar, ModelPlace, StoredSidecar
from loradex.domain.progress import CancelToken, Problem, Progress, ProgressSink
from loradex.domain.sidecars import SidecarClaims, SidecarDocument
from loradex.domain.text import display_text, storable
from loradex.errors import PluginError
from loradex.operations.sidecars.bounded import SidecarRefused, json_of, read_file, text_of
from loradex.operations.sidecars.claims_json import claims_text, read_claims
from loradex.operations.sidecars.disputes import Disputes
from loradex.operations.sidecars.finding import FoundSidecar, Suffix, find_sidecars
from loradex.operations.sidecars.hub_records import HubRecords
from loradex.operations.sidecars.judging import SidecarState, believed, judged, owner
from loradex.operations.sidecars.says import Saying, in_order, together

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.plugin_manager import FencedDialect

BATCH = 400
PATH_LIMIT = 4_096
_STAGE = "Reading sidecars"
_BELIEVED = (SidecarState.KNOWN, SidecarState.UNPROVEN, SidecarState.MISS, SidecarState.STALE)


@dataclass(frozen=True, slots=True)
class ReadSidecar:
    """A sidecar that was read now, or refused."""

    found: FoundSidecar
    place: ModelPlace | None
    """Whose it is; None when it was refused."""
    state: SidecarState
    claims: SidecarClaims
    dialect: str
    label: str
    rank: int
    size: int = 0
    mtime_ns: int = 0
    document: bytes | None = None
    problem: str = ""
    hint: str | None = None

    @property
    def shown_path(self) -> str:
        """The file's absolute path, as Python has it."""
        return os.fsdecode(self.found.path)

    @property
    def saying(self) -> Saying:
        """What of it is believed."""
        return Saying(
            believed(self.claims, self.state),
            self.state,
            self.label,
            self.rank,
            self.found.name,
            self.mtime_ns / 1e9,
        )


@dataclass(slots=True)
class ImportReport:
    """What an import found, in sidecars."""

    seen: int = 0
    unchanged: int = 0
    """They were read before, and not opened again."""
    refused_before: int = 0
    """Of these, those that were refused then."""
    read: Counter[str] = field(default_factory=Counter)
    """By dialect."""
    states: Counter[str] = field(default_factory=Counter)
    models: int = 0
    """Models that something was said of."""
    matches: int = 0
    """Of these, models that have a page on the hub by what was said."""
    refused: list[Problem] = field(default_factory=list)
    stale: list[Problem] = field(default_factory=list)
    seconds: float = 0.0


def import_sidecars(
    catalog: Catalog,
    dialects: Sequence[FencedDialect],
    content_ids: Sequence[int] | None = None,
    *,
    again: bool = False,
    sink: ProgressSink,
    cancel: CancelToken,
) -> ImportReport:
    """Read the sidecars of these models (None for all) and keep what they say.

    `again` opens those that have not changed, too. Raises `Cancelled`; what was read is kept.
    """
    report, started = ImportReport(), time.monotonic()
    records = HubRecords()
    try:
        for batch in read_sidecars(
            catalog, dialects, content_ids, report, again=again, sink=sink, cancel=cancel
        ):
            _keep(catalog, dialects, records, batch, report)
    finally:
        report.seconds = time.monotonic() - started
    return report


def read_sidecars(
    catalog: Catalog,
    dialects: Sequence[FencedDialect],
    content_ids: Sequence[int] | None,
    report: ImportReport,
    *,
    again: bool,
    sink: ProgressSink,
    cancel: CancelToken,
) -> Iterator[list[ReadSidecar]]:
    """Yield the sidecars that are new or have changed, batch by batch; nothing is written."""
    known = catalog.sidecars.known()
    suffixes = dict.fromkeys(Suffix(each.suffix, each.after_full_name) for each in dialects)
    places = catalog.sidecars.places(content_ids)
    found = list(find_sidecars(places, suffixes, report.refused))
    for problem in report.refused:
        sink.problem(problem)
    report.seen = len(found)
    todo = iter(found)
    done = 0
    sink.progress(Progress(_STAGE, 0, len(found)))
    while some := list(islice(todo, BATCH)):
        cancel.check()
        changed = []
        for each in some:
            before = None if again else _unchanged(each, known)
            if before is None:
                changed.append(each)
            else:
                report.unchanged += 1
                report.refused_before += before.state == SidecarState.REFUSED
        batch = _read(changed, dialects)
        for read in batch:
            _count(read, report, sink)
        yield batch
        done += len(some)
        sink.progress(Progress(_STAGE, done, len(found), item=some[-1].name))


def _unchanged(
    found: FoundSidecar, known: dict[tuple[int, bytes], KnownSidecar]
) -> KnownSidecar | None:
    """Return what is known of a sidecar that need not be opened, None when it has to be."""
    before = known.get((found.owners[0].library_id, found.raw_path))
    if before is None:
        return None
    try:
        info = os.stat(found.path)
    except OSError:
        return None
    if (info.st_size, info.st_mtime_ns) != (before.size, before.mtime_ns):
        return None
    if before.content_id is None:
        # Of those that were refused, one that models shared may be one model's alone by now.
        alone = not found.rivals and len(found.owners) == 1
        return None if alone and before.dialect else before
    place = next((each for each in found.owners if each.content_id == before.content_id), None)
    return before if place is not None and place.sha256 == before.judged_by else None


def _read(found: Sequence[FoundSidecar], dialects: Sequence[FencedDialect]) -> list[ReadSidecar]:
    """Return what these files say, in their order."""
    opened = [_open(each) for each in found]
    for dialect in dialects:
        suffix = Suffix(dialect.suffix, dialect.after_full_name)
        waiting = [
            (number, each)
            for number, each in enumerate(opened)
            if each.state is SidecarState.OTHER and each.found.suffix == suffix
        ]
        documents: list[SidecarDocument] = []
        asked: list[int] = []
        for number, each in waiting:
            try:
                documents.append(_document(each, dialect))
                asked.append(number)
            except SidecarRefused as reason:
                opened[number] = _refused(each, reason)
        for number, answer in zip(asked, dialect.read(documents), strict=True):
            if answer is not None:
                opened[number] = _told(opened[number], dialect, answer)
    return opened


def _open(found: FoundSidecar) -> ReadSidecar:
    each = ReadSidecar(found, None, SidecarState.OTHER, SidecarClaims(), "", "", 0)
    try:
        file = read_file(found.path)
    except SidecarRefused as reason:
        return _refused(each, reason)
    if file is None:
        return _refused(each, SidecarRefused("It is not there any more."))
    return replace(each, size=file.size, mtime_ns=file.mtime_ns, document=file.data)


def _document(each: ReadSidecar, dialect: FencedDialect) -> SidecarDocument:
    data = each.document or b""
    if dialect.is_json:
        return SidecarDocument(each.found.name, value=json_of(data))
    return SidecarDocument(each.found.name, text=text_of(data))


def _told(
    each: ReadSidecar, dialect: FencedDialect, answer: SidecarClaims | PluginError
) -> ReadSidecar:
    each = replace(each, dialect=dialect.name, label=dialect.label, rank=dialect.rank)
    if isinstance(answer, PluginError):
        return _refused(each, SidecarRefused(f"Its dialect failed: {answer.message}"))
    try:
        place = owner(each.found, answer)
    except SidecarRefused as reason:
        return _refused(replace(each, claims=answer), reason)
    return replace(each, place=place, claims=answer, state=judged(answer, place))


def _refused(each: ReadSidecar, reason: SidecarRefused) -> ReadSidecar:
    return replace(
        each, state=SidecarState.REFUSED, problem=reason.message, hint=reason.hint, place=None
    )


def _count(each: ReadSidecar, report: ImportReport, sink: ProgressSink) -> None:
    report.states[each.state.value] += 1
    if each.dialect:
        report.read[each.dialect] += 1
    item = each.shown_path
    if each.state is SidecarState.REFUSED:
        report.refused.append(Problem(item, each.problem, each.hint))
        sink.problem(report.refused[-1])
    elif each.state is SidecarState.STALE:
        report.stale.append(
            Problem(item, "It speaks of other bytes than the file has: only your notes count.")
        )


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
    before = before_of(catalog, dialects, new, {_relative(each.found) for each in batch})
    says = {id_: _said(some, before.get(id_, ()), records) for id_, some in new.items()}
    report.models += sum(bool(said.facts or said.words or said.tags) for said in says.values())
    report.matches += sum(said.match is not None for said in says.values())
    disputes = Disputes(catalog, new)
    catalog.sidecars.record([_row(each, disputes, now) for each in batch], says)


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


def before_of(
    catalog: Catalog,
    dialects: Sequence[FencedDialect],
    content_ids: Iterable[int],
    read_now: set[str],
) -> dict[int, list[Saying]]:
    """Return what other sidecars of these models said before; those at `read_now` are left out."""
    ranks = {dialect.name: dialect for dialect in dialects}
    found: dict[int, list[Saying]] = {}
    for id_, stored in catalog.sidecars.claims(list(content_ids)).items():
        for each in stored:
            state = SidecarState(each.state)
            dialect = ranks.get(each.dialect)
            if dialect is None or state not in _BELIEVED or each.path in read_now:
                continue
            claims = believed(read_claims(each.claims), state)
            name = each.path.rpartition("/")[2]
            saying = Saying(claims, state, dialect.label, dialect.rank, name, each.mtime_ns / 1e9)
            found.setdefault(id_, []).append(saying)
    return found


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
