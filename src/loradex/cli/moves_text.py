"""Plans of moves as words and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loradex.cli.words import count_text

if TYPE_CHECKING:
    from loradex.domain.plans import Conflict, MovePlan, Place, Step
    from loradex.operations.moves.applying import MoveReport


def show_plan(plan: MovePlan) -> None:
    """Print what a plan would do, a move on two lines, and what stays with the reason."""
    for step in plan.moves:
        if step.source is not None:
            click.echo(f"{step.source.shown}\n  -> {step.target.shown}")
    show_conflicts(plan)
    models = len({step.content_id or step for step in plan.moves if step.file_id is not None})
    click.echo(
        f"Would move {count_text(len(plan.moves), 'file')} of {count_text(models, 'model')};"
        f" {count_text(len(plan.conflicts), 'stays', 'stay')}."
    )


def show_conflicts(plan: MovePlan) -> None:
    """Print on stderr what a plan leaves where it is, and why."""
    for conflict in plan.conflicts:
        click.echo(f"  {conflict.source.shown} stays: {conflict.reason}", err=True)


def plan_json(plan: MovePlan) -> dict[str, object]:
    """Return a plan as `--dry-run --json` shows it."""
    return {
        "kind": plan.kind,
        "note": plan.note,
        "moves": [_move(step) for step in plan.moves],
        "stays": [_stays(conflict) for conflict in plan.conflicts],
    }


def report_json(plan: MovePlan, report: MoveReport) -> dict[str, object]:
    """Return how a plan went."""
    failed: list[dict[str, object]] = [
        {"path": problem.item, "reason": problem.message} for problem in report.problems
    ]
    return {
        "plan": report.plan_id,
        "models": report.models,
        "files": report.files,
        "bytes": report.nbytes,
        "stays": [*(_stays(conflict) for conflict in plan.conflicts), *failed],
        "stopped": report.stopped,
        "seconds": round(report.seconds, 3),
    }


def _move(step: Step) -> dict[str, object]:
    return {
        "from": _shown(step.source),
        "to": step.target.shown,
        "bytes": step.stamp.size if step.stamp else None,
        "model": step.content_id,
    }


def _stays(conflict: Conflict) -> dict[str, object]:
    return {"path": conflict.source.shown, "reason": conflict.reason}


def _shown(place: Place | None) -> str | None:
    return None if place is None else place.shown
