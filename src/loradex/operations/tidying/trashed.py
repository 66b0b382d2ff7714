"""What plans have put in trash folders: listed, and deleted for good. Nothing else in them is."""

# ruff: noqa: PTH108 - names are bytes here, which pathlib does not take

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from loradex.catalog.catalog import Catalog
from loradex.domain.plans import JournalStep, Place, StepState
from loradex.domain.progress import CancelToken, Problem, Progress, ProgressSink
from loradex.operations.moves.lock import moving
from loradex.operations.moves.on_disk import matches, sentence
from loradex.operations.moves.trash_can import remove_empty, remove_info

_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Trashed:
    """A file in a trash folder."""

    step_id: int
    plan_id: int
    origin: Place
    """Where it was."""
    slot: Place
    size: int
    """In bytes; of a folder, what it had when it was scanned."""
    trashed_at: float
    model: bool
    """It is a model, no sidecar."""
    content_id: int | None


@dataclass(frozen=True, slots=True)
class GoneToTrash:
    """A file that a plan has put into a trash. `there`: it is there still and can come back."""

    plan_id: int
    there: bool


@dataclass(slots=True)
class Emptying:
    """What was deleted for good."""

    files: int = 0
    nbytes: int = 0
    problems: list[Problem] = field(default_factory=list)
    stopped: bool = False


def in_trash(catalog: Catalog, *, older_than: float = 0.0) -> list[Trashed]:
    """Return what plans have put in a trash and is there still, oldest first.

    `older_than` is in seconds. What somebody took out or deleted meanwhile is left out.
    """
    until = time.time() - older_than
    return [
        trashed
        for plan_id, entry in catalog.plans.trashed()
        if entry.changed_at <= until and (trashed := _trashed(plan_id, entry))
    ]


def trash_of(catalog: Catalog, file_ids: Collection[int]) -> dict[int, GoneToTrash]:
    """Return which of these files a plan has put into the trash, and whether they are there."""
    found: dict[int, GoneToTrash] = {}
    if not file_ids:
        return found
    for plan_id, entry in catalog.plans.trashed_files(file_ids):
        if entry.step.file_id is not None:
            there = entry.state is StepState.DONE and _trashed(plan_id, entry) is not None
            found[entry.step.file_id] = GoneToTrash(plan_id, there)
    return found


def empty_trash(
    catalog: Catalog, what: Sequence[Trashed], *, sink: ProgressSink, cancel: CancelToken
) -> Emptying:
    """Delete files from the trash for good; the journal keeps that they are gone.

    Raises `MovesBusy` when another process is moving files.
    """
    emptying = Emptying()
    gone: list[int] = []
    with moving(catalog.home):
        for number, each in enumerate(what):
            if cancel.cancelled:
                emptying.stopped = True
                break
            sink.progress(Progress("Deleting", number, len(what), "files", each.origin.shown))
            try:
                _delete(each)
            except OSError as error:
                problem = Problem(each.origin.shown, sentence(error))
                emptying.problems.append(problem)
                sink.problem(problem)
                continue
            gone.append(each.step_id)
            emptying.files += 1
            emptying.nbytes += each.size
            if len(gone) >= _AT_ONCE:
                catalog.plans.emptied(gone)
                gone.clear()
        if gone:
            catalog.plans.emptied(gone)
    sink.progress(Progress("Deleting", len(what), len(what), "files"))
    return emptying


def _trashed(plan_id: int, entry: JournalStep) -> Trashed | None:
    """Return a file that is in the trash still, and is the one that we put there."""
    step, result = entry.step, entry.result
    try:
        info = os.lstat(step.target.path)
    except OSError:
        return None
    if step.source is None or result is None or not matches(info, result):
        return None
    return Trashed(
        step_id=entry.id,
        plan_id=plan_id,
        origin=step.source,
        slot=step.target,
        size=result.size,
        trashed_at=entry.changed_at,
        model=step.file_id is not None,
        content_id=step.content_id,
    )


def _delete(trashed: Trashed) -> None:
    path = trashed.slot.path
    if stat.S_ISDIR(os.lstat(path).st_mode):
        shutil.rmtree(path)
    else:
        os.unlink(path)
    remove_info(trashed.slot)
    remove_empty(trashed.slot)
