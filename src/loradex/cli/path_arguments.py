"""PATH arguments of the commands that need no catalog."""

from __future__ import annotations

from pathlib import Path

import click

from loradex.errors import UsageError


def _named(
    _context: click.Context, _param: click.Parameter, paths: tuple[str, ...]
) -> tuple[Path, ...]:
    """Return the paths; an empty name (an unset variable) would be the current folder."""
    if "" in paths:
        raise UsageError("A path's name is empty.", hint="Use . for the current folder.")
    return tuple(Path(path) for path in paths)


# Not even whether a path may be read is asked here: one that may not is no reason to leave out
# the others.
paths_argument = click.argument(
    "paths",
    nargs=-1,
    required=True,
    metavar="PATH...",
    type=click.Path(readable=False),
    callback=_named,
)
