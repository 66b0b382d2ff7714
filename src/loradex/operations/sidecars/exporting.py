"""Write sidecars beside model files, so that other tools show what loradex knows.

Each file is noted in the journal, with what stands there, before it is written; so an export can be
taken back. Model files are never written.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from loradex.catalog.sidecar_journal import PlannedWrite
from loradex.catalog.sidecar_store import ModelPlace, StoredSidecar
from loradex.domain.progress import CancelToken, Problem, Progress, ProgressSink
from loradex.domain.text import storable
from loradex.operations.moves.lock import moving
from loradex.operations.sidecars.bounded import SidecarRefused
from loradex.operations.sidecars.drafting import Draft, Drafter
from loradex.operations.sidecars.files import digest_of, put, sweep, sync_folders
from loradex.operations.sidecars.importing import PATH_LIMIT
from loradex.operations.sidecars.judging import SidecarState

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.plugin_manager import FencedDialect
    from loradex.settings import Settings

BATCH = 100


@dataclass(slots=True)
class ExportReport:
    """What an export did, in files."""

    number: int | None = None
    """By which it is taken back; None when nothing was written."""
    written: Counter[str] = field(default_factory=Counter)
    """By tool."""
    unchanged: int = 0
    """They say already what loradex would write."""
    silent: int = 0
    """Loradex has nothing to say in that dialect of these models."""
    conflicts: int = 0
    """Keys that stay as they are."""
    refused: list[Problem] = field(default_factory=list)
    seconds: float = 0.0


def export_sidecars(
    catalog: Catalog,
    dialects: Sequence[FencedDialect],
    every: Sequence[FencedDialect],
    content_ids: Sequence[int],
    *,
    settings: Settings | None = None,
    replace: bool = False,
    with_verdicts: bool = False,
    dry_run: bool = False,
    sink: ProgressSink,
    cancel: CancelToken,
) -> tuple[ExportReport, list[Draft]]:
    """Write sidecars beside all places of these models.

    `every` are all dialects there are: a file of another one under the same name is left alone.
    With `settings` previews are put where none lie, as these allow; `with_verdicts` adds what
    probes found to the notes. Returns the report, and the
    drafts with conflicts; with `dry_run` all drafts that would be written. Raises `Cancelled`; what
    was written until then is journaled.
    """
    report, started = ExportReport(), time.monotonic()
    shown: list[Draft] = []
    run = _Export(catalog, report, sink, cancel)
    tools = sorted({dialect.name for dialect in dialects})
    with moving(catalog.home):
        places = catalog.sidecars.places(content_ids)
        drafter = Drafter(catalog, every, replace=replace, with_verdicts=with_verdicts)
        steps = [run.texts(places, dialects, drafter)]
        if settings is not None:
            # Before the texts: they tell where the preview is.
            steps.insert(0, run.previews(places, every, settings, dry_run=dry_run))
        try:
            for drafts in steps:
                while some := list(islice(drafts, BATCH)):
                    shown += [each.light() for each in some if each.woven.conflicts or dry_run]
                    changed = [each for each in some if each.changes]
                    if dry_run:
                        report.written.update(_tool(each) for each in changed)
                    else:
                        write_drafts(catalog, changed, tools, report, sink)
        finally:
            report.seconds = time.monotonic() - started
    return report, [each for each in shown if each.woven.changes]


@dataclass(frozen=True, slots=True)
class _Export:
    catalog: Catalog
    report: ExportReport
    sink: ProgressSink
    cancel: CancelToken

    def texts(
        self,
        places: Sequence[ModelPlace],
        dialects: Sequence[FencedDialect],
        drafter: Drafter,
    ) -> Iterator[Draft]:
        """Yield what would be written beside these models."""
        for place in self._told("Writing sidecars", places):
            for dialect in dialects:
                try:
                    draft = drafter.draft(place, dialect)
                except SidecarRefused as reason:
                    path = drafter.shown_path(place, dialect)
                    _refuse(self.report, self.sink, path, reason)
                    continue
                if draft is None:
                    self.report.silent += 1
                    continue
                self.report.conflicts += len(draft.woven.conflicts)
                self.report.unchanged += not draft.woven.changes
                yield draft

    def previews(
        self,
        places: Sequence[ModelPlace],
        every: Sequence[FencedDialect],
        settings: Settings,
        *,
        dry_run: bool,
    ) -> Iterator[Draft]:
        """Yield the previews that would be put beside these models."""
        from loradex.operations.previews import open_fetcher  # noqa: PLC0415
        from loradex.operations.sidecars.pictures import Pictures  # noqa: PLC0415

        fetcher = None if dry_run else open_fetcher(settings)
        pictures = Pictures(
            self.catalog,
            every,
            limit=settings.content_limit,
            fetcher=fetcher,
            cancel=self.cancel,
        )
        try:
            for place in self._told("Writing previews", places):
                try:
                    draft = pictures.draft(place)
                except SidecarRefused as reason:
                    path = os.fsdecode(place.root + b"/" + place.raw_path)
                    _refuse(self.report, self.sink, path, reason)
                    continue
                if draft is not None:
                    yield draft
        finally:
            if fetcher is not None:
                fetcher.close()

    def _told(self, stage: str, places: Sequence[ModelPlace]) -> Iterator[ModelPlace]:
        for done, place in enumerate(places):
            self.cancel.check()
            self.sink.progress(Progress(stage, done, len(places), "models"))
            yield place
        self.sink.progress(Progress(stage, len(places), len(places), "models"))


def write_drafts(
    catalog: Catalog,
    drafts: Sequence[Draft],
    tools: Sequence[str],
    report: ExportReport,
    sink: ProgressSink,
) -> None:
    """Write drafts: first the journal, then the files, then what is known of them."""
    if not drafts:
        return
    if report.number is None:
        report.number = catalog.sidecar_journal.begin(tools)
    numbers = catalog.sidecar_journal.plan(report.number, [_planned(draft) for draft in drafts])
    ended, rows = [], []
    for number, draft in zip(numbers, drafts, strict=True):
        try:
            put(draft.path, draft.data, draft.before)
        except SidecarRefused as reason:
            ended.append((number, "failed", reason.message))
            _refuse(report, sink, os.fsdecode(draft.path), reason)
            continue
        ended.append((number, "written", ""))
        report.written[_tool(draft)] += 1
        if draft.dialect is not None:
            rows.append(_row(draft, draft.place))
    sync_folders(draft.path for draft in drafts)
    for folder in {os.path.dirname(draft.path) for draft in drafts}:  # noqa: PTH120 - bytes
        sweep(folder)
    catalog.sidecar_journal.settle(ended)
    catalog.sidecars.record(rows, {})


def _tool(draft: Draft) -> str:
    return draft.dialect.name if draft.dialect else "previews"


def _planned(draft: Draft) -> PlannedWrite:
    before = draft.before
    return PlannedWrite(
        draft.path,
        None if before is None else before.data,
        None if before is None else before.mtime_ns,
        digest_of(draft.data),
    )


def _row(draft: Draft, place: ModelPlace) -> StoredSidecar:
    """Return what is known of a file that was just written: it is not to be read again."""
    info = os.stat(draft.path)
    relative = draft.path[len(place.root) + 1 :]
    return StoredSidecar(
        library_id=place.library_id,
        raw_path=relative,
        path=storable(os.fsdecode(relative), PATH_LIMIT),
        content_id=place.content_id,
        dialect=draft.dialect.name if draft.dialect else "",
        size=info.st_size,
        mtime_ns=info.st_mtime_ns,
        state=(SidecarState.KNOWN if place.sha256 else SidecarState.UNPROVEN).value,
        problem="",
        claims="{}",  # what loradex says itself is no evidence
        document=draft.data,
        judged_by=place.sha256,
        read_at=time.time(),
        ours=draft.ours,
        disputed=draft.disputed,
    )


def _refuse(report: ExportReport, sink: ProgressSink, path: str, reason: SidecarRefused) -> None:
    problem = Problem(path, reason.message, reason.hint)
    report.refused.append(problem)
    sink.problem(problem)
