"""`loradex recipe import`: the recipes of all pictures in folders; `recipe match`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.jsontext import print_json
from loradex.cli.path_arguments import paths_argument
from loradex.cli.progress import JsonSink, progress_option, shown_progress
from loradex.cli.recipe_text import TOOLS
from loradex.cli.words import count_text, duration_text
from loradex.paths import expanded

if TYPE_CHECKING:
    from pathlib import Path

    from loradex.operations.recipes.importing import ImportReport

PARTLY = 3


@click.command("import")
@paths_argument
@click.option("--again", is_flag=True, help="Read pictures anew that have not changed.")
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would be kept.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@progress_option
@pass_context
def import_command(
    context: Context,
    paths: tuple[Path, ...],
    again: bool,
    dry_run: bool,
    as_json: bool,
    progress: str,
) -> None:
    """Read every picture at and below PATH, and keep what it was made with.

    Pictures are only read, never copied or changed. Those that have not changed since the last
    time are not opened. Ctrl-C keeps what was read; the next call goes on from there. Models that
    come later find the pictures that name them by themselves. Exit code 3 means that some
    pictures could not be read.
    """
    from loradex.operations.recipes.importing import import_recipes  # noqa: PLC0415

    places = [os.fsencode(expanded(str(path)).absolute()) for path in paths]
    with (
        context.catalog() as catalog,
        stoppable() as cancel,
        shown_progress(progress, cancel) as sink,
    ):
        report = import_recipes(
            catalog,
            places,
            workers=context.settings().workers,
            again=again,
            dry_run=dry_run,
            sink=sink,
            cancel=cancel,
        )
        missing = len(catalog.recipes.missing()) if report.recipes and not dry_run else 0
    if isinstance(sink, JsonSink):
        sink.tell("done", message=_sentence(report, dry_run=dry_run), **_as_json(report))
    elif as_json:
        print_json(_as_json(report))
    else:
        click.echo(_sentence(report, dry_run=dry_run))
        if missing:
            click.echo(
                f"{count_text(missing, 'model')} named there and not in the library:"
                " loradex recipe missing"
            )
    if report.problems:
        click.get_current_context().exit(PARTLY)


@click.command("match")
@pass_context
def match_command(context: Context) -> None:
    """Decide anew, for all recipes, which models of the library they mean.

    This happens by itself whenever pictures or models come; it is of use after names were changed
    by other programs.
    """
    with context.catalog() as catalog:
        catalog.recipes.match_again()
        missing = len(catalog.recipes.missing())
        count = catalog.recipes.count()
    click.echo(f"{count_text(count, 'recipe')} looked at; {count_text(missing, 'model')} missing.")


def _sentence(report: ImportReport, *, dry_run: bool) -> str:
    read = report.recipes + report.silent
    would = "would be kept" if dry_run else "kept"
    text = f"{count_text(report.recipes, 'recipe')} {would}"
    if report.tools:
        tools = ", ".join(
            f"{TOOLS.get(tool, tool).partition(' (')[0]} {count:,}"
            for tool, count in report.tools.most_common()
        )
        text += f" ({tools})"
    if report.silent:
        text += f", {count_text(report.silent, 'picture')} without any"
    if report.unchanged:
        text += f", {report.unchanged:,} unchanged"
    if report.problems:
        text += f", {count_text(len(report.problems), 'problem')}"
    speed = f" ({read / report.seconds:,.0f} a second)" if read > 100 and report.seconds else ""
    return f"{text}, in {duration_text(report.seconds)}{speed}."


def _as_json(report: ImportReport) -> dict[str, object]:
    return {
        "found": report.found,
        "unchanged": report.unchanged,
        "recipes": report.recipes,
        "own": report.own,
        "without": report.silent,
        "tools": dict(report.tools.most_common()),
        "problems": [{"path": each.item, "message": each.message} for each in report.problems],
        "seconds": round(report.seconds, 3),
    }
