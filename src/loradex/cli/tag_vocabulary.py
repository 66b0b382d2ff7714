"""`loradex tag alias`, `parent`, `merge`, `rename` and `delete`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loradex.cli.columns import Column, print_table
from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import print_json_list
from loradex.cli.select import dry_run_option
from loradex.cli.tag_words import name_models
from loradex.cli.words import count_text
from loradex.domain.text import display_text
from loradex.errors import UsageError

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.operations.tagging.vocabulary import VocabularyChange

_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def _carry_out(catalog: Catalog, change: VocabularyChange, dry_run: bool) -> None:
    if not dry_run:
        change.carry_out()
    would = "Would be: " if dry_run else ""
    click.echo(f"{would}{display_text(change.what)} ({count_text(len(change.models), 'model')}).")
    if dry_run:
        name_models(catalog, change.models)


@click.command(
    "alias",
    help="""Let one name mean another tag, whoever says it: you, a rule or a hub.

\b
  loradex tag alias                    all names that mean another tag
  loradex tag alias bg background      bg means background; models follow
  loradex tag alias bg --remove        bg is a tag of its own again""",
)
@click.argument("alias", required=False)
@click.argument("tag", required=False)
@click.option("--remove", is_flag=True, help="Let ALIAS mean nothing special.")
@dry_run_option
@_json_option
@pass_context
def alias_command(
    context: Context,
    alias: str | None,
    tag: str | None,
    remove: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """List, make and remove aliases."""
    from loradex.operations.tagging import vocabulary  # noqa: PLC0415

    with context.catalog() as catalog:
        if alias is None:
            pairs = catalog.tags.aliases()
            _list(pairs, ("Name", "Means"), ("name", "means"), as_json)
        elif remove and tag is None:
            _carry_out(catalog, vocabulary.alias_removal(catalog, alias), dry_run)
        elif tag is None or remove:
            raise UsageError(
                "An alias needs a name and the tag it means.",
                hint="For example: loradex tag alias bg background",
            )
        else:
            _carry_out(catalog, vocabulary.alias_change(catalog, alias, tag), dry_run)


@click.command(
    "parent",
    help="""Make a tag a kind of another: a search for that one finds it, too.

\b
  loradex tag parent                        all of them
  loradex tag parent "anime style" style    tag:style finds anime style
  loradex tag parent "anime style" style --remove""",
)
@click.argument("tag", required=False)
@click.argument("parent", required=False)
@click.option("--remove", is_flag=True, help="Let TAG be no kind of PARENT.")
@dry_run_option
@_json_option
@pass_context
def parent_command(
    context: Context,
    tag: str | None,
    parent: str | None,
    remove: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """List, make and remove parents."""
    from loradex.operations.tagging import vocabulary  # noqa: PLC0415

    with context.catalog() as catalog:
        if tag is None:
            _list(catalog.tags.parents(), ("Tag", "A kind of"), ("tag", "parent"), as_json)
            return
        if parent is None:
            raise UsageError(
                "Of which tag is it a kind?",
                hint='For example: loradex tag parent "anime style" style',
            )
        make = vocabulary.parent_removal if remove else vocabulary.parent_change
        _carry_out(catalog, make(catalog, tag, parent), dry_run)


def _list(
    pairs: list[tuple[str, str | None]] | list[tuple[str, str]],
    titles: tuple[str, str],
    keys: tuple[str, str],
    as_json: bool,
) -> None:
    if as_json:
        print_json_list({keys[0]: one, keys[1]: other} for one, other in pairs)
        return
    if not pairs:
        click.echo("None yet.", err=True)
        return
    rows = [(one, other or "nothing: it was deleted") for one, other in pairs]
    print_table([Column(titles[0]), Column(titles[1], shrink=True)], rows)


@click.command(
    "merge",
    help="""Make several tags one. Sources stay, and so does what you took off.

\b
  loradex tag merge bg backdrop background   bg and backdrop become background""",
)
@click.argument("tags", nargs=-1, required=True, metavar="TAG... INTO")
@dry_run_option
@pass_context
def merge_command(context: Context, tags: tuple[str, ...], dry_run: bool) -> None:
    """Make several tags one."""
    from loradex.operations.tagging.vocabulary import merge_change  # noqa: PLC0415

    *names, into = tags
    if not names:
        raise UsageError(
            "Into which tag?",
            hint="The last one is what the others become: tag merge bg background",
        )
    with context.catalog() as catalog:
        _carry_out(catalog, merge_change(catalog, names, into), dry_run)


@click.command(
    "rename",
    help="""Give a tag another name; the old one goes on to mean it.

\b
  loradex tag rename watercolour watercolor
  loradex tag rename "line art" "Line Art"     only its spelling""",
)
@click.argument("old")
@click.argument("new")
@dry_run_option
@pass_context
def rename_command(context: Context, old: str, new: str, dry_run: bool) -> None:
    """Give a tag another name."""
    from loradex.operations.tagging.vocabulary import rename_change  # noqa: PLC0415

    with context.catalog() as catalog:
        _carry_out(catalog, rename_change(catalog, old, new), dry_run)


@click.command(
    "delete",
    help="""Take tags off everything. No hub or rule brings them back; you can, by using them.

\b
  loradex tag delete sexy woman girl -n""",
)
@click.argument("tags", nargs=-1, required=True, metavar="TAG...")
@dry_run_option
@pass_context
def delete_command(context: Context, tags: tuple[str, ...], dry_run: bool) -> None:
    """Take tags off everything, for good."""
    from loradex.operations.tagging.vocabulary import deletion  # noqa: PLC0415

    with context.catalog() as catalog:
        _carry_out(catalog, deletion(catalog, tags), dry_run)
