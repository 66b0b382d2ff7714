"""`loradex hub login`, `logout` and `whoami`: the keys of hubs."""

from __future__ import annotations

import click

from loradex.cli.context import Context, pass_context


@click.command("whoami")
@pass_context
def whoami_command(context: Context) -> None:
    """Tell whose key is in use, or that there is none."""
    from loradex.hub.client import CivitaiHub  # noqa: PLC0415

    settings = context.settings()
    if settings.hub_token is None:
        click.echo(f"No key is set for {settings.hub_url}. Set LORADEX_HUB_TOKEN to use one.")
        return
    with CivitaiHub.from_settings(settings) as hub:
        click.echo(f"{hub.me()} at {settings.hub_url}")
