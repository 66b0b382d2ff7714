"""`loradex doctor`: look for what is wrong, and say what mends it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.jsontext import print_json, print_json_list
from loradex.cli.progress import JsonSink, QuietSink, progress_option, shown_progress
from loradex.cli.words import count_text, size_text
from loradex.domain.progress import CancelToken, ProgressSink
from loradex.domain.text import display_text
from loradex.errors import CatalogError, LoradexError, UsageError

if TYPE_CHECKING:
    from loradex.domain.plans import MovePlan
    from loradex.operations.doctor.findings import Answer
    from loradex.operations.doctor.mending import KeptPlan
    from loradex.operations.doctor.subject import Subject
    from loradex.settings import Settings

FOUND = 3


@click.command("doctor")
@click.argument("names", nargs=-1, metavar="[CHECK]...")
@click.option("--list", "listing", is_flag=True, help="List the checks there are.")
@click.option("--all", "everything", is_flag=True, help="Print every finding, not the first few.")
@click.option(
    "--deep", is_flag=True, help="Read every header again, and check every index of the catalog."
)
@click.option(
    "--fix", "--plan", "fix", is_flag=True, help="Keep a plan that mends what CHECK finds."
)
@click.option(
    "--mend", type=click.Choice(["catalog"]), help="Build indexes and search anew, free space."
)
@click.option("-q", "--quiet", is_flag=True, help="Print only what was found, a line a check.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@progress_option
@pass_context
def doctor_command(
    context: Context,
    names: tuple[str, ...],
    listing: bool,
    everything: bool,
    deep: bool,
    fix: bool,
    mend: str | None,
    quiet: bool,
    as_json: bool,
    progress: str,
) -> None:
    """Look for what is wrong with files, folders, settings and the catalog.

    All checks, or those named (`--list` names them). Each finding says what is wrong, why that
    matters and what mends it; the most serious come first. Nothing is changed: with --fix a plan
    is kept that would mend what a check found, to be looked at and applied. `--mend catalog`
    copies the catalog, then builds its indexes and search anew and gives free space back.

    Exit code 3 means that something is wrong; 0 that nothing is, though there may be advice. No
    file is read in full: that is what `loradex verify` does.
    """
    if listing:
        _list_checks(as_json)
        return
    if mend is not None:
        if names or fix or deep:
            raise UsageError("--mend goes with no checks and no --fix.")
        _mend(context, as_json, progress)
        return
    from loradex.operations.doctor.mending import keep_plans, mendable  # noqa: PLC0415
    from loradex.operations.doctor.table import chosen, examine  # noqa: PLC0415

    checks = chosen(names)
    if fix:
        checks = mendable(names)
    shown = "none" if quiet and progress == "auto" else progress
    with (
        stoppable() as cancel,
        shown_progress(shown, cancel) as sink,
        _subject(context, deep, sink, cancel) as subject,
    ):
        answers = examine(subject, checks)
        kept = keep_plans(subject, answers) if fix else []
        files, libraries = _extent(subject)
    result = _as_json(answers, kept, files, libraries)
    if isinstance(sink, JsonSink):
        sink.tell("done", message=_summary(answers, files, libraries), **result)
    elif as_json:
        print_json(result)
    elif fix:
        _print_plans(kept)
    else:
        _print(answers, files, libraries, everything=everything, quiet=quiet)
    if any(answer.level.word != "advice" for answer in answers):
        click.get_current_context().exit(FOUND)


@contextmanager
def _subject(
    context: Context, deep: bool, sink: ProgressSink, cancel: CancelToken
) -> Iterator[Subject]:
    """Give what is looked at, also where the catalog or the settings cannot be used."""
    from loradex.catalog.catalog import Catalog  # noqa: PLC0415
    from loradex.operations.doctor.subject import Subject  # noqa: PLC0415

    settings: Settings | None = None
    with suppress(LoradexError):  # the check of the settings tells
        settings = context.settings()
    try:
        catalog = Catalog.open(context.home)
    except CatalogError as error:
        yield Subject(
            context.home, None, settings, trouble=error, deep=deep, sink=sink, cancel=cancel
        )
        return
    with catalog:
        yield Subject(context.home, catalog, settings, deep=deep, sink=sink, cancel=cancel)


def _extent(subject: Subject) -> tuple[int, int]:
    if not subject.has_catalog:
        return 0, 0
    files = sum(place.state != "missing" for place in subject.places)
    return files, len(subject.libraries)


def _summary(answers: list[Answer], files: int, libraries: int) -> str:
    from loradex.cli.doctor_text import summary  # noqa: PLC0415

    return summary(answers, files, libraries)


def _print(
    answers: list[Answer], files: int, libraries: int, *, everything: bool, quiet: bool
) -> None:
    from loradex.cli.doctor_text import print_answers  # noqa: PLC0415

    if quiet:
        for answer in answers:
            if answer.level.word != "advice":
                click.echo(
                    f"{answer.level.word}: {answer.check.title} ({answer.count:,}):"
                    f" loradex doctor {answer.check.name}"
                )
        return
    print_answers(answers, everything=everything)
    click.echo(_summary(answers, files, libraries))
    if not libraries:
        click.echo("No library yet. Add one: loradex library add FOLDER", err=True)


def _list_checks(as_json: bool) -> None:
    from loradex.cli.columns import Column, print_table  # noqa: PLC0415
    from loradex.operations.doctor.table import CHECKS  # noqa: PLC0415

    if as_json:
        print_json_list(
            {"check": check.name, "title": check.title, "fixable": check.fix is not None}
            for check in CHECKS.values()
        )
        return
    print_table(
        [Column("Check"), Column("Looks for", shrink=True), Column("A plan mends it")],
        [
            (check.name, check.title, "yes" if check.fix is not None else "")
            for check in CHECKS.values()
        ],
    )


def _print_plans(kept: list[KeptPlan]) -> None:
    if not kept:
        click.echo("Nothing to mend.")
    for one in kept:
        for conflict in one.plan.conflicts:
            reason = display_text(conflict.reason)
            click.echo(f"  {conflict.source.shown} stays: {reason}", err=True)
        if one.number is None:
            click.echo(f"{one.check.title}: no plan can mend them.")
            continue
        click.echo(
            f"{one.check.title}: plan {one.number} would {_deeds(one.plan)}."
            f" Look at it: loradex plan show {one.number}. Do it: loradex apply {one.number}"
        )


def _deeds(plan: MovePlan) -> str:
    """Return what a plan does, as in `move 2 files and trash 1 file`."""
    actions = [step.action.value for step in plan.steps]
    return " and ".join(
        f"{deed} {count_text(actions.count(deed), 'file')}"
        for deed in ("move", "trash")
        if deed in actions
    )


def _mend(context: Context, as_json: bool, progress: str) -> None:
    from loradex.operations.doctor.mending import mend_catalog  # noqa: PLC0415

    with context.catalog(), stoppable() as cancel, shown_progress(progress, cancel) as sink:
        copy, saved = mend_catalog(context.home, sink, cancel)
    if as_json:
        print_json({"copy": str(copy), "saved": saved})
        return
    if isinstance(sink, QuietSink):
        return
    click.echo(
        f"The catalog's indexes and search were built anew; it takes {size_text(max(saved, 0))}"
        f" less. What it was before is kept in {display_text(str(copy))}."
    )


def _as_json(
    answers: list[Answer], kept: list[KeptPlan], files: int, libraries: int
) -> dict[str, object]:
    from loradex.cli.doctor_text import answer_json  # noqa: PLC0415

    findings = answer_json(answers)
    return {
        "healthy": all(finding["level"] == "advice" for finding in findings),
        "files": files,
        "libraries": libraries,
        "findings": findings,
        "plans": [
            {
                "check": one.check.name,
                "plan": one.number,
                "stays": [
                    {"path": conflict.source.shown, "reason": conflict.reason}
                    for conflict in one.plan.conflicts
                ],
            }
            for one in kept
        ],
    }
