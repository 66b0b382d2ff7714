"""Do what a plan says, a model with its sidecars at a time, so that it may be cut off anywhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby

from loradex.catalog.catalog import Catalog
from loradex.domain.plans import (
    FILE_ACTIONS,
    OUTSIDE,
    Action,
    JournalStep,
    MovePlan,
    Outcome,
    PlanState,
    Stamp,
    StepState,
)
from loradex.domain.progress import CancelToken, Problem, Progress, ProgressSink
from loradex.errors import Cancelled
from loradex.operations.moves.lock import moving
from loradex.operations.moves.renaming import sync_folder
from loradex.operations.moves.steps import Doing, StepFailed, begun, inverse, perform
from loradex.operations.roots import device_of


@dataclass(slots=True)
class MoveReport:
    """What was done of a plan. `plan_id` is None when there was nothing to do."""

    plan_id: int | None = None
    models: int = 0
    files: int = 0
    """Files that were moved: models and their sidecars."""
    nbytes: int = 0
    problems: list[Problem] = field(default_factory=list)
    moved: list[JournalStep] = field(default_factory=list)
    stopped: bool = False
    """It was cancelled; what was not begun stays where it is."""
    seconds: float = 0.0


def carry_out(
    catalog: Catalog, plan: MovePlan, *, sink: ProgressSink, cancel: CancelToken
) -> MoveReport:
    """Keep a plan in the catalog, and do it.

    What an earlier process left half done is settled first. Conflicts of the plan are no part of
    the report. Raises `MovesBusy` when another process is moving files.
    """
    if not plan.moves:
        return MoveReport()
    with moving(catalog.home):
        _settle_all(catalog)
        return _apply(catalog, catalog.plans.add(plan), sink, cancel)


def apply_plan(
    catalog: Catalog, plan_id: int, *, sink: ProgressSink, cancel: CancelToken
) -> MoveReport:
    """Do the steps of a kept plan that are still to be done: all, or the rest after a stop."""
    with moving(catalog.home):
        _settle_all(catalog)
        return _apply(catalog, plan_id, sink, cancel)


def recover(catalog: Catalog) -> list[Problem]:
    """Settle what a killed process left half done; return what could not be settled as meant.

    A model of which anything was moved is brought to its new place with all that belongs to it,
    or back when that cannot be. What was not begun stays where it is. Every command that moves
    files calls this first; with nothing to settle it writes nothing.
    """
    if not catalog.plans.plans(state=PlanState.APPLYING):
        return []
    with moving(catalog.home):
        return _settle_all(catalog)


def _settle_all(catalog: Catalog) -> list[Problem]:
    problems: list[Problem] = []
    doing = Doing(CancelToken(), lambda _count: None, recovering=True)
    for plan in catalog.plans.plans(state=PlanState.APPLYING):
        away = False
        waiting: list[list[JournalStep]] = []
        for group in _groups(catalog.plans.steps(plan.id)):
            if not all(_reachable(catalog, entry) for entry in group):
                away = True
            elif any(begun(entry.step) for entry in group):
                outcomes = _do_group(group, doing)
                catalog.plans.settle(group, outcomes)
                problems += _problems(group, outcomes)
            elif group[0].step.action is Action.REMOVE_FOLDER:
                waiting.append(group)
        if not _files_left(catalog, plan.id):
            for group in waiting:
                catalog.plans.settle(group, _do_group(group, doing))
        if not away:
            _remove_unused(catalog, plan.id)
            catalog.plans.end(plan.id)
    return problems


def _files_left(catalog: Catalog, plan_id: int) -> bool:
    """Tell whether a plan still has files to move."""
    return any(
        entry.step.action in FILE_ACTIONS and entry.state is StepState.PLANNED
        for entry in catalog.plans.steps(plan_id)
    )


def _reachable(catalog: Catalog, entry: JournalStep) -> bool:
    """Tell whether the disks of a step are there: else nobody knows how far it is."""
    return all(
        device_of(place.root, catalog.files.known_device(place.library_id)) is not None
        for place in (entry.step.source, entry.step.target)
        if place is not None and place.library_id != OUTSIDE  # it is on the disk of the other
    )


def _apply(catalog: Catalog, plan_id: int, sink: ProgressSink, cancel: CancelToken) -> MoveReport:
    started = time.monotonic()
    report = MoveReport(plan_id)
    catalog.plans.begin(plan_id)
    steps = catalog.plans.steps(plan_id)
    groups = list(_groups(steps))
    total = sum(len(group) for group in groups)
    done = 0
    for group in groups:
        if cancel.cancelled:
            report.stopped = True
            break
        sink.progress(Progress("Moving", done, total, "files", group[0].step.target.shown))
        try:
            outcomes = _do_group(group, Doing(cancel, _copy_progress(group, sink)))
        except Cancelled:
            report.stopped = True
            break
        catalog.plans.settle(group, outcomes)
        _count(report, group, outcomes)
        for problem in _problems(group, outcomes):
            report.problems.append(problem)
            sink.problem(problem)
        done += len(group)
    sink.progress(Progress("Moving", done, total, "files"))
    if report.stopped or report.problems:
        _remove_unused(catalog, plan_id)
    catalog.plans.end(plan_id)
    report.seconds = time.monotonic() - started
    return report


def _groups(steps: Iterable[JournalStep]) -> Iterable[list[JournalStep]]:
    """Yield the steps that are still to be done, those that end together in one list."""
    todo = (entry for entry in steps if entry.state is StepState.PLANNED)
    for _, group in groupby(todo, key=lambda entry: entry.step.group):
        yield list(group)


def _do_group(group: Sequence[JournalStep], doing: Doing) -> list[Outcome]:
    """Do the steps of a group: all of them, or none."""
    outcomes: list[Outcome] = []
    try:
        for entry in group:
            state, result = perform(entry.step, doing)
            outcomes.append(Outcome(entry.id, state, "", result))
    except StepFailed as error:
        return _roll_back(group, outcomes, str(error))
    except Cancelled:
        _roll_back(group, outcomes, "")
        raise
    _sync(group)
    return outcomes


def _roll_back(group: Sequence[JournalStep], done: Sequence[Outcome], reason: str) -> list[Outcome]:
    """Take back the steps of a group that were done before one failed; return how all ended.

    A step that cannot be taken back counts as done: the journal tells what is on the disk.
    """
    failed = group[len(done)]
    outcomes = [Outcome(failed.id, StepState.FAILED, reason)]
    outcomes += [
        Outcome(entry.id, StepState.FAILED, f"It stays with {failed.step.target.name_shown}.")
        for entry in group[len(done) + 1 :]
    ]
    for entry, outcome in reversed(list(zip(group, done, strict=False))):
        try:
            perform(inverse(entry.step, outcome.result), _quiet())
        except StepFailed:
            outcomes.append(outcome)
        else:
            why = f"{failed.step.target.name_shown} could not be moved: {reason}"
            outcomes.append(Outcome(entry.id, StepState.FAILED, why))
    return outcomes


def _quiet() -> Doing:
    return Doing(CancelToken(), lambda _count: None)


def _sync(group: Sequence[JournalStep]) -> None:
    """Let what was done to the folders of a group outlive a loss of power."""
    places = [place for entry in group for place in (entry.step.source, entry.step.target)]
    for folder in {place.folder for place in places if place is not None}:
        sync_folder(folder)


def _remove_unused(catalog: Catalog, plan_id: int) -> None:
    """Take away folders that were made for files that did not go there.

    When some files may still go, because the plan was stopped, the folders are to be made again.
    """
    state = StepState.PLANNED if _files_left(catalog, plan_id) else StepState.UNNEEDED
    doing = Doing(CancelToken(), lambda _count: None, recovering=True)
    for entry in reversed(catalog.plans.steps(plan_id)):
        if entry.step.action is not Action.MAKE_FOLDER or entry.state is not StepState.DONE:
            continue
        with suppress(StepFailed):
            removed, _ = perform(inverse(entry.step, None), doing)
            if removed is StepState.DONE:
                catalog.plans.settle([entry], [Outcome(entry.id, state)])


def _count(report: MoveReport, group: Sequence[JournalStep], outcomes: Sequence[Outcome]) -> None:
    results: dict[int, Stamp | None] = {
        outcome.step_id: outcome.result for outcome in outcomes if outcome.state is StepState.DONE
    }
    for entry in group:
        if entry.step.action not in FILE_ACTIONS or entry.id not in results:
            continue
        result = results[entry.id]
        report.moved.append(entry)
        report.files += 1
        report.models += entry.step.file_id is not None
        report.nbytes += result.size if result else 0


def _problems(group: Sequence[JournalStep], outcomes: Sequence[Outcome]) -> list[Problem]:
    """Return what failed, once for a model with all that belongs to it."""
    steps = {entry.id: entry.step for entry in group}
    for outcome in outcomes:
        if outcome.state is StepState.FAILED:
            step = steps[outcome.step_id]
            return [Problem((step.source or step.target).shown, outcome.reason)]
    return []


def _copy_progress(group: Sequence[JournalStep], sink: ProgressSink) -> Callable[[int], None]:
    """Return what tells the sink of the bytes of a copy, which are written and read again."""
    total = 2 * sum(entry.step.stamp.size for entry in group if entry.step.stamp)
    name = group[0].step.target.shown
    done = 0

    def tell(count: int) -> None:
        nonlocal done
        done += count
        sink.progress(Progress("Copying", done, total, "bytes", name))

    return tell
