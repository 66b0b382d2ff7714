"""`loradex apply`: do what a plan says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.jsontext import print_json
from loradex.cli.moves_text import report_json
from loradex.cli.progress import JsonSink, progress_option, shown_progress
from loradex.cli.words import count_text, duration_text, size_text
from loradex.domain.plans import Action
from loradex.errors import Cancelled, UsageError

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.domain.plans import MovePlan
    from loradex.operations.moves.applying import MoveReport

PARTLY = 3


@click.command("apply")
@click.argument("plan", required=False, metavar="[PLAN|FILE]")
@click.option("-n", "--dry-run", is_flag=True, help="Only show what would be done now.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@progress_option
@pass_context
def apply_command(
    context: Context, plan: str | None, dry_run: bool, as_json: bool, progress: str
) -> None:
    """Do what PLAN says, or a plan's FILE; the latest that is to be done when left out.

    It may be stopped anywhere, also by a loss of power: `loradex apply` goes on, `loradex undo`
    takes back what was done. Nothing is replaced: what has changed since, or whose place is taken,
    stays where it is, and you are told why. Exit code 3 means that some files stayed.
    """
    from loradex.operations.moves.applying import apply_plan, recover  # noqa: PLC0415

    with context.catalog() as catalog, stoppable() as cancel:
        with shown_progress(progress, cancel) as sink:
            for problem in recover(catalog):
                sink.problem(problem)
            number, drawn = _found(catalog, plan, dry_run)
            if dry_run:
                _show(catalog, drawn, number, as_json)
                return
            if number is None:
                click.echo("Nothing to do.", err=True)
                _show(catalog, drawn, number, as_json)
                click.get_current_context().exit(PARTLY if drawn.conflicts else 0)
            report = apply_plan(catalog, number, sink=sink, cancel=cancel)
        from_file = drawn if _is_file(plan) else None
        sentence = _sentence(number, drawn, report)
        result = {**report_json(drawn, report), "plan": number}
        if isinstance(sink, JsonSink):
            if not report.stopped:
                sink.tell("done", message=sentence, **result)
        elif as_json:
            print_json(result)
        else:
            if from_file is not None:
                _say_what_stays(from_file)
            click.echo(sentence)
            _say_what_next(number, drawn, report)
    if report.stopped:
        told = f"Stopped. {sentence}" if isinstance(sink, JsonSink) else "Stopped."
        raise Cancelled(told, hint=f"Go on: loradex apply {number}")
    if report.problems or (from_file is not None and from_file.conflicts):
        click.get_current_context().exit(PARTLY)


def _is_file(plan: str | None) -> bool:
    return plan is not None and not plan.isdecimal()


def _found(catalog: Catalog, plan: str | None, dry_run: bool) -> tuple[int | None, MovePlan]:
    """Return the plan that is meant, and its number; None for one without anything to do."""
    from loradex.operations.tidying.kept import (  # noqa: PLC0415
        checked_again,
        kept_plan,
        latest_open,
        must_be_open,
    )

    if plan is not None and _is_file(plan):
        return _from_file(catalog, Path(plan), dry_run)
    number = latest_open(catalog) if plan is None else int(plan)
    summary, kept = kept_plan(catalog, number)
    must_be_open(summary)
    return number, checked_again(catalog, number) if dry_run else kept


def _from_file(catalog: Catalog, path: Path, dry_run: bool) -> tuple[int | None, MovePlan]:
    """Return the plan of a file, kept under the number it had before where that is open yet."""
    from loradex.operations.tidying.plan_reading import LARGEST, read_document  # noqa: PLC0415

    try:
        with path.open("rb") as file:
            text = file.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(
            f"{path} is neither a plan's number nor a file that can be read:"
            f" {error.strerror or error}.",
            hint="`loradex plan list` shows all plans.",
        ) from error
    read = read_document(catalog, text)
    if dry_run or not read.plan.moves:
        return None, read.plan
    if read.number is not None and catalog.plans.replace(read.number, read.plan):
        return read.number, read.plan
    return catalog.plans.add(read.plan), read.plan


def _show(catalog: Catalog, plan: MovePlan, number: int | None, as_json: bool) -> None:
    if as_json:
        from loradex.cli.plans_json import drawn_json  # noqa: PLC0415

        print_json(drawn_json(catalog, plan, number))
        return
    from loradex.cli.plans_text import show_drawn  # noqa: PLC0415

    show_drawn(catalog, plan, number, {})


def _say_what_stays(plan: MovePlan) -> None:
    from loradex.cli.moves_text import show_conflicts  # noqa: PLC0415

    show_conflicts(plan)


def _sentence(number: int, plan: MovePlan, report: MoveReport) -> str:
    trashed = sum(entry.step.action is Action.TRASH for entry in report.moved)
    moved = report.files - trashed
    done = []
    if moved or not trashed:
        done.append(f"{count_text(moved, 'file')} moved")
    if trashed:
        done.append(f"{count_text(trashed, 'file')} put in the trash")
    failed = f", {count_text(len(report.problems), 'file')} stayed" if report.problems else ""
    size, time = size_text(report.nbytes), duration_text(report.seconds)
    return f"Plan {number}: {' and '.join(done)} ({size}) in {time}{failed}."


def _say_what_next(number: int, plan: MovePlan, report: MoveReport) -> None:
    if not report.files:
        return
    click.echo(f"Take it back: loradex undo {number}", err=True)
    if any(step.action is Action.TRASH for step in plan.steps):
        click.echo("The space becomes free with: loradex trash empty", err=True)
