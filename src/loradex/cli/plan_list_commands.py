"""`loradex plan list`, `show` and `delete`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from loradex.cli.columns import Column, print_table
from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import print_json, print_json_list
from loradex.cli.output import is_terminal
from loradex.cli.plan_options import json_option, output_option, write_plan
from loradex.cli.words import count_text, date_text
from loradex.domain.plans import PlanState, StepState
from loradex.domain.text import display_text
from loradex.errors import UsageError

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.domain.plans import MovePlan, PlanSummary

number_argument = click.argument("number", type=int, required=False, metavar="[PLAN]")


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@pass_context
def list_command(context: Context, as_json: bool) -> None:
    """List the plans there are, newest first: those to be done, those done, those taken back."""
    with context.catalog() as catalog:
        plans = catalog.plans.plans()
    show_list(plans, as_json)


def show_list(plans: list[PlanSummary], as_json: bool) -> None:
    """Print plans as a table, or as JSON."""
    if as_json:
        from loradex.cli.plans_json import summary_json  # noqa: PLC0415

        print_json_list(map(summary_json, plans))
        return
    if not plans:
        click.echo("There is no plan yet. Draw one up: loradex plan --help", err=True)
        return
    print_table(
        [
            Column("Plan", right=True),
            Column("When"),
            Column("State"),
            Column("Files", right=True),
            Column("Done", right=True),
            Column("Brought back", right=True, drop=True),
            Column("What", shrink=True),
        ],
        [
            (
                str(plan.id),
                date_text(plan.applied_at or plan.created_at),
                plan.state.value,
                f"{plan.planned + plan.done + plan.failed + plan.undone + plan.emptied:,}",
                f"{plan.done + plan.undone + plan.emptied:,}",
                f"{plan.undone:,}",
                plan.note,
            )
            for plan in plans
        ],
    )


@click.command("show")
@number_argument
@output_option
@json_option
@pass_context
def show_command(context: Context, number: int | None, output: Path | None, as_json: bool) -> None:
    """Show PLAN (the latest when left out): what goes where, and what stays, page by page."""
    from loradex.operations.tidying.kept import kept_plan, latest  # noqa: PLC0415

    with context.catalog() as catalog:
        number = latest(catalog) if number is None else number
        summary, plan = kept_plan(catalog, number)
        if output is not None:
            write_plan(catalog, plan, number, output)
        if as_json:
            from loradex.cli.plans_json import drawn_json, summary_json  # noqa: PLC0415

            print_json({**drawn_json(catalog, plan, number), "summary": summary_json(summary)})
            return
        _show(catalog, summary, plan)
    if output is not None:
        click.echo(f"Written to {display_text(str(output))}.", err=True)


def _show(catalog: Catalog, summary: PlanSummary, plan: MovePlan) -> None:
    from loradex.cli.plans_text import plan_lines, sum_lines  # noqa: PLC0415

    head = [
        f"Plan {summary.id}, {summary.state.value}: {display_text(summary.note)}",
        f"Drawn up {date_text(summary.created_at)}"
        + (f", done {date_text(summary.applied_at)}" if summary.applied_at else "")
        + (f", taken back {date_text(summary.undone_at)}" if summary.undone_at else ""),
    ]
    lines = list(plan_lines(catalog, plan, summary.id, {}, None))
    tail = list(sum_lines(plan)) if summary.state is PlanState.PLANNED else []
    failed = [
        f"  {(entry.step.source or entry.step.target).shown}: {display_text(entry.reason)}"
        for entry in catalog.plans.steps(summary.id)
        if entry.state is StepState.FAILED
    ]
    if failed:
        tail += [f"{count_text(len(failed), 'file')} could not be done:", *failed]
    if is_terminal(sys.stdout):
        click.echo_via_pager("\n".join([*head, "", *lines, "", *tail]) + "\n")
        return
    for line in lines:
        click.echo(line)
    for line in (*head, *tail):
        click.echo(line, err=True)


@click.command("delete")
@click.argument("numbers", type=int, nargs=-1, metavar="PLAN...")
@click.option("--all", "everything", is_flag=True, help="All that were not begun.")
@pass_context
def delete_command(context: Context, numbers: tuple[int, ...], everything: bool) -> None:
    """Delete plans that were not begun. What was done stays listed, so that it can be undone."""
    from loradex.operations.tidying.kept import kept_plan  # noqa: PLC0415

    if everything is bool(numbers):
        raise UsageError("Name the plans to delete, or use --all.")
    with context.catalog() as catalog:
        if everything:
            numbers = tuple(plan.id for plan in catalog.plans.plans(state=PlanState.PLANNED))
        for number in numbers:
            summary, _ = kept_plan(catalog, number)
            if summary.state is not PlanState.PLANNED:
                raise UsageError(
                    f"Plan {number} is {summary.state.value}: it is kept so that it can be undone.",
                    hint=f"Take it back: loradex undo {number}",
                )
        deleted = sum(catalog.plans.discard(number) for number in numbers)
    click.echo(f"{count_text(deleted, 'plan')} deleted.")
