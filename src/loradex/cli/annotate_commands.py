"""`loradex tag`, `note`, `rate` and `favourite`: what a person writes about models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loradex.cli.columns import Column, print_table
from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import print_json_list
from loradex.cli.plugin_problems import report_problems
from loradex.cli.select import REF_HELP, dry_run_option, query_option, selected
from loradex.cli.words import count_text
from loradex.domain.text import display_lines, display_text
from loradex.errors import UsageError

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog

SHOWN = 10


def _say(catalog: Catalog, ids: list[int], what: str, dry_run: bool) -> None:
    click.echo(f"{'Would be ' if dry_run else ''}{what}: {count_text(len(ids), 'model')}.")
    if dry_run:
        for row in catalog.rows(ids[:SHOWN]):
            click.echo(f"  {row.id} {display_text(row.name)}")
        if len(ids) > SHOWN:
            click.echo(f"  … and {len(ids) - SHOWN:,} more")


@click.command(
    "tag",
    help=f"""Add TAGs to a model, remove them, or list all tags.

\b
  loradex tag                            every tag there is, with counts
  loradex tag neon_knight style night    add two tags to one model
  loradex tag neon_knight -r night       take one off; no source brings it back
  loradex tag -q 'base:sdxl neon' style  tag everything a query finds
  loradex tag --auto -q is:untagged      what file names suggest; try -n first

REF is {REF_HELP}.""",
)
@click.argument("words", nargs=-1, metavar="[REF] [TAG]...")
@click.option("-r", "--remove", multiple=True, metavar="TAG", help="Take this tag off.")
@click.option("--auto", is_flag=True, help="Add the tags that plugins propose.")
@query_option
@dry_run_option
@click.option("--json", "as_json", is_flag=True, help="List all tags as JSON.")
@pass_context
def tag_command(
    context: Context,
    words: tuple[str, ...],
    remove: tuple[str, ...],
    auto: bool,
    query: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Add tags, remove them, or list them."""
    from loradex.operations.annotate import tag  # noqa: PLC0415

    with context.catalog() as catalog:
        if auto:
            _auto_tag(context, catalog, selected(catalog, words, query or _all(words)), dry_run)
            return
        if not words and not remove and query is None:
            _list_tags(catalog, as_json)
            return
        references, tags = ((), words) if query is not None else (words[:1], words[1:])
        ids = selected(catalog, references, query)
        if not tags and not remove:
            for row in catalog.rows(ids):
                click.echo(f"{display_text(row.name)}: {display_text(', '.join(row.tags)) or '–'}")
            return
        if not dry_run:
            tag(catalog, ids, add=tags, remove=remove)
        changes = [f"+{name}" for name in tags] + [f"-{name}" for name in remove]
        _say(catalog, ids, f"tagged {display_text(' '.join(changes))}", dry_run)


def _all(words: tuple[str, ...]) -> str | None:
    """Return the query for everything, unless models are named."""
    return None if words else ""


def _auto_tag(context: Context, catalog: Catalog, ids: list[int], dry_run: bool) -> None:
    from loradex.operations.autotag import accept, propose  # noqa: PLC0415

    plugins = context.plugins()
    proposals = propose(catalog, plugins, ids)
    print_table(
        [Column("Model", shrink=True), Column("Tag"), Column("Why", shrink=True)],
        [(p.name, p.tag, f"{p.plugin}: {p.reason}") for p in proposals],
    )
    if not dry_run:
        accept(catalog, proposals)
    verb = "would be added" if dry_run else "added"
    click.echo(f"{count_text(len(proposals), 'tag')} {verb}.", err=True)
    report_problems(plugins)


def _list_tags(catalog: Catalog, as_json: bool) -> None:
    tags = catalog.person.tags()
    if as_json:
        print_json_list({"name": name, "models": count} for name, count in tags)
    elif tags:
        print_table(
            [Column("Tag"), Column("Models", right=True)],
            [(name, str(count)) for name, count in tags],
        )
    else:
        click.echo("No tags yet. Add one: loradex tag REF TAG", err=True)


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
    _say(catalog, [id_], "noted" if text else "note removed", dry_run)


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
    _say(catalog, [id_], "noted" if text else "note removed", dry_run)


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
        _say(catalog, ids, f"rated {stars}" if int(stars) else "rating taken back", dry_run)


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
        _say(catalog, ids, "unmarked" if off else "marked as favourites", dry_run)
