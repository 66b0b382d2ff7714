"""`loradex recipe list` and `loradex recipe show`."""

from __future__ import annotations

import click

from loradex.cli.columns import Column, print_table
from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import print_json, print_json_list
from loradex.cli.output import one_form
from loradex.cli.recipe_json import recipe_json
from loradex.cli.recipe_text import TOOLS, print_told
from loradex.cli.select import REF_HELP
from loradex.cli.words import date_text
from loradex.domain.generation import ModelRole
from loradex.domain.picture_recipes import RecipeRecord, UsedModel
from loradex.domain.text import display_lines, display_text

_USUAL = 100


@click.command(
    "list",
    help=f"""List recipes, the newest picture first.

With --model REF only those with this model. REF is {REF_HELP}.""",
)
@click.option("--model", "reference", metavar="REF", help="Only those that used this model.")
@click.option(
    "--limit",
    type=click.IntRange(0),
    default=_USUAL,
    show_default=True,
    help="At most so many; 0 for all.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@pass_context
def list_command(context: Context, reference: str | None, limit: int, as_json: bool) -> None:
    """List recipes, the newest picture first."""
    with context.catalog() as catalog:
        catalog.recipes.settle_if_needed()
        content_id = catalog.resolve(reference) if reference else None
        recipes = catalog.recipes.recipes(content_id, limit=limit or None)
        total = catalog.recipes.count(content_id)
    if as_json:
        print_json_list(recipe_json(recipe) for recipe in recipes)
    elif recipes:
        print_recipes(recipes)
        if total > len(recipes):
            click.echo(f"{len(recipes):,} of {total:,}; --limit 0 lists all.", err=True)
    else:
        click.echo("No recipe yet. Read some: loradex recipe import FOLDER", err=True)


@click.command("show")
@click.argument("number", type=click.IntRange(1), metavar="ID")
@click.option("--infotext", is_flag=True, help="Print it as A1111's parameter text.")
@click.option("--grid", "as_grid", is_flag=True, help="Print the command that draws it here.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_context
def show_command(
    context: Context, number: int, infotext: bool, as_grid: bool, as_json: bool
) -> None:
    """Show the recipe with this number of `loradex recipe list`."""
    one_form(null=False, infotext=infotext, grid=as_grid, as_json=as_json)
    with context.catalog() as catalog:
        catalog.recipes.settle_if_needed()
        recipe = catalog.recipes.recipe(number)
    if infotext:
        from loradex.operations.recipes.infotext import recipe_infotext  # noqa: PLC0415

        click.echo(display_lines(recipe_infotext(recipe)))
    elif as_grid:
        import shlex  # noqa: PLC0415

        from loradex.operations.recipes.as_grid import grid_arguments  # noqa: PLC0415

        click.echo(display_text(shlex.join(["loradex", "grid", *grid_arguments(recipe)])))
    elif as_json:
        print_json(recipe_json(recipe))
    else:
        print_told(
            recipe.path,
            recipe.tool,
            recipe.made_at,
            (recipe.prompt, recipe.negative_prompt),
            recipe.settings,
            recipe.models,
            matched=True,
            whole=True,
        )


def print_recipes(recipes: list[RecipeRecord]) -> None:
    """Print a line for each recipe."""
    print_table(
        [
            Column("Id", right=True),
            Column("Made"),
            Column("Tool", drop=True),
            Column("Checkpoint", shrink=True),
            Column("LoRAs", shrink=True),
            Column("Picture", shrink=True, tail=True),
        ],
        [
            (
                str(recipe.id),
                date_text(recipe.made_at),
                TOOLS.get(recipe.tool, recipe.tool).partition(" (")[0],
                ", ".join(
                    _called(model) for model in recipe.models if model.role is ModelRole.CHECKPOINT
                )
                or "–",
                ", ".join(_called(model) for model in recipe.models if model.role is ModelRole.LORA)
                or "–",
                recipe.path,
            )
            for recipe in recipes
        ],
    )


def _called(model: UsedModel) -> str:
    """Return a model's name here, else the picture's with a mark, and its strength."""
    name = model.content_name or f"{model.name or model.hash[:12] or model.version_id}?"
    return name if model.strength is None else f"{name} {model.strength:g}"
