"""`loradex recipe`: what pictures were made with."""

from __future__ import annotations

import click

from loradex.cli.lazy import LazyCommands

RECIPE_COMMANDS: dict[str, tuple[str, str]] = {
    "read": ("recipe_read", "Show what pictures tell of how they were made; needs no catalog."),
    "import": ("recipe_import", "Keep the recipes of all pictures in folders."),
    "list": ("recipe_list", "List the recipes, all or those with one model."),
    "show": ("recipe_list", "Show one recipe, or print it as parameter text."),
    "missing": ("recipe_missing", "List the models that recipes name and the library lacks."),
    "match": ("recipe_import", "Look again for the models of all recipes."),
    "forget": ("recipe_forget", "Remove recipes; no picture is touched."),
}
"""Command name to its module and its line in the help."""


class RecipeCommands(LazyCommands):
    """The commands about recipes."""

    table = RECIPE_COMMANDS


@click.group("recipe", cls=RecipeCommands)
def recipe_command() -> None:
    """Read what pictures were made with, and find those models here. Pictures are only read."""
