"""`loradex undo`: take back what a plan did to files."""

from __future__ import annotations

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.jsontext import print_json
from loradex.cli.moves_text import plan_json, report_json, show_conflicts, show_plan
from loradex.cli.plan_list_commands import show_list
from loradex.cli.progress import JsonSink, progress_option, shown_progress
from loradex.cli.select import dry_run_option
from loradex.cli.words import count_text
from loradex.errors import Cancelled, UsageError

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
            plan = plan_undo(catalog, plan_id)
            if dry_run:
                print_json(plan_json(plan)) if as_json else show_plan(plan)
                return
            report = carry_out(catalog, plan, sink=sink, cancel=cancel)
        sentence = f"Plan {plan_id}: {count_text(report.files, 'file')} brought back."
        if isinstance(sink, JsonSink):
            sink.tell("done", message=sentence, **report_json(plan, report))
        elif as_json:
            print_json(report_json(plan, report))
        else:
            show_conflicts(plan)
            click.echo(sentence)
    if report.stopped:
        raise Cancelled("Stopped.", hint="Run it again to bring back the rest.")
    if plan.conflicts or report.problems:
        click.get_current_context().exit(PARTLY)
