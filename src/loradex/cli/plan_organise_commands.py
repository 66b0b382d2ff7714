"""`loradex plan organise`, `rename` and `consolidate`: files moved and named by a template."""

from __future__ import annotations

from pathlib import Path

import click

from loradex.cli.context import Context, pass_context
from loradex.cli.listing_commands import QueryCommand
from loradex.cli.plan_options import (
    Drawn,
    dry_option,
    json_option,
    models_option,
    output_option,
)
from loradex.cli.progress import progress_option
from loradex.errors import UsageError

_TEMPLATES = """
\b
Templates: {field}, {one|other|"text"}, {field:lower}, {tag(style,anime)};
<...> is left out unless all in it is known. Fields:
  kind base derivative hub_base creator author name version title
  rank dtype quantisation algorithm variant format tag rating
  year added published hash8 file ext folder library field(NAME)
Filters: lower upper ascii dashes cut(N)
"""

library_option = click.option(
    "-L",
    "--library",
    "libraries",
    multiple=True,
    metavar="LIBRARY",
    help="Only its files; repeatable.",
)
clash_option = click.option(
    "--same-name",
    type=click.Choice(["suffix", "stay"]),
    default="suffix",
    help="Of two models with one name the second gets a part of its hash in it, or stays.",
)


@click.command(
    "organise",
    cls=QueryCommand,
    help="Sort the files that QUERY finds (all of them without one) into folders by a template.\n"
    "\n"
    "The last part is the file's name without its ending; a template that ends with / keeps names."
    " In a library of ComfyUI, Forge and the like a leading {kind} is the folder where that tool"
    " looks for the kind, and no file leaves it. Sidecars and shards go along. No file is changed:"
    f" `loradex apply` does it.\n{_TEMPLATES}",
)
@click.argument("query", nargs=-1)
@click.option(
    "-t",
    "--template",
    metavar="TEMPLATE",
    help="Folders and name, as in '{kind}/{base}/{creator}/{name}< {version}>';"
    " else '{kind}/{base}/<{creator}/>'.",
)
@library_option
@click.option("--into", metavar="LIBRARY", help="Move files of other libraries there.")
@clash_option
@output_option
@dry_option
@json_option
@models_option
@progress_option
@pass_context
def organise_command(
    context: Context,
    query: tuple[str, ...],
    template: str | None,
    libraries: tuple[str, ...],
    into: str | None,
    same_name: str,
    output: Path | None,
    dry_run: bool,
    as_json: bool,
    models: frozenset[int] | None,
    progress: str,
) -> None:
    """Draw up a plan; see `help` above."""
    _draw(
        context,
        "organise",
        query,
        template,
        libraries,
        into,
        same_name,
        Drawn(output, dry_run, as_json, progress),
        models,
    )


@click.command(
    "rename",
    cls=QueryCommand,
    help="Give the files that QUERY finds (all of them without one) other names by a template.\n\n"
    "They stay in their folders, and their sidecars are renamed with them. What is not known is"
    f" left out of a name. No file is changed: `loradex apply` does it.\n{_TEMPLATES}",
)
@click.argument("query", nargs=-1)
@click.option(
    "-t",
    "--template",
    metavar="TEMPLATE",
    help="The name without its ending; else '{name}< {version}>'.",
)
@library_option
@clash_option
@output_option
@dry_option
@json_option
@models_option
@progress_option
@pass_context
def rename_command(
    context: Context,
    query: tuple[str, ...],
    template: str | None,
    libraries: tuple[str, ...],
    same_name: str,
    output: Path | None,
    dry_run: bool,
    as_json: bool,
    models: frozenset[int] | None,
    progress: str,
) -> None:
    """Draw up a plan; see `help` above."""
    _draw(
        context,
        "rename",
        query,
        template,
        libraries,
        None,
        same_name,
        Drawn(output, dry_run, as_json, progress),
        models,
    )


@click.command(
    "consolidate",
    cls=QueryCommand,
    help="Bring the files of other libraries that QUERY finds into one library's layout.\n\n"
    "Each goes where that library's tool looks for its kind. What crosses disks is copied, compared"
    " and only then removed. A model that the library has already stays where it is: `loradex plan"
    f" dedupe` is for those. No file is changed: `loradex apply` does it.\n{_TEMPLATES}",
)
@click.argument("query", nargs=-1)
@click.option("--into", metavar="LIBRARY", required=True, help="The library they go to.")
@click.option(
    "-t",
    "--template",
    metavar="TEMPLATE",
    help="Folders below the tool's own, and the name; else '{kind}/{base}/'.",
)
@library_option
@clash_option
@output_option
@dry_option
@json_option
@models_option
@progress_option
@pass_context
def consolidate_command(
    context: Context,
    query: tuple[str, ...],
    into: str,
    template: str | None,
    libraries: tuple[str, ...],
    same_name: str,
    output: Path | None,
    dry_run: bool,
    as_json: bool,
    models: frozenset[int] | None,
    progress: str,
) -> None:
    """Draw up a plan; see `help` above."""
    _draw(
        context,
        "consolidate",
        query,
        template,
        libraries,
        into,
        same_name,
        Drawn(output, dry_run, as_json, progress),
        models,
    )


def _draw(
    context: Context,
    kind: str,
    query: tuple[str, ...],
    template: str | None,
    libraries: tuple[str, ...],
    into: str | None,
    same_name: str,
    drawn: Drawn,
    models: frozenset[int] | None,
) -> None:
    from loradex.operations.libraries import find_library  # noqa: PLC0415
    from loradex.operations.tidying import organising  # noqa: PLC0415

    usual = {
        "organise": organising.ORGANISE_TEMPLATE,
        "rename": organising.RENAME_TEMPLATE,
        "consolidate": organising.CONSOLIDATE_TEMPLATE,
    }[kind]
    if template is not None and not template.strip():
        raise UsageError("The template is empty.", hint=f"Leave it out for {usual}.")
    read = organising.rename_template if kind == "rename" else organising.organise_template
    parsed = read(template or usual)
    with context.catalog() as catalog:
        tidy = organising.Tidy(
            kind=kind,
            template=parsed,
            query=" ".join(part.lstrip() for part in query),
            libraries=tuple(find_library(catalog, name) for name in libraries),
            into=find_library(catalog, into) if into else None,
            suffix=same_name == "suffix",
            models=models,
        )
        drawn.begin(len(models) if models is not None else catalog.count(tidy.query))
        plan = organising.plan_tidy(catalog, tidy)
        drawn.finish(catalog, plan, about=tidy.about)
