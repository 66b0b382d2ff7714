"""`loradex note`, `rate` and `favourite`: what a person writes about models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context
from loradex.cli.select import REF_HELP, dry_run_option, query_option, selected
from loradex.cli.tag_words import say_changed
from loradex.domain.text import display_lines
from loradex.errors import UsageError

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog


@click.command(
    "note",
    help=f"""Read or write the note on a model.

\b
  loradex note neon_knight                 print it
  loradex note neon_knight "best at 0.7"   replace it
  loradex note neon_knight --append "more" add a line
  loradex note neon_knight --edit          open it in $EDITOR
  loradex note neon_knight --clear         remove it

REF is {REF_HELP}.""",
)
@click.argument("reference", metavar="REF")
@click.argument("text", required=False)
@click.option("--append", is_flag=True, help="Add TEXT below what is there.")
@click.option("--edit", is_flag=True, help="Open the note in $EDITOR.")
@click.option("--clear", is_flag=True, help="Remove the note.")
@dry_run_option
@pass_context
def note_command(
    context: Context,
    reference: str,
    text: str | None,
    append: bool,
    edit: bool,
    clear: bool,
    dry_run: bool,
) -> None:
    """Read or write the note on a model."""
    _check_note(text, append=append, edit=edit, clear=clear)
    with context.catalog() as catalog:
        id_ = catalog.resolve(reference)
        if edit:
            _edit_note(context, catalog, id_, dry_run)
        elif text is not None or clear:
            _write_note(catalog, id_, text or "", append=append, dry_run=dry_run)
        else:
            note = catalog.details(id_).note
            click.echo(display_lines(note) if note else "No note.", err=not note)


def _check_note(text: str | None, *, append: bool, edit: bool, clear: bool) -> None:
    """Raise `UsageError` for options that contradict each other: a note may be lost by it."""
    if sum((append, edit, clear)) > 1:
        raise UsageError(
            "Of --append, --edit and --clear only one is possible.", hint="Leave out the others."
        )
    if append and not text:
        raise UsageError("--append needs a TEXT.", hint='loradex note REF "more" --append')
    if text is not None and (edit or clear):
        raise UsageError(
            f"{'--edit' if edit else '--clear'} takes no TEXT.",
            hint="Leave out one of them; a TEXT alone replaces the note.",
        )


def _write_note(catalog: Catalog, id_: int, text: str, *, append: bool, dry_run: bool) -> None:
    from loradex.operations.annotate import append_note, note  # noqa: PLC0415

    if not dry_run:
        (append_note if append else note)(catalog, id_, text)
    say_changed(catalog, [id_], "noted" if text else "note removed", dry_run)


def _edit_note(context: Context, catalog: Catalog, id_: int, dry_run: bool) -> None:
    from loradex.cli.note_editing import edited_note  # noqa: PLC0415
    from loradex.operations.annotate import note  # noqa: PLC0415

    details = catalog.details(id_)
    with edited_note(context.home, id_, details.note) as text:
        if text == details.note:
            click.echo("Left as it was.")
            return
        if not dry_run:
            note(catalog, id_, text, expected_version=details.note_version)
    say_changed(catalog, [id_], "noted" if text else "note removed", dry_run)


@click.command(
    "rate",
    help=f"""Rate a model, or all that a query finds, 1 to 5; 0 takes it back.

\b
  loradex rate neon_knight 4
  loradex rate -q 'tag:keeper' 5

REF is {REF_HELP}.""",
)
@click.argument("words", nargs=-1, required=True, metavar="[REF] STARS")
@query_option
@dry_run_option
@pass_context
def rate_command(
    context: Context, words: tuple[str, ...], query: str | None, dry_run: bool
) -> None:
    """Rate models 1 to 5."""
    from loradex.operations.annotate import rate  # noqa: PLC0415

    *references, stars = words
    if len(references) != (0 if query is not None else 1):
        raise UsageError(
            "A rating needs one model and a number of stars.",
            hint="For example: loradex rate neon_knight 4",
        )
    if not stars.isascii() or not stars.isdecimal() or int(stars) > 5:
        raise UsageError(f"A rating is 1 to 5, not {stars!r}.", hint="0 takes it back.")
    with context.catalog() as catalog:
        ids = selected(catalog, tuple(references), query)
        if not dry_run:
            rate(catalog, ids, int(stars) or None)
        say_changed(catalog, ids, f"rated {stars}" if int(stars) else "rating taken back", dry_run)


@click.command("favourite", help=f"Mark models as favourites.\n\nREF is {REF_HELP}.")
@click.argument("references", nargs=-1, metavar="[REF]...")
@click.option("--off", is_flag=True, help="Unmark them.")
@query_option
@dry_run_option
@pass_context
def favourite_command(
    context: Context, references: tuple[str, ...], off: bool, query: str | None, dry_run: bool
) -> None:
    """Mark models as favourites."""
    from loradex.operations.annotate import favourite  # noqa: PLC0415

    if not references and query is None:
        raise UsageError("Which models?", hint="Name them, or give a query with -q.")
    with context.catalog() as catalog:
        ids = selected(catalog, references, query)
        if not dry_run:
            favourite(catalog, ids, not off)
        say_changed(catalog, ids, "unmarked" if off else "marked as favourites", dry_run)
