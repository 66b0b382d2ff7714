"""`loradex problems`: the files that could not be read."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable

import click

from loradex.cli.columns import pieces, terminal_width
from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import print_json_list
from loradex.cli.output import is_terminal
from loradex.domain.text import display_text

PARTLY = 3

_AGAIN = "Download it again"
# What a problem says, and what to do about it; the first that fits.
_REMEDIES = (
    ("permission denied", "Change its permissions"),
    ("missing", "Put the missing files beside it"),
    ("cut short", "Wait until its download has finished, or download it again"),
    ("Git LFS pointer", "Fetch the model itself with `git lfs pull`"),
    ("archive", "Unpack it"),
    ("HTML page", "Log in where it came from and download it again"),
    ("program", "Do not run it, and delete it"),
    ("picture", "Give it its own suffix"),
    ("cannot be read", "Check the disk or the network share"),
    ("not a regular file", "Move it out of the library"),
)


@click.command("problems")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@pass_context
def problems_command(context: Context, as_json: bool) -> None:
    """List the files that could not be read, or hold wrong bytes, and why.

    A file leaves this list when a scan can read it or finds another in its place, when `loradex
    verify` finds its bytes to be right again, or when it is gone. Exit code 3 means that there
    are any.
    """
    with context.catalog() as catalog:
        problems = catalog.files.problems()
    if as_json:
        print_json_list({"path": path, "problem": problem} for path, problem in problems)
    elif problems:
        _print(problems)
    else:
        click.echo("Every file could be read.", err=True)
    if problems:
        click.get_current_context().exit(PARTLY)


def _print(problems: Iterable[tuple[str, str]]) -> None:
    """Print whole paths with what is wrong and what to do below; a line each for a pipe."""
    if not is_terminal(sys.stdout):
        for path, problem in problems:
            click.echo(f"{display_text(path)}\t{display_text(problem)}")
        return
    width = max(terminal_width(), 20)
    for path, problem in problems:
        for piece in pieces(display_text(path), width):
            click.echo(click.style(piece, bold=True))
        said = f"{display_text(problem)} {_remedy(problem)}, then run `loradex scan`."
        for line in textwrap.wrap(said, width - 2):
            click.echo(f"  {line}")


def _remedy(problem: str) -> str:
    return next((remedy for words, remedy in _REMEDIES if words in problem), _AGAIN)
