"""Take an export back: every file as it was before it, unless somebody has changed it since."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loradex.catalog.sidecar_journal import JournaledWrite
from loradex.domain.progress import CancelToken, Problem, Progress, ProgressSink
from loradex.errors import BadReference, LoradexError
from loradex.operations.moves.lock import moving
from loradex.operations.sidecars.bounded import SidecarRefused, read_file
from loradex.operations.sidecars.files import digest_of, put, remove, sync_folders

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog

_STAGE = "Taking back"


@dataclass(slots=True)
class UndoReport:
    """What became of an export's files."""

    restored: int = 0
    """Files that have their former bytes again."""
    removed: int = 0
    """Files that the export had made."""
    kept: list[Problem] = field(default_factory=list)
    """Files that stay, and why."""


def latest_export(catalog: Catalog) -> int:
    """Return the newest export that stands; raise `LoradexError` when there is none."""
    for export in catalog.sidecar_journal.exports():
        if export.written:
            return export.id
    raise LoradexError(
        "No export of sidecars is there to be taken back.",
        hint="`loradex sidecar undo --list` shows all there were.",
    )


def undo_export(
    catalog: Catalog,
    export_id: int,
    *,
    dry_run: bool = False,
    sink: ProgressSink,
    cancel: CancelToken,
) -> UndoReport:
    """Take an export back; with `dry_run` only say what would become of its files.

    Raises `BadReference` when there is no such export, and `Cancelled` between two files.
    """
    writes = catalog.sidecar_journal.writes(export_id)
    if not writes:
        raise BadReference(
            f"There is no export {export_id}.",
            hint="`loradex sidecar undo --list` shows all there were.",
        )
    report = UndoReport()
    todo = [write for write in writes if write.state in ("written", "planned", "kept")]
    ended: list[tuple[int, str, str]] = []
    touched: list[bytes] = []
    with moving(catalog.home):
        try:
            for done, write in enumerate(todo):
                cancel.check()
                sink.progress(Progress(_STAGE, done, len(todo)))
                try:
                    changed = _take_back(write, report, dry_run=dry_run)
                except SidecarRefused as reason:
                    report.kept.append(Problem(os.fsdecode(write.path), reason.message))
                    ended.append((write.id, "kept", reason.message))
                    continue
                ended.append((write.id, "undone", ""))
                if changed:
                    touched.append(write.path)
        finally:
            if not dry_run:
                sync_folders(touched)
                catalog.sidecar_journal.settle(ended)
                catalog.sidecar_journal.end_undo(export_id)
                catalog.sidecars.forget(touched)
    sink.progress(Progress(_STAGE, len(todo), len(todo)))
    return report


def _take_back(write: JournaledWrite, report: UndoReport, *, dry_run: bool) -> bool:
    """Give a file its former bytes, or take it away; return whether there was anything to do."""
    there = read_file(write.path)
    if there is None:
        if write.before is None:
            return False
        if write.state == "planned":
            raise SidecarRefused("It is not there any more, and was not written either.")
    elif there.data == write.before:
        return False  # the export was cut off before it wrote this one
    elif digest_of(there.data) != write.after_digest:
        raise SidecarRefused("It was changed since: it stays as it is.")
    if write.before is None:
        report.removed += 1
        if there is not None and not dry_run:
            remove(write.path, there)
        return True
    report.restored += 1
    if not dry_run:
        put(write.path, write.before, there, mtime_ns=write.before_mtime_ns)
    return True
