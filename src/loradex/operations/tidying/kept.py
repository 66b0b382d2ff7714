"""Plans that are kept: found by number, read back, looked at again, changed."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace

from loradex.catalog.catalog import Catalog
from loradex.domain.plans import MovePlan, PlanState, PlanSummary, StepState
from loradex.errors import BadReference, LoradexError, UsageError
from loradex.operations.moves.undoing import UNDO
from loradex.operations.tidying.plan_file import document, names_of
from loradex.operations.tidying.plan_reading import edited_note, read_document

_OPEN = (PlanState.PLANNED, PlanState.STOPPED)


def kept_plan(catalog: Catalog, number: int) -> tuple[PlanSummary, MovePlan]:
    """Return a plan by its number; raise `BadReference` when there is none."""
    summary = catalog.plans.plan(number)
    if summary is None:
        raise BadReference(
            f"There is no plan {number}.", hint="`loradex plan list` shows all plans."
        )
    steps = tuple(entry.step for entry in catalog.plans.steps(number))
    return summary, MovePlan(
        summary.kind, summary.note, steps, tuple(catalog.plans.conflicts(number))
    )


def latest(catalog: Catalog) -> int:
    """Return the newest plan; raise `LoradexError` when there is none."""
    plans = catalog.plans.plans()
    if not plans:
        raise LoradexError("There is no plan.", hint="Draw one up: loradex plan --help")
    return plans[0].id


def latest_open(catalog: Catalog) -> int:
    """Return the newest plan of which something is to be done; raise `LoradexError` for none."""
    for plan in catalog.plans.plans():
        if plan.state in _OPEN:
            return plan.id
    raise LoradexError("There is no plan to apply.", hint="Draw one up: loradex plan --help")


def must_be_open(summary: PlanSummary) -> None:
    """Raise `UsageError` for a plan of which nothing is to be done any more."""
    if summary.state not in _OPEN:
        raise UsageError(
            f"Plan {summary.id} is {summary.state.value} already.",
            hint=f"Take it back: loradex undo {summary.id}"
            if summary.state is PlanState.APPLIED
            else "Draw it up again for what there is now.",
        )


def checked_again(catalog: Catalog, number: int) -> MovePlan:
    """Return what is left to do of a plan, drawn up anew for what there is; nothing is written."""
    summary, plan = kept_plan(catalog, number)
    todo = tuple(
        entry.step for entry in catalog.plans.steps(number) if entry.state is StepState.PLANNED
    )
    left = MovePlan(plan.kind, plan.note, todo, plan.conflicts)
    if plan.kind == UNDO:
        return left
    text = json.dumps(document(left, summary, names_of(catalog.files.libraries())))
    return replace(read_document(catalog, text).plan, note=plan.note)


def without(plan: MovePlan, file_ids: Collection[int]) -> MovePlan:
    """Return a plan without these files and what belongs to them."""
    groups = {step.group for step in plan.steps if step.file_id in file_ids}
    steps = tuple(step for step in plan.steps if step.group not in groups)
    return MovePlan(plan.kind, edited_note(plan.note), steps, plan.conflicts)
