"""`loradex recipe read`: what pictures tell, without keeping it."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import JsonObject, print_json_list
from loradex.cli.recipe_json import generation_json
from loradex.cli.recipe_text import print_told
from loradex.domain.picture_recipes import UsedModel
from loradex.domain.text import display_text
from loradex.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loradex.catalog.catalog import Catalog
    from loradex.domain.generation import Generation, NamedModel

PARTLY = 3


@click.command("read")
@click.argument(
    "pictures", nargs=-1, required=True, metavar="PICTURE...", type=click.Path(readable=False)
)
@click.option("--whole", is_flag=True, help="Print prompts in full, with their line breaks.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array, an object a picture.")
@pass_context
def read_command(context: Context, pictures: tuple[str, ...], whole: bool, as_json: bool) -> None:
    """Show how pictures were made: prompt, settings, checkpoint, LoRAs and their strengths.

    Reads PNG, JPEG and WebP of A1111, Forge, SD.Next, ComfyUI, InvokeAI, SwarmUI, Fooocus and
    CivitAI, and CivitAI's answers saved as JSON. Where there is a catalog, says which of the
    models are here. Nothing is kept or changed. Exit code 3 means that a picture could not be
    read.
    """
    failed = False
    shown: list[JsonObject] = []
    with ExitStack() as stack:
        catalog = None
        if context.home.catalog.exists():
            catalog = stack.enter_context(context.catalog())
        for name in pictures:
            told, problem, bad = _read(name)
            failed |= bad
            pieces: Sequence[Generation | None] = told or [None]
            for each in pieces:
                models = _models(catalog, each.models if each else ())
                if as_json:
                    shown.append(generation_json(name, each, models, problem))
                else:
                    _print(name, each, models, problem, matched=catalog is not None, whole=whole)
    if as_json:
        print_json_list(shown)
    if failed:
        click.get_current_context().exit(PARTLY)


def _read(name: str) -> tuple[list[Generation], str | None, bool]:
    """Return what a picture tells, what was wrong with it, and whether it could not be read."""
    from loradex.operations.recipes.reading import read_recipes  # noqa: PLC0415

    if Path(name).is_dir():
        return [], "It is a folder. Import it: loradex recipe import FOLDER", True
    try:
        told = read_recipes(os.fsencode(name))
    except FormatError as error:
        return [], f"It {error.what}", True
    notes = [note for each in told for note in each.notes]
    return told, " ".join(dict.fromkeys(notes)) or None, False


def _models(catalog: Catalog | None, models: Sequence[NamedModel]) -> Sequence[UsedModel]:
    if catalog is not None:
        return catalog.recipes.recognise(models)
    return [
        UsedModel(
            role=model.role,
            name=model.name,
            hash=model.hash,
            version_id=model.version_id,
            model_id=model.model_id,
            strength=model.strength,
            strength_clip=model.strength_clip,
            content_id=None,
            content_name=None,
            matched_by="none",
            confidence=0.0,
            candidates=(),
        )
        for model in models
    ]


def _print(
    name: str,
    told: Generation | None,
    models: Sequence[UsedModel],
    problem: str | None,
    *,
    matched: bool,
    whole: bool,
) -> None:
    if told is not None:
        print_told(
            name,
            told.tool,
            told.made_at,
            (told.prompt, told.negative_prompt),
            told.settings,
            models,
            matched=matched,
            whole=whole,
        )
    elif problem is None:
        click.echo(f"{display_text(name)}: it does not tell how it was made.", err=True)
    if problem is not None:
        click.echo(f"{display_text(name)}: {display_text(problem)}", err=True)
