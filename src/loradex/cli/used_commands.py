"""`loradex used`: in which pictures a model was used."""

from __future__ import annotations

import click

from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import print_json
from loradex.cli.recipe_json import recipe_json, uses_json
from loradex.cli.recipe_list_commands import print_recipes
from loradex.cli.recipe_text import uses_words
from loradex.cli.select import REF_HELP
from loradex.cli.words import count_text
from loradex.domain.text import display_text

_PARTNERS = 5


@click.command(
    "used",
    help=f"""Tell in which pictures a model was used, and how.

Pictures are known once they were imported: loradex recipe import FOLDER. Cells of grids that
loradex drew are listed but not counted. REF is {REF_HELP}.""",
)
@click.argument("reference", metavar="REF")
@click.option(
    "--limit",
    type=click.IntRange(0),
    default=20,
    show_default=True,
    help="Pictures listed; 0 for none.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_context
def used_command(context: Context, reference: str, limit: int, as_json: bool) -> None:
    """Tell in which pictures a model was used, and how."""
    with context.catalog() as catalog:
        catalog.recipes.settle_if_needed()
        id_ = catalog.resolve(reference)
        row = catalog.rows([id_])[0]
        uses = catalog.recipes.uses(id_)
        partners = catalog.recipes.partners(id_, _PARTNERS)
        recipes = catalog.recipes.recipes(id_, limit=limit)
    if as_json:
        print_json(
            {
                "id": id_,
                "name": row.name,
                **uses_json(uses),
                "with": [
                    {"id": other, "name": name, "kind": kind, "pictures": count}
                    for other, name, kind, count in partners
                ],
                "recipes": [recipe_json(recipe) for recipe in recipes],
            }
        )
        return
    name = click.style(display_text(row.name), bold=True)
    click.echo(f"{name} was used {uses_words(uses)}.")
    for other, title, _, count in partners:
        click.echo(f"  with {other} {display_text(title, 80)} in {count_text(count, 'picture')}")
    if recipes:
        print_recipes(recipes)
