"""`loradex open`: where a model lies, in the file manager."""

from __future__ import annotations

import click

from loradex.cli.context import Context, pass_context
from loradex.cli.select import REF_HELP
from loradex.domain.text import display_text


@click.command(
    "open",
    help=f"""Show a model's folder in the file manager.

The file itself is never opened. REF is {REF_HELP}.""",
)
@click.argument("reference", metavar="REF")
@pass_context
def open_command(context: Context, reference: str) -> None:
    """Show the folder of a model."""
    from loradex.operations.opening import show_folder  # noqa: PLC0415

    with context.catalog() as catalog:
        click.echo(display_text(str(show_folder(catalog, catalog.resolve(reference)))))
