"""`loradex recipe forget`: recipes go, pictures stay."""

from __future__ import annotations

import os
from pathlib import Path

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.words import count_text
from loradex.errors import UsageError
from loradex.paths import expanded


@click.command("forget")
@click.argument("numbers", nargs=-1, type=click.IntRange(1), metavar="[ID]...")
@click.option(
    "--below",
    "folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Those of all pictures in this folder.",
)
@click.option("--gone", is_flag=True, help="Those whose picture is no longer in its folder.")
@click.option("-n", "--dry-run", is_flag=True, help="Only say how many.")
@pass_context
def forget_command(
    context: Context, numbers: tuple[int, ...], folder: Path | None, gone: bool, dry_run: bool
) -> None:
    """Remove recipes from the catalog, and their uses from the counts. No picture is touched.

    A picture that is still there is read again by the next `loradex recipe import` of its folder.
    """
    from loradex.operations.recipes.gone import gone_pictures  # noqa: PLC0415

    if not (numbers or folder is not None or gone):
        raise UsageError(
            "Nothing says which recipes to forget.", hint="Name some, or use --below or --gone."
        )
    with context.catalog() as catalog, stoppable() as cancel:
        ids = {catalog.recipes.recipe(number).id for number in numbers}
        if folder is not None:
            place = os.fsencode(expanded(str(folder)).absolute())
            ids |= {id_ for id_, _ in catalog.recipes.pictures_below(place)}
        if gone:
            ids |= set(gone_pictures(catalog, cancel))
        count = len(ids) if dry_run else catalog.recipes.forget(ids)
    verb = "would be forgotten" if dry_run else "forgotten"
    click.echo(f"{count_text(count, 'picture')} {verb}; their files stay as they are.")
