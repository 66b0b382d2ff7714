"""Errors as a person reads them: what failed, and what to do next."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from itertools import pairwise

import click

from loradex.cli.output import drop_output
from loradex.domain.text import display_lines, display_text
from loradex.errors import Cancelled, LoradexError, QueryError

_BEFORE, _WRONG, _AFTER = 30, 30, 16
"""Cells of a query that are shown before what is wrong, of that, and behind it: a line's width."""


def report(error: LoradexError) -> None:
    """Print an error's message and hint on stderr; a wrong query is shown with its place marked.

    What a person stopped is no error.
    """
    title = "" if isinstance(error, Cancelled) else click.style("Error: ", fg="red", bold=True)
    click.echo(title + display_lines(error.message), err=True)
    if isinstance(error, QueryError):
        _show_place(error)
    if error.hint:
        click.echo(display_lines(error.hint), err=True)


def _show_place(error: QueryError) -> None:
    """Print a query, or the part of a long one that is wrong, with marks below what is meant."""
    from loradex.cli.columns import cell_width, fit, fit_tail  # noqa: PLC0415 - errors only

    end = error.position + max(error.length, 1)
    before = fit_tail(display_text(error.query[: error.position]), _BEFORE)
    wrong = fit(display_text(error.query[error.position : end]), _WRONG)
    after = fit(display_text(error.query[end:]), _AFTER)
    click.echo(f"  {before}{wrong}{after}", err=True)
    click.echo(f"  {' ' * cell_width(before)}{'^' * max(cell_width(wrong), 1)}", err=True)


def report_system(error: OSError) -> None:
    """Print what the operating system refused; output that cannot be written is let go of."""
    what = "The output cannot be written"
    if error.filename is None:
        drop_output()
    else:
        what = f"{os.fsdecode(error.filename)} cannot be used"
    report(
        LoradexError(
            f"{what}: {error.strerror or error}.",
            hint="Check its permissions and the free space there, and try again.",
        )
    )


def report_bug(error: Exception) -> None:
    """Print an error that should not have been possible, in one sentence."""
    what = display_text(f"{type(error).__name__}: {error}", 300)
    click.echo(click.style("Error: ", fg="red", bold=True) + f"loradex failed: {what}", err=True)
    click.echo("Run it again with --debug and report what it prints.", err=True)


def wants_events(arguments: Sequence[str]) -> bool:
    """Tell whether a program reads JSON events from this call, errors included."""
    return "--progress=json" in arguments or ("--progress", "json") in pairwise(arguments)


def tell_end(error: LoradexError) -> None:
    """Print how the work ended as its last JSON event on stdout."""
    kind = "cancelled" if isinstance(error, Cancelled) else "failed"
    click.echo(json.dumps({"event": kind, "message": error.message, "hint": error.hint}))
