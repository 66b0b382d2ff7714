"""Take back what a plan did, by another plan: so an undo can be undone, too."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from itertools import groupby

from loradex.catalog.catalog import Catalog
from loradex.catalog.plan_store import KnownPlace
from loradex.domain.plans import (
    Action,
    Conflict,
    JournalStep,
    MovePlan,
    PlanState,
    Step,
    StepState,
)
from loradex.errors import BadReference, LoradexError
from loradex.operations.moves.inverting import inverse_steps
from loradex.operations.moves.planning import Draft, Extra, Stays, Wanted

UNDO = "undo"
"""The kind of a plan that takes another one back."""

_FOLDERS = (Action.MAKE_FOLDER, Action.REMOVE_FOLDER)
_TAKEN_BACK = (StepState.DONE, StepState.EMPTIED)


def latest_plan(catalog: Catalog) -> int:
    """Return the newest plan of which nothing was taken back, undos left out.

    Raises `LoradexError` when there is none, and when all that it did was deleted from the trash:
    whoever wants that plan back does not mean an older one.
    """
    for plan in catalog.plans.plans():
        settled = plan.state in (PlanState.APPLIED, PlanState.STOPPED)
        if not settled or plan.undone_at is not None or plan.kind == UNDO:
            continue
        if plan.done:
            return plan.id
        if plan.emptied:
            raise LoradexError(
                f"Plan {plan.id} cannot be taken back: what it put in the trash was deleted there.",
                hint=f"Which files: loradex undo {plan.id} --dry-run. For an older plan say its"
                " number: loradex undo --list",
            )
    raise LoradexError(
        "There is nothing to undo.", hint="`loradex undo --list` shows all plans there are."
    )


def plan_undo(catalog: Catalog, plan_id: int) -> MovePlan:
    """Return the moves that take a plan back, and what cannot be taken back, with the reason.

    Each model is looked for where the plan put it. It comes back with the sidecars that went with
    it, and with those that were written beside it since. Folders that the plan made go when they
    are empty then. Raises `BadReference` when there is no such plan.
    """
    steps = catalog.plans.steps(plan_id)
    if not steps:
        raise BadReference(
            f"There is no plan {plan_id}.", hint="`loradex undo --list` shows all plans."
        )
    groups: dict[int, list[JournalStep]] = defaultdict(list)
    for entry in steps:
        if entry.step.action not in _FOLDERS and entry.state in _TAKEN_BACK:
            groups[entry.step.group].append(entry)
    known = _known(catalog, groups.values())
    draft = Draft(exact=True)
    for group in reversed(groups.values()):
        try:
            if all(entry.step.action is Action.MOVE for entry in group):
                _move_back(draft, group, known)
            else:
                draft.add_steps(inverse_steps(group))
        except Stays as reason:
            draft.conflicts.append(_conflict(group, str(reason)))
    plan = draft.plan(UNDO, f"Undo of plan {plan_id}")
    return replace(
        plan, steps=(*_making_again(plan.steps, steps), *_taking_away(steps, len(plan.steps)))
    )


def plan_restore(catalog: Catalog, content_ids: Collection[int]) -> MovePlan:
    """Return the steps that take models out of the trash, whichever plans have put them there.

    Where a link was left in a file's place, it goes. Nothing is written.
    """
    draft = Draft(exact=True)
    plans = {
        plan_id
        for plan_id, entry in catalog.plans.trashed()
        if entry.step.content_id in content_ids
    }
    for plan_id in sorted(plans, reverse=True):
        done = [entry for entry in catalog.plans.steps(plan_id) if entry.state is StepState.DONE]
        for _, steps in groupby(done, key=lambda entry: entry.step.group):
            group = list(steps)
            model = _model_of(group)
            if model.step.action is not Action.TRASH or model.step.content_id not in content_ids:
                continue
            try:
                draft.add_steps(inverse_steps(group))
            except Stays as reason:
                draft.conflicts.append(_conflict(group, str(reason)))
    return draft.plan(UNDO, "Out of the trash")


def _known(catalog: Catalog, groups: Iterable[Iterable[JournalStep]]) -> dict[int, KnownPlace]:
    ids = [entry.step.file_id for group in groups for entry in group]
    places = catalog.plans.places(id_ for id_ in ids if id_ is not None)
    return {place.file_id: place for place in places}


def _move_back(draft: Draft, group: list[JournalStep], known: Mapping[int, KnownPlace]) -> None:
    """Add the moves that bring a model back with its sidecars; raise `Stays` when it cannot be."""
    model = _model_of(group)
    if model.step.file_id is None:
        draft.add_steps(inverse_steps(group))
        return
    place = known.get(model.step.file_id)
    reason = _why_not(model, place)
    if reason or place is None or model.step.source is None:
        raise Stays(reason)
    beside = _there_still(entry for entry in group if entry is not model)
    draft.add(Wanted(place, model.step.source, undoes=model.id), beside)


def _conflict(group: list[JournalStep], reason: str) -> Conflict:
    model = _model_of(group)
    from_trash = model.step.action in (Action.TRASH, Action.LINK)
    place = model.step.source if from_trash and model.step.source else model.step.target
    return Conflict(place, reason, file_id=model.step.file_id)


def _model_of(group: list[JournalStep]) -> JournalStep:
    return next((entry for entry in group if entry.step.file_id is not None), group[0])


def _why_not(model: JournalStep, place: KnownPlace | None) -> str:
    """Return why a model cannot come back, nothing when it can."""
    if place is None:
        return "The catalog has it no longer at any place."
    if place.place.path != model.step.target.path:
        return f"It is not there any more, but at {place.place.shown}."
    replaced = place.content_id != model.step.content_id
    if replaced and model.result is not None and place.stamp.size != model.result.size:
        return "Another file has taken its place since."
    return ""


def _there_still(entries: Iterable[JournalStep]) -> list[Extra]:
    """Return the sidecars that are where the plan put them; nobody misses the others."""
    return [
        Extra(entry.step.target, entry.step.source, undoes=entry.id)
        for entry in entries
        if entry.step.source is not None and os.path.lexists(entry.step.target.path)
    ]


def _making_again(planned: Iterable[Step], steps: Iterable[JournalStep]) -> list[Step]:
    """Return planned steps; a folder that is made again takes back its removal."""
    removed = {
        entry.step.target.path: entry.id
        for entry in steps
        if entry.step.action is Action.REMOVE_FOLDER and entry.state is StepState.DONE
    }
    return [
        replace(step, undoes=removed.get(step.target.path))
        if step.action is Action.MAKE_FOLDER
        else step
        for step in planned
    ]


def _taking_away(steps: Iterable[JournalStep], group: int) -> list[Step]:
    """Return the steps that remove the folders a plan made, innermost first."""
    made = [
        entry
        for entry in steps
        if entry.step.action is Action.MAKE_FOLDER and entry.state is StepState.DONE
    ]
    return [
        Step(Action.REMOVE_FOLDER, group + place, entry.step.target, undoes=entry.id)
        for place, entry in enumerate(reversed(made))
    ]
