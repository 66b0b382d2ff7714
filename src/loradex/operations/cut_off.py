"""What was cut off: work whose program was killed, or lost its power, before it was done.

The terminal UI notes what it begins. Its own rows tell what it was about; where work was begun on a
command line, the leases that scans and downloads hold tell of it, and the states of plans.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from loradex.catalog.begun_store import CutOffRow
from loradex.catalog.catalog import Catalog
from loradex.domain.downloads import DownloadState
from loradex.domain.plans import PlanState, PlanSummary
from loradex.errors import BadReference
from loradex.operations.child_job import ChildJob
from loradex.operations.moves.lock import somebody_moves
from loradex.operations.moves.undoing import UNDO

_LEASES = {
    "scan": ("scan",),
    "hash": ("scan",),
    "verify": ("verify",),
    "download": ("hub", "downloads", "run"),
}
"""How work is gone on with that only a lease tells of."""
_WORTH = {
    ("scan",): "a scan",
    ("verify",): "verifying the files",
    ("grid",): "a grid",
    ("probe",): "probes",
    ("apply",): "a plan",
    ("undo",): "an undo",
    ("trash", "restore"): "bringing models back from the trash",
    ("hub", "match"): "matching with the hub",
    ("hub", "previews"): "fetching previews",
    ("hub", "refresh"): "refreshing from the hub",
    ("hub", "downloads"): "downloads",
}
"""How commands begin that take long, change something, and may be given again unasked; in words."""
_DOWNLOADS = ("hub", "downloads", "run")
_HALF_DONE = (PlanState.APPLYING, PlanState.STOPPED)


@dataclass(frozen=True, slots=True)
class CutOff:
    """One piece of work. `told` says in a few words what it was and how far it came."""

    task: str
    """As in `scan`, `apply`, `grid`: what it was called when it was begun."""
    told: str
    arguments: tuple[str, ...]
    """What goes on with it, after `loradex`; empty where it has to be begun anew."""
    plan_id: int | None = None
    """The plan that it was doing."""
    row: int | None = None
    """Its note, which `forget` takes away; None where there is no note of it."""

    @property
    def command(self) -> str:
        """What goes on with it on a command line; empty where nothing does."""
        return shlex.join(("loradex", *self.arguments)) if self.arguments else ""


def note_begun(catalog: Catalog, task: str, command: str) -> int | None:
    """Remember that this process has begun a command; return the number for `note_ended`.

    None for what nobody needs to hear of again.
    """
    arguments = _arguments(command)
    if not _words(arguments):
        return None
    return catalog.begun.begin(task, command)


def note_ended(catalog: Catalog, notes: Sequence[int]) -> None:
    """Forget what was begun: it has ended, or a person stopped it."""
    catalog.begun.end(notes)


def cut_off(catalog: Catalog) -> list[CutOff]:
    """Return what was cut off and is not done yet, the oldest first."""
    rows = catalog.begun.cut_off()
    noted = (_noted(catalog, row) for row in rows if row.noted)
    found = [one for one in noted if one is not None]
    known = {one.arguments for one in found}
    for row in rows:
        arguments = _LEASES.get(row.task, ())
        if not row.noted and arguments and arguments not in known:
            known.add(arguments)
            one = _leased(catalog, row.task, arguments)
            found += [one] if one is not None else []
    plans = {one.plan_id for one in found}
    return found + [one for one in _plans(catalog) if one.plan_id not in plans]


def go_on(catalog: Catalog, what: CutOff) -> ChildJob:
    """Start what goes on with it, in a process of its own."""
    return ChildJob(catalog.home, what.arguments, keys=what.arguments[0] == "hub")


def forget(catalog: Catalog, what: Sequence[CutOff]) -> None:
    """Speak no more of these. What only leases or plans tell of is told until it is done."""
    note_ended(catalog, [one.row for one in what if one.row is not None])


def _noted(catalog: Catalog, row: CutOffRow) -> CutOff | None:
    """Return what a program noted; None when it is done meanwhile."""
    arguments = _arguments(row.command)
    first = arguments[:1]
    if first == ("apply",):
        return _plan(catalog, row, arguments)
    if first == ("undo",):
        return _undo(catalog, row, arguments)
    if first == ("grid",):
        return _grid(catalog, row, arguments)
    if arguments == _DOWNLOADS:
        return _downloads(catalog, row.id)
    return CutOff(row.task, _words(arguments) or row.task, arguments, row=row.id)


def _leased(catalog: Catalog, task: str, arguments: tuple[str, ...]) -> CutOff | None:
    """Return what a lease tells of; None when it is done meanwhile."""
    if arguments == _DOWNLOADS:
        return _downloads(catalog, None)
    return CutOff(task, "hashing" if task == "hash" else _words(arguments), arguments)


def _downloads(catalog: Catalog, row: int | None) -> CutOff | None:
    """Return what is left of the queue; None when nothing is."""
    number = len(catalog.downloads.downloads([DownloadState.QUEUED, DownloadState.RUNNING]))
    if not number:
        return None
    told = f"{number:,} {'download' if number == 1 else 'downloads'}"
    return CutOff("download", told, _DOWNLOADS, row=row)


def _plan(catalog: Catalog, row: CutOffRow, arguments: tuple[str, ...]) -> CutOff | None:
    plan = catalog.plans.plan(int(arguments[-1])) if arguments[-1].isdecimal() else None
    if plan is None or plan.state not in _HALF_DONE:
        return None
    return CutOff(row.task, _plan_words(plan), arguments, plan.id, row.id)


def _undo(catalog: Catalog, row: CutOffRow, arguments: tuple[str, ...]) -> CutOff | None:
    """Return the plan that took another one back: an undo is a plan, too."""
    begun = [
        one for one in catalog.plans.plans() if one.kind == UNDO and one.created_at >= row.since
    ]
    if not begun:
        told = f"`loradex {shlex.join(arguments)}`, which had not begun"
        return CutOff(row.task, told, arguments, row=row.id)
    plan = begun[-1]
    if plan.state not in _HALF_DONE:
        return None
    return CutOff(row.task, _plan_words(plan), ("apply", str(plan.id)), plan.id, row.id)


def _grid(catalog: Catalog, row: CutOffRow, arguments: Sequence[str]) -> CutOff | None:
    """Return the grid that was drawn: of a new one only the time is known when it was begun."""
    if "--resume" in arguments:
        try:
            grids = [catalog.grids.grid(int(arguments[arguments.index("--resume") + 1]))]
        except (BadReference, ValueError, IndexError):
            return None
    else:
        grids = [one for one in catalog.grids.grids() if one.created_at >= row.since][-1:]
    if not grids:
        return CutOff(row.task, "a grid that had not begun", (), row=row.id)
    grid = grids[0]
    done = grid.cells_done + grid.cells_failed
    if done >= grid.cells_total:
        return None
    told = f"grid {grid.id} after {done:,} of {grid.cells_total:,} cells"
    return CutOff(row.task, told, ("grid", "--resume", str(grid.id)), row=row.id)


def _plans(catalog: Catalog) -> Iterator[CutOff]:
    """Yield plans that are being done, though nobody moves files."""
    plans = catalog.plans.plans(state=PlanState.APPLYING)
    if plans and not somebody_moves(catalog.home):
        for plan in plans:
            yield CutOff("apply", _plan_words(plan), ("apply", str(plan.id)), plan.id)


def _words(arguments: tuple[str, ...]) -> str:
    """Return what a command does; empty for one that nobody needs to hear of again."""
    found = (words for begin, words in _WORTH.items() if arguments[: len(begin)] == begin)
    return next(found, "")


def _arguments(command: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(command)[1:])
    except ValueError:
        return ()


def _plan_words(plan: PlanSummary) -> str:
    files = plan.done + plan.failed + plan.planned
    return f"plan {plan.id} after {plan.done + plan.failed:,} of {files:,} files"
