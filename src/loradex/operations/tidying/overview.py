"""A kept plan as a person reads it: a line for each model, with what belongs to it, and sums."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from loradex.catalog.catalog import Catalog
from loradex.domain.plans import (
    FILE_ACTIONS,
    OUTSIDE,
    Action,
    Conflict,
    JournalStep,
    MovePlan,
    Place,
    PlanState,
    PlanSummary,
    StepState,
    deed_of,
)
from loradex.domain.text import display_text
from loradex.errors import BadReference
from loradex.operations.moves.sizes import Disks
from loradex.operations.tidying.plan_file import names_of
from loradex.operations.tidying.space import DiskSpace, space_of


@dataclass(frozen=True, slots=True)
class PlanItem:
    """One model of a plan, or one file by itself."""

    what: str
    """`move`, `rename`, `copy` (to another disk), `trash`, `restore`, `link` or `hard link`."""
    source: Place
    target: Place
    beside: tuple[str, ...]
    """Names of the files that go along; safe to print."""
    nbytes: int
    """With what goes along."""
    state: StepState
    reason: str = ""
    """Why it could not be done."""
    file_id: int | None = None
    content_id: int | None = None
    kept: Place | None = None
    """Of a copy that goes: the one that stays for it."""


@dataclass(frozen=True, slots=True)
class Overview:
    """A plan, read to be shown."""

    summary: PlanSummary
    items: tuple[PlanItem, ...]
    conflicts: tuple[Conflict, ...]
    libraries: Mapping[int, str]
    """Names by ids."""
    copied_bytes: int
    disks: tuple[DiskSpace, ...]
    """Only of a plan that is still to be done."""
    emptied_folders: int
    """Folders that are removed because nothing is left in them."""

    @property
    def nbytes(self) -> int:
        """Bytes of all that goes."""
        return sum(item.nbytes for item in self.items)

    @property
    def beside(self) -> int:
        """Files that go along with models."""
        return sum(len(item.beside) for item in self.items)

    def place_text(self, place: Place) -> str:
        """Return a place as its library's name and the path below; safe to print."""
        if place.library_id == OUTSIDE:
            return "trash"
        name = self.libraries.get(place.library_id)
        if name is None:
            return place.shown
        return display_text(f"{name}/{os.fsdecode(place.relative)}", 4096)


def overview(catalog: Catalog, number: int) -> Overview:
    """Read a kept plan; raise `BadReference` when there is none."""
    summary = catalog.plans.plan(number)
    if summary is None:
        raise BadReference(
            f"There is no plan {number}.", hint="`loradex plan list` shows all plans."
        )
    steps = catalog.plans.steps(number)
    conflicts = tuple(catalog.plans.conflicts(number))
    plan = MovePlan(summary.kind, summary.note, tuple(each.step for each in steps), conflicts)
    disks = Disks()
    still_open = summary.state in (PlanState.PLANNED, PlanState.STOPPED)
    items: list[PlanItem] = []
    copied = 0
    for _, group in groupby(steps, key=lambda entry: entry.step.group):
        entries = list(group)
        crosses = still_open and disks.crossed_by(entries[0].step)
        item = _item(entries, crosses)
        if item is not None:
            items.append(item)
            copied += item.nbytes if crosses else 0
    return Overview(
        summary=summary,
        items=tuple(items),
        conflicts=conflicts,
        libraries=names_of(catalog.files.libraries()),
        copied_bytes=copied,
        disks=tuple(space_of(plan)) if still_open else (),
        emptied_folders=sum(step.action is Action.REMOVE_FOLDER for step in plan.steps),
    )


def _item(entries: Sequence[JournalStep], crosses: bool) -> PlanItem | None:
    """Return a group of steps that end together as one line, None for one about folders."""
    entry, *others = entries
    step = entry.step
    if step.action not in FILE_ACTIONS or step.source is None:
        return None
    link = next((each.step for each in others if each.step.target == step.source), None)
    along = [each.step for each in others if each.step.link is None and each.step.source]
    sizes = [each.stamp.size for each in (step, *along) if each.stamp]
    return PlanItem(
        what=deed_of(step, link, crosses),
        source=step.source,
        target=step.target,
        beside=tuple(each.source.name_shown for each in along if each.source),
        nbytes=sum(sizes),
        state=_worst(entries),
        reason=next((each.reason for each in entries if each.reason), ""),
        file_id=step.file_id,
        content_id=step.content_id,
        kept=step.same_as,
    )


def _worst(entries: Collection[JournalStep]) -> StepState:
    """Return the state of a group: that of its model, unless something of it failed."""
    states = [entry.state for entry in entries]
    return StepState.FAILED if StepState.FAILED in states else states[0]
