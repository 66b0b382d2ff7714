"""`loradex list`: find models."""

from __future__ import annotations

import sys

import click

from loradex.cli.chosen_columns import names_of, print_columns, values_json
from loradex.cli.context import Context, pass_context
from loradex.cli.facets_text import print_facets
from loradex.cli.jsontext import print_json_list
from loradex.cli.model_json import row_json
from loradex.cli.model_table import print_models
from loradex.cli.output import is_terminal, one_form, print_paths
from loradex.errors import UsageError

QUERY_HELP = """
\b
Words are looked for in names, tags, trigger words, notes and what hubs say:
  loradex list neon knight
A phrase needs quotation marks of its own, which the shell must leave alone:
  loradex list '"neon knight"'
Fields narrow it down; a comma means any of these, a minus means not:
  loradex list kind:lora base:sdxl,pony -tag:anime
  loradex list 'size:>2GB' 'added:<30d' rating:4.. sort:size- limit:20
Groups, patterns, and what is missing:
  loradex list '(neon , city) kind:lora' 'name::^neon.*v[0-9]' untested: tag:
States: is:untagged is:missing is:duplicate is:unmatched is:unused …
All fields, states and orders: docs/queries.md, or a wrong one: loradex list x:
"""


limit_type = click.IntRange(1, 2**31)
"""How many are shown at most: no more than SQLite can count."""


class QueryCommand(click.Command):
    """A command whose arguments may begin with a minus: `-tag:anime` is a term, not options.

    Only what is exactly one of its own options is one (so `-l 5`, not `-l5`), and `--long=value`.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put a space before negated terms: an argument then to click, nothing to a query."""
        own = {name for param in self.get_params(ctx) for name in param.opts}
        if "-q" in args and "-q" not in own:
            raise UsageError(
                "The query stands by itself here: leave out -q.",
                hint="As in: loradex list kind:lora. To leave out what has a q: NOT q",
            )
        return super().parse_args(
            ctx,
            [
                f" {arg}"
                if arg[:1] == "-" and arg[1:2] not in ("", "-") and arg not in own
                else arg
                for arg in args
            ],
        )


@click.command(
    "list",
    cls=QueryCommand,
    help=f"List the models that QUERY finds; all of them without one.\n{QUERY_HELP}",
)
@click.argument("query", nargs=-1)
@click.option("-l", "--limit", type=limit_type, help="At most this many.")
@click.option("--columns", metavar="NAMES", help="Show these: name,size,rank, custom fields …")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@click.option("--paths", is_flag=True, help="Print paths only, one a line.")
@click.option("--count", is_flag=True, help="Print only how many there are.")
@click.option("--facets", is_flag=True, help="Print how many have each kind, base and tag.")
@click.option("-0", "--null", is_flag=True, help="With --paths: end each with NUL, for xargs -0.")
@pass_context
def list_command(
    context: Context,
    query: tuple[str, ...],
    limit: int | None,
    columns: str | None,
    as_json: bool,
    paths: bool,
    count: bool,
    facets: bool,
    null: bool,
) -> None:
    """List the models that QUERY finds."""
    one_form(null=null, as_json=as_json and not facets, paths=paths, count=count, facets=facets)
    text = " ".join(part.lstrip() for part in query)
    with context.catalog() as catalog:
        if facets:
            print_facets(catalog.facets(text), catalog.count(text), as_json)
            return
        page = catalog.search(text, limit=0 if count else limit)
        libraries = catalog.files.libraries() if not page.total else []
        places = catalog.files.paths([row.id for row in page.rows]) if paths else []
        if columns is not None and not (count or paths):
            names = names_of(columns)
            if as_json:
                values = values_json(catalog, page.rows, names)
                print_json_list({**row_json(row), "columns": values[row.id]} for row in page.rows)
                return
            print_columns(catalog, page.rows, names)
            return
        own = catalog.fields.values([row.id for row in page.rows]) if as_json else {}
    if count:
        click.echo(page.total)
    elif as_json:
        print_json_list({**row_json(row), "custom": own.get(row.id, {})} for row in page.rows)
    elif paths:
        print_paths(places, b"\0" if null else b"\n")
    elif page.rows:
        print_models(page.rows)
        if is_terminal(sys.stdout) and len(page.rows) < page.total:
            click.echo(f"… {len(page.rows):,} of {page.total:,}", err=True)
    elif text:
        click.echo("Nothing matches.", err=True)
    elif libraries:
        click.echo("The catalog is empty. Fill it: loradex scan", err=True)
    else:
        click.echo("No library yet. Add one: loradex library add FOLDER", err=True)
