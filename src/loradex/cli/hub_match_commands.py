"""`loradex hub match`: what hubs know of the models here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.hub_get_commands import PARTLY
from loradex.cli.hub_options import asked_hubs
from loradex.cli.jsontext import print_json
from loradex.cli.plugin_problems import report_problems
from loradex.cli.progress import JsonSink, progress_option, shown_progress
from loradex.cli.words import count_text, duration_text
from loradex.domain.text import display_text

if TYPE_CHECKING:
    from loradex.operations.matching import MatchReport


@click.command("match")
@click.option("--again", is_flag=True, help="Ask again for what the hub did not know last time.")
@click.option("-n", "--dry-run", is_flag=True, help="Only say how many would be asked for.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@progress_option
@pass_context
def match_command(
    context: Context, again: bool, dry_run: bool, as_json: bool, progress: str
) -> None:
    """Look up every hashed model on the hub: name, version, trigger words, tags, base model.

    Sends hashes only, thousands in one request. What you wrote yourself always counts more than
    what the hub says. A model the hub does not know is asked for again later by itself.
    """
    from loradex.operations.matching import match_hubs  # noqa: PLC0415
    from loradex.plugin_api import MatchFinished  # noqa: PLC0415

    settings, plugins = context.settings(), context.plugins()
    with context.catalog() as catalog, stoppable() as cancel:
        if dry_run:
            count = len(catalog.hub.unmatched("civitai", again=again))
            click.echo(f"Would ask {settings.hub_url} about {count_text(count, 'model')}.")
            return
        with (
            shown_progress(progress, cancel) as sink,
            asked_hubs(context, settings, sink, cancel, plugins=lambda: plugins) as hubs,
        ):
            reports = match_hubs(catalog, hubs, sink=sink, cancel=cancel, again=again)
        hashed, matched = catalog.hub.counts()
    problems = {name: report.problem for name, report in reports.items() if report.problem}
    if problems and not any(map(_told, reports.values())):
        raise next(iter(problems.values()))
    if isinstance(sink, JsonSink):
        sink.tell("done", message="; ".join(_sentence(r) for r in reports.values()))
    elif as_json:
        print_json(
            {
                "hubs": [{"hub": name, **_as_json(report)} for name, report in reports.items()],
                "problems": [
                    {"hub": name, "message": why.message, "hint": why.hint}
                    for name, why in problems.items()
                ],
                "matched_in_all": matched,
                "hashed_in_all": hashed,
            }
        )
    elif not hashed:
        click.echo("Nothing to ask: no model has been read in full yet. Try: loradex scan")
    else:
        for name, report in reports.items():
            if _told(report):
                click.echo(f"{display_text(name)}: {_sentence(report)}")
        click.echo(f"Matched in all: {matched:,} of {count_text(hashed, 'hashed model')}.")
    for name, report in reports.items():
        if report.asked:
            plugins.notify(MatchFinished(name, report.matched, report.unknown))
    report_problems(plugins)
    for name, why in problems.items():
        click.echo(display_text(f"{name}: {why}"), err=True)
    if problems:
        click.get_current_context().exit(PARTLY)


def _told(report: MatchReport) -> bool:
    """Tell whether a hub answered: to the end, or at least in part."""
    return report.problem is None or bool(report.matched or report.unknown)


def _as_json(report: MatchReport) -> dict[str, object]:
    return {
        "asked": report.asked,
        "matched": report.matched,
        "by_tensors": report.by_tensors,
        "unknown": report.unknown,
        "gone": report.gone,
        "left": report.left,
        "trigger_words": report.words,
        "seconds": round(report.seconds, 3),
    }


def _sentence(report: MatchReport) -> str:
    if not report.asked:
        return "Nothing to ask: every hashed model is matched, or was asked for lately."
    text = f"Asked about {count_text(report.asked, 'model')}: {report.matched:,} matched"
    if report.by_tensors:
        text += f" ({report.by_tensors:,} by their tensors)"
    text += f", {report.unknown:,} unknown to the hub"
    if report.gone:
        text += f", {report.gone:,} no longer shown there"
    if report.left:
        text += f", {report.left:,} left for the next run"
    return f"{text}; {count_text(report.words, 'trigger word')}. {duration_text(report.seconds)}."
