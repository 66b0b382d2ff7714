"""`loradex hub updates`: newer versions of what is owned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.hub_options import asked_hubs, hub_settings, offline_option
from loradex.cli.jsontext import print_json
from loradex.cli.listing_commands import QueryCommand
from loradex.cli.progress import JsonSink, progress_option, shown_progress
from loradex.errors import UsageError

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.operations.hubs import Hubs

PARTLY = 3

_HELP = """Look for newer versions of the models you own.

\b
Everything that is matched with a hub is compared; a QUERY as in
`loradex list` narrows it down:
  loradex hub updates
  loradex hub updates kind:lora base:pony
New is what came out after the newest version you own for the same base
model. Get it:
  loradex hub get version:910103
  loradex hub updates --get              # the newest of each model
Never show one version, or a whole model; and take that back:
  loradex hub updates --ignore version:910103
  loradex hub updates --ignore model:900101
  loradex hub updates --unignore model:900101

Nothing is downloaded unless you say --get. Exit code 3 means that a hub did not answer: what it
told before was compared.
"""


@click.command("updates", cls=QueryCommand, help=_HELP)
@click.argument("query", nargs=-1)
@click.option("--any-base", is_flag=True, help="Versions for other base models, too.")
@click.option("--early-access", is_flag=True, help="Versions that only who pays may have, too.")
@click.option(
    "--all-versions", is_flag=True, help="Also older versions, and what nobody may download."
)
@click.option("--ignored", "show_all", is_flag=True, help="What is ignored as well, with a list.")
@click.option("--ignore", multiple=True, metavar="REF", help="Do not show this any more.")
@click.option("--unignore", multiple=True, metavar="REF", help="Show this again.")
@click.option("--get", "fetch", is_flag=True, help="Download the newest of each model.")
@offline_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@progress_option
@pass_context
def updates_command(
    context: Context,
    query: tuple[str, ...],
    any_base: bool,
    early_access: bool,
    all_versions: bool,
    show_all: bool,
    ignore: tuple[str, ...],
    unignore: tuple[str, ...],
    fetch: bool,
    offline: bool,
    as_json: bool,
    progress: str,
) -> None:
    """Look for newer versions of the models you own."""
    from loradex.cli.hub_updates_text import (  # noqa: PLC0415
        explain_updates,
        newest_refs,
        report_json,
        show_ignored,
        show_updates,
        updates_sentence,
    )
    from loradex.operations.updates import Wanted, find_updates  # noqa: PLC0415

    if fetch and (as_json or progress == "json"):
        raise UsageError(
            "--get tells what it does in words.",
            hint="Take `ref` of what --json lists, and give it to: loradex hub get --json",
        )
    settings = hub_settings(context, offline=offline)
    text = " ".join(part.lstrip() for part in query)
    wanted = Wanted(any_base, early_access, all_versions, show_all)
    with context.catalog() as catalog, stoppable() as cancel:
        with (
            shown_progress(progress, cancel) as sink,
            asked_hubs(context, settings, sink, cancel) as hubs,
        ):
            if ignore or unignore:
                _ignore(catalog, hubs, ignore, unignore)
                return
            ids = catalog.ids(text) if text else None
            report = find_updates(catalog, hubs, ids, wanted=wanted, sink=sink, cancel=cancel)
        ignored = catalog.updates.ignored()
    if isinstance(sink, JsonSink):
        sink.tell("done", message=updates_sentence(report), **report_json(report, ignored))
    elif as_json:
        print_json(report_json(report, ignored))
    else:
        show_updates(report)
        if show_all:
            show_ignored(ignored)
        explain_updates(report)
    if fetch:
        _get(newest_refs(report), progress)
    if report.problems:
        click.get_current_context().exit(PARTLY)


def _ignore(
    catalog: Catalog, hubs: Hubs, ignore: tuple[str, ...], unignore: tuple[str, ...]
) -> None:
    from loradex.domain.text import display_text  # noqa: PLC0415
    from loradex.operations.updates import set_ignored  # noqa: PLC0415

    for references, wanted, words in (
        (ignore, True, ("is ignored from now on", "was ignored already")),
        (unignore, False, ("is looked for again", "was not ignored")),
    ):
        for reference in references:
            changed = set_ignored(catalog, hubs, reference, ignored=wanted)
            click.echo(f"{display_text(reference)} {words[not changed]}.")


def _get(references: list[str], progress: str) -> None:
    from loradex.cli.hub_get_commands import get_command  # noqa: PLC0415

    if references:
        click.get_current_context().invoke(
            get_command, references=tuple(references), progress=progress
        )
