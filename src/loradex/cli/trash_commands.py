"""`loradex trash`: what plans have put in the trash."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from loradex.cli.columns import Column, print_table
from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.jsontext import print_json, print_json_list
from loradex.cli.output import is_terminal
from loradex.cli.progress import JsonSink, progress_option, shown_progress
from loradex.cli.quantities import seconds_long
from loradex.cli.select import REF_HELP, dry_run_option
from loradex.cli.words import count_text, date_text, size_text
from loradex.errors import Cancelled, UsageError

if TYPE_CHECKING:
    from loradex.operations.tidying.trashed import Trashed

PARTLY = 3

older_option = click.option(
    "--older-than",
    metavar="TIME",
    callback=seconds_long,
    help="Only what was put there longer ago, as in 30d.",
)


@click.group("trash")
def trash_command() -> None:
    """See what plans have put in the trash, bring it back, or delete it for good.

    Models lie in the desktop's trash of their disk, or in the folder .loradex-trash of their
    library. Nothing that others have put in a trash is touched.
    """


@trash_command.command("list")
@older_option
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@pass_context
def list_command(context: Context, older_than: float | None, as_json: bool) -> None:
    """List what is in the trash, oldest first."""
    from loradex.operations.tidying.trashed import in_trash  # noqa: PLC0415

    with context.catalog() as catalog:
        found = in_trash(catalog, older_than=older_than or 0.0)
    if as_json:
        print_json_list(
            {
                "plan": each.plan_id,
                "path": each.origin.shown,
                "in": each.slot.shown,
                "bytes": each.size,
                "trashed_at": each.trashed_at,
                "model": each.content_id,
            }
            for each in found
        )
        return
    print_table(
        [
            Column("Plan", right=True),
            Column("When"),
            Column("Size", right=True),
            Column("Was at", shrink=True, tail=True),
        ],
        [
            (
                str(each.plan_id),
                date_text(each.trashed_at),
                size_text(each.size),
                each.origin.shown,
            )
            for each in found
        ],
    )
    click.echo(
        _sum(found) if found else "Nothing that loradex put there is in the trash.", err=True
    )


def _sum(found: list[Trashed]) -> str:
    size = size_text(sum(each.size for each in found))
    return f"{count_text(len(found), 'file')}, {size}."


@trash_command.command("empty")
@older_option
@dry_run_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@progress_option
@pass_context
def empty_command(
    context: Context, older_than: float | None, dry_run: bool, yes: bool, progress: str
) -> None:
    """Delete what is in the trash for good: the only thing that `loradex undo` cannot take back."""
    from loradex.operations.tidying.trashed import empty_trash, in_trash  # noqa: PLC0415

    with context.catalog() as catalog, stoppable() as cancel:
        found = in_trash(catalog, older_than=older_than or 0.0)
        if dry_run or not found:
            click.echo(f"Would delete {_sum(found)}" if found else "There is nothing to delete.")
            return
        if not yes:
            if not is_terminal(sys.stdin):
                raise UsageError(
                    f"This deletes {_sum(found)} Nothing brings them back.", hint="Add --yes."
                )
            click.confirm(
                f"Delete {_sum(found)[:-1]} for good? Nothing brings them back.", abort=True
            )
        with shown_progress(progress, cancel) as sink:
            emptying = empty_trash(catalog, found, sink=sink, cancel=cancel)
    sentence = (
        f"{count_text(emptying.files, 'file')} deleted, {size_text(emptying.nbytes)} are free."
    )
    if isinstance(sink, JsonSink) and not emptying.stopped:
        sink.tell("done", message=sentence, files=emptying.files, bytes=emptying.nbytes)
    else:
        click.echo(sentence)
    if emptying.stopped:
        raise Cancelled("Stopped.", hint="Run it again to delete the rest.")
    if emptying.problems:
        click.get_current_context().exit(PARTLY)


@trash_command.command("restore", short_help="Bring models back to where they were.")
@click.argument("references", nargs=-1, required=True, metavar="REF...")
@dry_run_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@progress_option
@pass_context
def restore_command(
    context: Context, references: tuple[str, ...], dry_run: bool, as_json: bool, progress: str
) -> None:
    """Bring models back from the trash; the help is set below."""
    from loradex.cli.moves_text import (  # noqa: PLC0415
        plan_json,
        report_json,
        show_conflicts,
        show_plan,
    )
    from loradex.operations.moves.applying import carry_out  # noqa: PLC0415
    from loradex.operations.moves.undoing import plan_restore  # noqa: PLC0415

    with context.catalog() as catalog, stoppable() as cancel:
        plan = plan_restore(catalog, {catalog.resolve(reference) for reference in references})
        if not plan.moves and not plan.conflicts:
            raise UsageError(
                "None of these is in the trash.", hint="`loradex trash list` shows what is."
            )
        if dry_run:
            print_json(plan_json(plan)) if as_json else show_plan(plan)
            return
        with shown_progress(progress, cancel) as sink:
            report = carry_out(catalog, plan, sink=sink, cancel=cancel)
        sentence = f"{count_text(report.files, 'file')} brought back."
        if isinstance(sink, JsonSink):
            sink.tell("done", message=sentence, **report_json(plan, report))
        elif as_json:
            print_json(report_json(plan, report))
        else:
            show_conflicts(plan)
            click.echo(sentence)
    if plan.conflicts or report.problems:
        click.get_current_context().exit(PARTLY)


restore_command.help = (
    "Bring models back from the trash to where they were, with what went with them.\n\n"
    f"REF is {REF_HELP}."
)
