"""`loradex undo`: take back what a plan did to files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.jsontext import print_json
from loradex.cli.moves_text import plan_json, report_json, show_conflicts, show_plan
from loradex.cli.plan_list_commands import show_list
from loradex.cli.progress import JsonSink, progress_option, shown_progress
from loradex.cli.select import dry_run_option
from loradex.cli.words import count_text
from loradex.domain.plans import PlanState, StepState
from loradex.errors import Cancelled, UsageError

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.domain.plans import MovePlan

PARTLY = 3


@click.command("undo")
@click.argument("number", type=int, required=False, metavar="[PLAN]")
@click.option("--list", "listing", is_flag=True, help="List the plans there are, newest first.")
@dry_run_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@progress_option
@pass_context
def undo_command(
    context: Context,
    number: int | None,
    listing: bool,
    dry_run: bool,
    as_json: bool,
    progress: str,
) -> None:
    """Bring files back to where they were before PLAN (the latest one when left out).

    Also out of the trash, as long as that was not emptied, and in the place of links. Nothing is
    replaced: a file whose old place is taken, or that was changed or moved on since, stays where it
    is, and you are told why. Folders that the plan had made are removed when they are empty, those
    it had removed are made again. An undo is a plan too: undo it by its number. Exit code 3 means
    that some files stayed.
    """
    from loradex.operations.moves.applying import carry_out, recover  # noqa: PLC0415
    from loradex.operations.moves.undoing import latest_plan, plan_undo  # noqa: PLC0415

    if listing and (number is not None or dry_run):
        raise UsageError("--list shows all plans; it goes with no other option than --json.")
    with context.catalog() as catalog, stoppable() as cancel:
        if listing:
            show_list(catalog.plans.plans(), as_json)
            return
        with shown_progress(progress, cancel) as sink:
            for problem in recover(catalog):
                sink.problem(problem)
            plan_id = latest_plan(catalog) if number is None else number
            _refuse_untouched(catalog, plan_id)
            plan = plan_undo(catalog, plan_id)
            if dry_run:
                print_json(plan_json(plan)) if as_json else show_plan(plan)
                return
            report = carry_out(catalog, plan, sink=sink, cancel=cancel)
        kept = len(plan.conflicts) + len(report.problems)
        stays = f", {count_text(kept, 'stays', 'stay')}" if kept else ""
        sentence = f"Plan {plan_id}: {count_text(report.files, 'file')} brought back{stays}."
        if isinstance(sink, JsonSink):
            if not report.stopped:
                sink.tell("done", message=sentence, **report_json(plan, report))
        elif as_json:
            print_json(report_json(plan, report))
        else:
            show_conflicts(plan)
            _say_where_to_get(catalog, plan_id, plan)
            click.echo(sentence)
    if report.stopped:
        told = f"Stopped. {sentence}" if isinstance(sink, JsonSink) else "Stopped."
        raise Cancelled(told, hint="Run it again to bring back the rest.")
    if plan.conflicts or report.problems:
        click.get_current_context().exit(PARTLY)


def _refuse_untouched(catalog: Catalog, plan_id: int) -> None:
    """Raise `UsageError` for a plan of which nothing was done."""
    summary = catalog.plans.plan(plan_id)
    if summary is not None and summary.state is PlanState.PLANNED:
        raise UsageError(
            f"Nothing of plan {plan_id} was done yet.",
            hint=f"Delete it: loradex plan delete {plan_id}",
        )


def _say_where_to_get(catalog: Catalog, plan_id: int, plan: MovePlan) -> None:
    """Print how models that cannot come back can be had again."""
    from loradex.operations.tidying.advising import again  # noqa: PLC0415

    lost = {conflict.file_id for conflict in plan.conflicts if conflict.file_id is not None}
    if not lost:
        return
    contents = {
        entry.step.content_id
        for entry in catalog.plans.steps(plan_id)
        if entry.step.file_id in lost and entry.state is StepState.EMPTIED
    }
    for command in again(catalog, sorted(id_ for id_ in contents if id_ is not None)).values():
        click.echo(f"  The hub has it: {command}", err=True)
