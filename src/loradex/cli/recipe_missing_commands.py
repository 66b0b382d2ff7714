"""`loradex recipe missing`: models that recipes name and the library lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.jsontext import print_json_list
from loradex.cli.progress import shown_progress
from loradex.cli.recipe_json import missing_json
from loradex.cli.recipe_text import strength_words, why_words
from loradex.cli.words import count_text, date_text
from loradex.domain.generation import ModelRole
from loradex.domain.picture_recipes import HubPlace, MissingModel
from loradex.domain.text import display_text

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog

PARTLY = 3
_USUAL = 50


@click.command("missing")
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice([role.value for role in ModelRole]),
    help="Only models used as this; may be repeated.",
)
@click.option("--ask", is_flag=True, help="Ask CivitAI what they are, by hash or version.")
@click.option(
    "--limit",
    type=click.IntRange(0),
    default=_USUAL,
    show_default=True,
    help="At most so many; 0 for all.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@pass_context
def missing_command(
    context: Context, roles: tuple[str, ...], ask: bool, limit: int, as_json: bool
) -> None:
    """List the models that recipes name and the library lacks, the most used first.

    Says where to get them as far as hubs told before; nobody is asked unless you say --ask.
    """
    failed = False
    with context.catalog() as catalog:
        catalog.recipes.settle_if_needed()
        if ask:
            failed = _ask(context, catalog)
        none_read = not catalog.recipes.count()
        missing = [
            each for each in catalog.recipes.missing() if not roles or each.role.value in roles
        ]
    shown = missing[: limit or None]
    if as_json:
        print_json_list(missing_json(each) for each in shown)
    else:
        for each in shown:
            _print(each)
        if none_read:
            click.echo("No recipe yet. Read some: loradex recipe import FOLDER", err=True)
        elif not missing:
            click.echo("Nothing is missing.", err=True)
        elif len(shown) < len(missing):
            click.echo(f"{len(shown)} of {len(missing):,}; --limit 0 lists all.", err=True)
    if failed:
        click.get_current_context().exit(PARTLY)


def _ask(context: Context, catalog: Catalog) -> bool:
    """Ask the hub; return whether it was in trouble."""
    from loradex.cli.hub_options import asked_hubs  # noqa: PLC0415
    from loradex.operations.recipes.asking import ask_hub  # noqa: PLC0415

    with (
        stoppable() as cancel,
        shown_progress("auto", cancel) as sink,
        asked_hubs(context, context.settings(), sink, cancel) as hubs,
    ):
        asked = ask_hub(catalog, hubs, catalog.recipes.missing(), sink=sink, cancel=cancel)
        for problem in asked.problems:
            sink.problem(problem)
    left = f"; {asked.left:,} left for the next call" if asked.left else ""
    click.echo(
        f"The hub knows {count_text(asked.found, 'model')} more, and not"
        f" {count_text(asked.unknown, 'other')}{left}.",
        err=True,
    )
    return bool(asked.problems)


def _print(missing: MissingModel) -> None:
    name = missing.name or (
        f"version {missing.version_id}" if missing.version_id else missing.hash[:12]
    )
    head = click.style(display_text(name, 100), bold=True)
    click.echo(f"{head}  {missing.role.label}, {_how_often(missing)}")
    facts = [why_words(missing.why, missing.candidates)]
    if missing.hash:
        facts.append(f"hash {missing.hash}")
    if missing.version_id:
        facts.append(f"CivitAI's version {missing.version_id}")
    click.echo(f"    {display_text(', '.join(facts))}")
    for place in missing.sources:
        click.echo(f"    {_get(place)}")
    if not missing.sources and missing.version_id:
        click.echo(f"    loradex hub get version:{missing.version_id}")


def _how_often(missing: MissingModel) -> str:
    text = f"{count_text(missing.pictures, 'picture')}, last on {date_text(missing.last)[:10]}"
    strengths = strength_words(missing.strength_low, missing.strength_high)
    return f"{text}, at {strengths}" if strengths else text


def _get(place: HubPlace) -> str:
    """Return the command that downloads it, and what the hub calls it."""
    title = display_text(f"{place.model_name} {place.version_name}".strip(), 100)
    guess = ", perhaps: a file there has this name" if place.known_by == "name" else ""
    if place.gone:
        return f"{title} on {display_text(place.hub)}, which has it no longer{guess}"
    return f"loradex hub get {_reference(place)}  # {title}{guess}"


def _reference(place: HubPlace) -> str:
    if place.hub == "civitai":
        return f"version:{place.version_id}"
    return display_text(place.air or f"{place.hub}:{place.model_id}")
