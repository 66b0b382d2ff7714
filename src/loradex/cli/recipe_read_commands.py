"""`loradex recipe read`: what pictures tell, without keeping it."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import print_json_list
from loradex.cli.recipe_json import generation_json
from loradex.cli.recipe_text import print_told
from loradex.domain.picture_recipes import UsedModel
from loradex.domain.text import display_text
from loradex.errors import CatalogError, FormatError

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    pieces: list[_Piece] = []
    failed = False
    for name in pictures:
        told, problem, bad = _read(name)
        failed |= bad
        pieces += [_Piece(name, each, problem) for each in told] or [_Piece(name, None, problem)]
    named = [model for piece in pieces if piece.told for model in piece.told.models]
    known = _recognised(context, named)
    models = iter(known or map(_unknown, named))
    shown = [
        (piece, list(islice(models, len(piece.told.models) if piece.told else 0)))
        for piece in pieces
    ]
    if as_json:
        print_json_list(
            generation_json(piece.name, piece.told, used, piece.problem) for piece, used in shown
        )
    else:
        for piece, used in shown:
            _print(piece, used, matched=bool(known), whole=whole)
    if failed:
        click.get_current_context().exit(PARTLY)


class _Piece(NamedTuple):
    """What one picture tells, or why it tells nothing."""

    name: str
    told: Generation | None
    problem: str | None


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


def _recognised(context: Context, named: Sequence[NamedModel]) -> list[UsedModel]:
    """Return which models of the library these are; nothing where there is no catalog to ask."""
    if not named or not context.home.catalog.exists():
        return []
    try:
        with context.catalog() as catalog:
            return catalog.recipes.recognise(named)
    except CatalogError as error:
        click.echo(display_text(f"Which of the models are here is not told: {error}"), err=True)
        return []


def _unknown(model: NamedModel) -> UsedModel:
    return UsedModel(
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


def _print(piece: _Piece, models: Sequence[UsedModel], *, matched: bool, whole: bool) -> None:
    name, told, problem = piece
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
