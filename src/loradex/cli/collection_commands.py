"""`loradex collection`: named sets of models, picked by hand or found by a query."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loradex.cli.columns import Column, print_table
from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import print_json_list
from loradex.cli.model_json import row_json
from loradex.cli.model_table import print_models
from loradex.cli.select import REF_HELP, dry_run_option, selected
from loradex.cli.words import count_text
from loradex.domain.text import display_text
from loradex.errors import QueryError, UsageError

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.domain.finding import Collection

pick_option = click.option(
    "-q", "--pick", metavar="QUERY", help="Everything that this query finds now."
)


@click.group("collection")
def collection_command() -> None:
    """Keep models together: picked by hand, or by a query that stays true by itself.

    \b
      loradex collection add keepers neon_knight 14 27
      loradex collection add "big and old" --query 'size:>2GB added:..-1y'
      loradex list collection:keepers
      loradex list 'collection:"big and old" -collection:keepers'
    """


@collection_command.command(
    "add",
    help=f"""Put models into the collection NAME, made when it is new; or save a query as NAME.

\b
  loradex collection add keepers neon_knight       pick by hand
  loradex collection add keepers -q 'rating:5'     pick what a query finds now
  loradex collection add best --query 'rating:5'   whatever the query finds, always

REF is {REF_HELP}.""",
)
@click.argument("name")
@click.argument("references", nargs=-1, metavar="[REF]...")
@pick_option
@click.option("--query", metavar="QUERY", help="Save this query: the collection follows it.")
@click.option("--replace", is_flag=True, help="Replace a saved query of that name.")
@dry_run_option
@pass_context
def add(
    context: Context,
    name: str,
    references: tuple[str, ...],
    pick: str | None,
    query: str | None,
    replace: bool,
    dry_run: bool,
) -> None:
    """Put models into a collection, or save a query."""
    from loradex.operations import collections  # noqa: PLC0415

    if query is not None and (references or pick is not None):
        raise UsageError(
            "A saved query has no models of its own.", hint="Leave out --query, or the models."
        )
    with context.catalog() as catalog:
        if query is not None:
            found = catalog.count(query)
            if not dry_run:
                collections.save_query(catalog, name, query, replace=replace)
            verb = "Would save" if dry_run else "Saved"
            click.echo(f"{verb} {display_text(name)}: {count_text(found, 'model')} at present.")
            return
        ids = _some(catalog, references, pick)
        new = len(ids) if dry_run else collections.pick(catalog, name, ids)
        verb = "Would add" if dry_run else "Added"
        click.echo(f"{verb} to {display_text(name)}: {count_text(new, 'model')}.")
        if new < len(ids):
            click.echo(f"{count_text(len(ids) - new, 'model')} in it already.", err=True)


def _some(catalog: Catalog, references: tuple[str, ...], pick: str | None) -> list[int]:
    if not references and pick is None:
        raise UsageError("Which models?", hint="Name them, or give a query with -q.")
    if references and pick is not None:
        raise UsageError("Models and -q do not go together.", hint="Leave out one of them.")
    return list(dict.fromkeys(selected(catalog, references, pick)))


@collection_command.command(
    "remove", help=f"Take models out of a collection.\n\nREF is {REF_HELP}."
)
@click.argument("name")
@click.argument("references", nargs=-1, metavar="[REF]...")
@pick_option
@dry_run_option
@pass_context
def remove(
    context: Context, name: str, references: tuple[str, ...], pick: str | None, dry_run: bool
) -> None:
    """Take models out of a collection; nothing else happens to them."""
    from loradex.operations import collections  # noqa: PLC0415

    with context.catalog() as catalog:
        known = collections.collection(catalog, name)
        ids = _some(catalog, references, pick)
        if dry_run:
            gone = len(set(ids) & set(collections.members(catalog, known)))
        else:
            gone = collections.unpick(catalog, name, ids)
        verb = "Would take" if dry_run else "Took"
        click.echo(f"{verb} out of {display_text(known.name)}: {count_text(gone, 'model')}.")


@collection_command.command("rename")
@click.argument("name")
@click.argument("new_name")
@pass_context
def rename(context: Context, name: str, new_name: str) -> None:
    """Give a collection another name."""
    from loradex.operations import collections  # noqa: PLC0415

    with context.catalog() as catalog:
        users = collections.naming(catalog, name)
        collections.rename(catalog, name, new_name)
    click.echo(f"{display_text(name)} is called {display_text(new_name)} now.")
    _warn(users)


def _warn(users: list[str]) -> None:
    if users:
        named = ", ".join(map(display_text, users))
        click.echo(f"These saved queries still use the old name: {named}.", err=True)


@collection_command.command("delete")
@click.argument("name")
@dry_run_option
@pass_context
def delete(context: Context, name: str, dry_run: bool) -> None:
    """Remove a collection. The models in it, and what you wrote about them, stay as they are."""
    from loradex.operations import collections  # noqa: PLC0415

    with context.catalog() as catalog:
        known = collections.collection(catalog, name)
        users = collections.naming(catalog, name)
        picked = len(catalog.collections.members(known.id))
        if not dry_run:
            catalog.collections.delete(known.id)
    what = f"{count_text(picked, 'model')} picked by hand" if known.query is None else known.query
    verb = "Would delete" if dry_run else "Deleted"
    click.echo(f"{verb} the collection {display_text(known.name)}: {display_text(what)}.")
    _warn(users)


@collection_command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@pass_context
def list_all(context: Context, as_json: bool) -> None:
    """List the collections, with how many models each has at present."""
    with context.catalog() as catalog:
        known = catalog.collections.all()
        counts = {each.id: _count(catalog, each) for each in known}
    if as_json:
        print_json_list(
            {
                "name": each.name,
                "query": each.query,
                "models": counts[each.id][0],
                "problem": counts[each.id][1],
                "created_at": each.created_at,
            }
            for each in known
        )
    elif known:
        print_table(
            [Column("Collection", shrink=True), Column("Models", right=True), Column("Query")],
            [_cells(each, *counts[each.id]) for each in known],
        )
        for each in known:
            problem = counts[each.id][1]
            if problem:
                click.echo(display_text(problem), err=True)
    else:
        click.echo("No collections yet. Add one: loradex collection add NAME REF", err=True)


def _count(catalog: Catalog, known: Collection) -> tuple[int | None, str | None]:
    """Return how many models there are, None with the reason where nobody can tell."""
    if known.query is None:
        return known.picked, None
    try:
        return catalog.count(known.query), None
    except QueryError as error:
        return None, f"The collection {known.name!r} cannot be read any more: {error}"


def _cells(known: Collection, count: int | None, _problem: str | None) -> tuple[str, ...]:
    return known.name, "?" if count is None else str(count), known.query or "picked by hand"


@collection_command.command("show")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@pass_context
def show(context: Context, name: str, as_json: bool) -> None:
    """List the models in a collection: as they were picked, or as its query orders them."""
    from loradex.operations import collections  # noqa: PLC0415

    with context.catalog() as catalog:
        known = collections.collection(catalog, name)
        rows = catalog.rows(collections.members(catalog, known))
    if as_json:
        print_json_list(row_json(row) for row in rows)
    elif rows:
        print_models(rows)
    else:
        click.echo("There is nothing in it.", err=True)
