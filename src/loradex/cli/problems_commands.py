"""`loradex problems`: the files that could not be read."""

from __future__ import annotations

import click

from loradex.cli.columns import Column, print_table
from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import print_json_list

PARTLY = 3


@click.command("problems")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@pass_context
def problems_command(context: Context, as_json: bool) -> None:
    """List the files that could not be read, and why.

    A file leaves this list when a scan can read it, or when it is gone. Exit code 3 means that
    there are any.
    """
    with context.catalog() as catalog:
        problems = catalog.files.problems()
    if as_json:
        print_json_list({"path": path, "problem": problem} for path, problem in problems)
    elif problems:
        print_table([Column("File", shrink=True), Column("Problem", shrink=True)], problems)
    else:
        click.echo("Every file could be read.", err=True)
    if problems:
        click.get_current_context().exit(PARTLY)
