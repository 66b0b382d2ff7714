"""`loradex hub refresh`: what hubs say now of the models that are matched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.hub_options import asked_hubs
from loradex.cli.jsontext import print_json
from loradex.cli.listing_commands import QueryCommand
from loradex.cli.progress import JsonSink, progress_option, shown_progress
from loradex.cli.words import count_text, duration_text
from loradex.domain.text import display_text

if TYPE_CHECKING:
    from loradex.operations.hub_refresh import RefreshReport

PARTLY = 3

_HELP = """Ask the hub again what it says of your matched models.

\b
Names, words, tags and ratings change, and models are deleted. A QUERY as in
`loradex list` narrows it down:
  loradex hub refresh
  loradex hub refresh kind:lora base:pony
  loradex hub refresh --all

What was asked for in the last seven days is left out, unless you say --all. Nothing that was known
is lost: a model that the hub has no longer is marked so, and `loradex show` tells since when. Exit
code 3 means that a hub did not answer to the end.
"""


@click.command("refresh", cls=QueryCommand, help=_HELP)
@click.argument("query", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Also what was asked for lately.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@progress_option
@pass_context
def refresh_command(
    context: Context, query: tuple[str, ...], everything: bool, as_json: bool, progress: str
) -> None:
    """Ask the hub again what it says of your matched models."""
    from loradex.operations.hub_refresh import WEEK, refresh  # noqa: PLC0415

    text = " ".join(part.lstrip() for part in query)
    with context.catalog() as catalog, stoppable() as cancel:
        ids = catalog.ids(text) if text else None
        with (
            shown_progress(progress, cancel) as sink,
            asked_hubs(context, context.settings(), sink, cancel, refresh=True) as hubs,
        ):
            reports = refresh(
                catalog,
                hubs,
                ids,
                older_than=None if everything else WEEK,
                sink=sink,
                cancel=cancel,
            )
        matched = bool(catalog.updates.owned(ids))
    failed = [report for report in reports if report.problem is not None]
    if failed and not any(report.asked for report in reports):
        raise failed[0].problem or AssertionError
    if isinstance(sink, JsonSink):
        sink.tell("done", message="; ".join(map(_sentence, reports)), **_as_json(reports))
    elif as_json:
        print_json(_as_json(reports))
    else:
        for report in reports:
            click.echo(f"{display_text(report.hub)}: {_sentence(report)}")
        if not reports:
            click.echo(_nothing(matched=matched, everything=everything))
    for report in failed:
        click.echo(display_text(f"{report.hub}: {report.problem}"), err=True)
    if failed:
        click.get_current_context().exit(PARTLY)


def _as_json(reports: list[RefreshReport]) -> dict[str, object]:
    return {
        "hubs": [
            {
                "hub": report.hub,
                "asked": report.asked,
                "present": report.present,
                "gone": report.gone,
                "back": report.back,
                "partial": report.partial,
                "doubted": report.doubted,
                "problem": report.problem.message if report.problem else None,
                "seconds": round(report.seconds, 3),
            }
            for report in reports
        ]
    }


def _nothing(*, matched: bool, everything: bool) -> str:
    """Say why nobody was asked for anything."""
    if not matched:
        return "Nothing to ask: none of these models is matched. Try: loradex hub match"
    if everything:
        return "Nothing to ask: no hub that these models are matched with can be asked."
    return "Nothing to ask: all of it was asked for lately. See --all."


def _sentence(report: RefreshReport) -> str:
    text = f"Asked about {count_text(report.asked, 'model')}: {report.present:,} there"
    if report.doubted:
        return f"{text}. That is hardly the hub we know: nothing was marked as gone."
    if report.partial:
        text += ", the others are not served here"
    if report.gone:
        text += f", {report.gone:,} newly gone in whole or in part"
    if report.back:
        text += f", {report.back:,} there again"
    return f"{text}. {duration_text(report.seconds)}."
