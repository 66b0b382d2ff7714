"""`loradex hub previews`: the hub's pictures of what is matched, fetched ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.hub_options import hub_settings, limit_option
from loradex.cli.listing_commands import QueryCommand
from loradex.cli.progress import JsonSink, progress_option, shown_progress
from loradex.cli.words import count_text
from loradex.errors import HubOffline

if TYPE_CHECKING:
    from loradex.operations.fetching_previews import PreviewsReport

_HELP = """Fetch the hub's picture of each model that is matched.

\b
Lists, pages and the terminal UI fetch a picture when somebody looks at it;
this does it ahead, for all models or those that a QUERY finds:
  loradex hub previews
  loradex hub previews kind:lora is:favourite

What is there is not fetched again. `loradex preview` draws pictures of models that have none.
"""


@click.command("previews", cls=QueryCommand, help=_HELP)
@click.argument("query", nargs=-1)
@limit_option
@progress_option
@pass_context
def previews_command(
    context: Context, query: tuple[str, ...], content_limit: str | None, progress: str
) -> None:
    """Fetch the hub's picture of each model that is matched."""
    from loradex.operations.fetching_previews import fetch_previews  # noqa: PLC0415
    from loradex.operations.previews import open_fetcher  # noqa: PLC0415

    settings = hub_settings(context, offline=False, content_limit=content_limit)
    if settings.offline:
        raise HubOffline(
            "No picture can be fetched offline.", hint="Take `offline` out of the settings."
        )
    with context.catalog() as catalog, stoppable() as cancel:
        ids = catalog.ids(" ".join(part.lstrip() for part in query))
        fetcher = open_fetcher(settings)
        try:
            with shown_progress(progress, cancel) as sink:
                report = fetch_previews(
                    catalog,
                    fetcher,
                    ids,
                    limit=settings.content_limit,
                    sink=sink,
                    cancel=cancel,
                )
                if isinstance(sink, JsonSink):
                    sink.tell("done", message=_sentence(report))
        finally:
            if fetcher is not None:
                fetcher.close()
    if progress != "json":
        click.echo(_sentence(report))


def _sentence(report: PreviewsReport) -> str:
    text = f"{count_text(report.there, 'model')} with a picture"
    if report.failed:
        text += f", {report.failed:,} that could not be had now"
    if report.without:
        text += f", {report.without:,} of which the hub is known to have none"
    return f"{text}."
