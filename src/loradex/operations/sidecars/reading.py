"""Open sidecars that are new or have changed, and hear from the dialects what they say.

Nothing is written. A sidecar that has not changed since it was read is not opened again; one whose
model was hashed since is judged anew.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

from loradex.catalog.sidecar_store import KnownSidecar, ModelPlace
from loradex.domain.progress import CancelToken, Problem, Progress, ProgressSink
from loradex.domain.sidecars import SidecarClaims, SidecarDocument
from loradex.errors import PluginError
from loradex.operations.sidecars.bounded import SidecarRefused, json_of, read_file, text_of
from loradex.operations.sidecars.finding import FoundSidecar, Suffix, find_sidecars
from loradex.operations.sidecars.judging import SidecarState, believed, judged, owner
from loradex.operations.sidecars.says import Saying

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.plugin_manager import FencedDialect

BATCH = 400
_STAGE = "Reading sidecars"


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


def read_sidecars(
    catalog: Catalog,
    dialects: Sequence[FencedDialect],
    content_ids: Sequence[int] | None,
    report: ImportReport,
    *,
    only: Collection[str] = (),
    again: bool,
    sink: ProgressSink,
    cancel: CancelToken,
) -> Iterator[list[ReadSidecar]]:
    """Yield the sidecars that are new or have changed, batch by batch.

    `dialects` are all there are; `only` names those that are wanted, all when it is empty.
    """
    known = catalog.sidecars.known()
    suffixes = dict.fromkeys(
        Suffix(each.suffix, each.after_full_name) for each in dialects if _wanted(each.name, only)
    )
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
        batch = [each for each in _read(changed, dialects) if _wanted(each.dialect, only)]
        for read in batch:
            _count(read, report, sink)
        yield batch
        done += len(some)
        sink.progress(Progress(_STAGE, done, len(found), item=some[-1].name))


def _wanted(dialect: str, only: Collection[str]) -> bool:
    """Tell whether a dialect is asked for; a file of which none can be told always is."""
    return not only or not dialect or dialect in only


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
