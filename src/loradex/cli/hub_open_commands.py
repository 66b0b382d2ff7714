"""`loradex hub open`: a model's page, in the browser."""

from __future__ import annotations

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.hub_options import asked_hubs, hub_settings, offline_option
from loradex.cli.progress import shown_progress
from loradex.domain.text import display_text


@click.command("open")
@click.argument("reference", metavar="REF")
@offline_option
@pass_context
def open_command(context: Context, reference: str, offline: bool) -> None:
    """Open the page of a model in the browser.

    REF is what `loradex hub show` takes: model:ID, version:ID, an AIR, an address, or a model of
    the catalog that is matched. Only pages of hubs are opened, by http or https.
    """
    from loradex.operations.hub_browse import details  # noqa: PLC0415
    from loradex.operations.opening_page import show_page  # noqa: PLC0415

    settings = hub_settings(context, offline=offline)
    with (
        context.catalog() as catalog,
        stoppable() as cancel,
        shown_progress("auto", cancel) as sink,
        asked_hubs(context, settings, sink, cancel) as hubs,
    ):
        address = details(catalog, hubs, reference).page_url
    show_page(address, (settings.hub_url,))
    click.echo(f"Opened {display_text(address)}")
