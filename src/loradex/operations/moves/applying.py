"""Do what a plan says, a model with its sidecars at a time, so that it may be cut off anywhere."""

from __future__ import annotations

import os
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
    Place,
    PlanState,
    Stamp,
    StepState,
)
from loradex.domain.progress import CancelToken, Problem, Progress, ProgressSink
from loradex.domain.text import display_text
from loradex.errors import Cancelled
from loradex.operations.moves.doing import Doing, StepFailed
from loradex.operations.moves.lock import moving
from loradex.operations.moves.renaming import sync_folder
from loradex.operations.moves.sizes import compared_bytes, copied_bytes
from loradex.operations.moves.steps import begun, inverse, perform
from loradex.operations.roots import device_of

_AWAY = "The library is not there: its drive is away. Nothing of it was touched."
_STEPS_AT_ONCE = 500
_SECONDS_AT_MOST = 1.0
"""How much work is written into the journal at once, and how long it waits for that."""


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
        steps = catalog.plans.steps(plan.id)
        away = _away(catalog, steps)
        waiting: list[list[JournalStep]] = []
        for group in _groups(steps):
            if any(place.library_id in away for entry in group for place in _places(entry)):
                continue  # nobody knows how far it is
            if any(begun(entry.step) for entry in group):
                outcomes = _do_group(group, doing)
                _sync(group)
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


def _places(entry: JournalStep) -> list[Place]:
    return [place for place in (entry.step.source, entry.step.target) if place is not None]


def _away(catalog: Catalog, steps: Iterable[JournalStep]) -> dict[int, str]:
    """Return the libraries of some steps whose disk is not there, with their roots as shown.

    A trash folder is on the disk of the library that the file is from.
    """
    roots = {place.library_id: place.root for entry in steps for place in _places(entry)}
    roots.pop(OUTSIDE, None)
    return {
        id_: display_text(os.fsdecode(root))
        for id_, root in roots.items()
        if device_of(root, catalog.files.known_device(id_)) is None
    }


def _apply(catalog: Catalog, plan_id: int, sink: ProgressSink, cancel: CancelToken) -> MoveReport:
    started = time.monotonic()
    report = MoveReport(plan_id)
    catalog.plans.begin(plan_id)
    steps = catalog.plans.steps(plan_id)
    groups = list(_groups(steps))
    total = sum(len(group) for group in groups)
    copying = _Copying(groups, sink)
    away = _away(catalog, steps)
    for root in away.values():
        report.problems.append(Problem(root, _AWAY, hint=f"Go on later: loradex apply {plan_id}"))
        sink.problem(report.problems[-1])
    done = 0
    with _Settling(catalog) as settling:
        for group in groups:
            if cancel.cancelled:
                report.stopped = True
                break
            if any(place.library_id in away for entry in group for place in _places(entry)):
                continue
            sink.progress(Progress("Moving", done, total, "files", _shown(group)))
            try:
                outcomes = _do_group(group, Doing(cancel, copying.of(group)))
            except Cancelled:
                report.stopped = True
                break
            settling.add(group, outcomes)
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
    return outcomes


def _roll_back(group: Sequence[JournalStep], done: Sequence[Outcome], reason: str) -> list[Outcome]:
    """Take back the steps of a group that were done before one failed; return how all ended.

    A step that cannot be taken back counts as done: the journal tells what is on the disk.
    """
    failed = group[len(done)]
    outcomes = [Outcome(failed.id, StepState.FAILED, reason)]
    outcomes += [
        Outcome(entry.id, StepState.FAILED, f"It stays with {_name(failed)}.")
        for entry in group[len(done) + 1 :]
    ]
    for entry, outcome in reversed(list(zip(group, done, strict=False))):
        try:
            perform(inverse(entry.step, outcome.result), _quiet())
        except StepFailed:
            outcomes.append(outcome)
        else:
            why = f"{_name(failed)} could not be moved: {reason}"
            outcomes.append(Outcome(entry.id, StepState.FAILED, why))
    return outcomes


def _name(entry: JournalStep) -> str:
    step = entry.step
    return (step.source if step.action is Action.TRASH and step.source else step.target).name_shown


def _quiet() -> Doing:
    return Doing(CancelToken(), lambda _count: None)


def _sync(steps: Iterable[JournalStep]) -> None:
    """Let what steps did to folders outlive a loss of power."""
    for folder in {place.folder for entry in steps for place in _places(entry)}:
        sync_folder(folder)


class _Settling:
    """Writes how groups ended into the journal, many at a time.

    Between two writes the disk alone tells how far it is, as `recover` reads it. So thousands of
    renames do not wait for the disk to turn as many times.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._steps: list[JournalStep] = []
        self._outcomes: list[Outcome] = []
        self._since = time.monotonic()

    def add(self, group: Sequence[JournalStep], outcomes: Sequence[Outcome]) -> None:
        """Note how a group ended; write when there is enough, or it is long ago."""
        self._steps += group
        self._outcomes += outcomes
        if len(self._steps) >= _STEPS_AT_ONCE or time.monotonic() - self._since > _SECONDS_AT_MOST:
            self.write()

    def write(self) -> None:
        """Write what is not written yet, after the folders are safe on the disk."""
        if self._steps:
            _sync(self._steps)
            self._catalog.plans.settle(self._steps, self._outcomes)
        self._steps, self._outcomes = [], []
        self._since = time.monotonic()

    def __enter__(self) -> _Settling:
        return self

    def __exit__(self, *_how: object) -> None:
        self.write()


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


class _Copying:
    """Tells the sink of bytes that are read or written: of copies, and of files compared."""

    def __init__(self, groups: Iterable[Sequence[JournalStep]], sink: ProgressSink) -> None:
        self._sink = sink
        self._done = 0
        steps = [entry.step for group in groups for entry in group]
        self._total = 2 * (copied_bytes(steps) + compared_bytes(steps))

    def of(self, group: Sequence[JournalStep]) -> Callable[[int], None]:
        """Return what tells of the bytes of one group."""
        compared = any(entry.step.same_as for entry in group)
        stage, name = "Comparing" if compared else "Copying", _shown(group)

        def tell(count: int) -> None:
            self._done += count
            total = max(self._total, self._done)
            self._sink.progress(Progress(stage, self._done, total, "bytes", name))

        return tell


def _shown(group: Sequence[JournalStep]) -> str:
    """Return the place by which a person knows what a group is about."""
    step = group[0].step
    return (step.source if step.action is Action.TRASH and step.source else step.target).shown
