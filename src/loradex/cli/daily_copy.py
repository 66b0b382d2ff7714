"""The copy of the catalog that is made once a day without asking."""

from __future__ import annotations

import click

from loradex.cli.context import Context
from loradex.domain.text import display_text
from loradex.errors import LoradexError


def keep_daily_copy(context: Context) -> None:
    """Make the copy of the day unless there is one; what goes wrong is told and fails nothing."""
    from loradex.operations.backup import keep_daily  # noqa: PLC0415

    try:
        keep_daily(context.home)
    except LoradexError as error:
        click.echo(f"The catalog was not copied today: {display_text(str(error))}", err=True)
