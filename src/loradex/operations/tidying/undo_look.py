"""What would come back if a plan were taken back now, and what would not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from loradex.catalog.catalog import Catalog
from loradex.domain.plans import Conflict, PlanState, PlanSummary, StepState
from loradex.errors import BadReference, UsageError
from loradex.operations.moves.sizes import copied_bytes
from loradex.operations.moves.undoing import plan_undo
from loradex.operations.tidying.advising import again


@dataclass(frozen=True, slots=True)
class UndoLook:
    """How an undo would go, were it done now."""

    summary: PlanSummary
    models: int
    files: int
    nbytes: int
    copied_bytes: int
    """Bytes that are copied to other disks on the way back."""
    stays: tuple[Conflict, ...]
    """What cannot come back, and why."""
    again: Mapping[int, str]
    """Of what was deleted from the trash, by file: the command that fetches it from a hub."""


def look_at_undo(catalog: Catalog, number: int) -> UndoLook:
    """Return how taking a plan back would go; nothing is written.

    Raises `BadReference` for no such plan, and `UsageError` for one of which nothing was done.
    """
    summary = catalog.plans.plan(number)
    if summary is None:
        raise BadReference(f"There is no plan {number}.", hint="`loradex plan list` shows all.")
    if summary.state is PlanState.PLANNED:
        raise UsageError(f"Nothing of plan {number} was done yet: there is nothing to take back.")
    plan = plan_undo(catalog, number)
    return UndoLook(
        summary=summary,
        models=len({step.content_id or step for step in plan.moves if step.file_id is not None}),
        files=len(plan.moves),
        nbytes=sum(step.stamp.size for step in plan.moves if step.stamp),
        copied_bytes=copied_bytes(plan.steps),
        stays=plan.conflicts,
        again=_again(catalog, number, plan.conflicts),
    )


def _again(catalog: Catalog, number: int, stays: tuple[Conflict, ...]) -> dict[int, str]:
    lost = {conflict.file_id for conflict in stays if conflict.file_id is not None}
    if not lost:
        return {}
    contents = {
        entry.step.file_id: entry.step.content_id
        for entry in catalog.plans.steps(number)
        if entry.step.file_id in lost and entry.state is StepState.EMPTIED
    }
    commands = again(catalog, sorted(id_ for id_ in contents.values() if id_ is not None))
    return {
        file_id: commands[content_id]
        for file_id, content_id in contents.items()
        if file_id is not None and content_id is not None and content_id in commands
    }
