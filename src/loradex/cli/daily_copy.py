"""The copy of the catalog that is made once a day without asking."""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING

import click

from loradex.domain.text import display_text
from loradex.errors import LoradexError

if TYPE_CHECKING:
    from loradex.cli.context import Context
    from loradex.paths import Home

_STAMP = re.compile(r"catalog-(?:.+-)?(\d{8}-\d{6})(?:-\d+)?\.db(?:\.gz)?")
"""The time in a copy's name, as `loradex.operations.backup` writes it."""


def keep_daily_copy(context: Context) -> None:
    """Make the copy of the day unless there is one; what goes wrong is told and fails nothing."""
    if _is_kept(context.home):
        return
    from loradex.operations.backup import keep_daily  # noqa: PLC0415

    try:
        keep_daily(context.home)
    except LoradexError as error:
        click.echo(f"The catalog was not copied today: {display_text(str(error))}", err=True)


def _is_kept(home: Home) -> bool:
    """Tell from names alone whether a copy is younger than a day.

    All but one scan a day end here: what makes copies takes 15 ms to import, a tenth of a scan of
    10,000 files in which nothing has changed.
    """
    now = time.time()
    since, until = (
        time.strftime("%Y%m%d-%H%M%S", time.localtime(moment)) for moment in (now - 86_400, now)
    )
    try:
        names = os.listdir(home.backups)
    except OSError:
        return False
    stamps = (match[1] for name in names if (match := _STAMP.fullmatch(name)))
    return any(since < stamp <= until for stamp in stamps)
