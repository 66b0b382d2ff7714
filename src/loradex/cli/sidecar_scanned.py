"""After a scan: tell of other tools' files that nobody has read, or read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loradex.cli.words import count_text
from loradex.domain.progress import SilentSink

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.cli.context import Context
    from loradex.domain.progress import CancelToken


def after_scan(context: Context, catalog: Catalog, cancel: CancelToken, *, quiet: bool) -> None:
    """Do with sidecars what the setting `scan_sidecars` says; with `quiet` nothing is printed."""
    wanted = context.settings().scan_sidecars
    if wanted == "read":
        _read(context, catalog, cancel, quiet=quiet)
    elif wanted == "tell" and not quiet:
        from loradex.operations.sidecars.waiting import count_unread  # noqa: PLC0415

        unread = count_unread(catalog)
        if unread:
            files = count_text(unread, "file")
            verb = "lies" if unread == 1 else "lie"
            click.echo(f"{files} of other tools {verb} beside your models: loradex sidecar import")


def _read(context: Context, catalog: Catalog, cancel: CancelToken, *, quiet: bool) -> None:
    from loradex.cli.sidecar_text import import_sentence  # noqa: PLC0415
    from loradex.operations.sidecars.importing import import_sidecars  # noqa: PLC0415

    dialects = context.plugins().sidecar_dialects()
    report = import_sidecars(catalog, dialects, sink=SilentSink(), cancel=cancel)
    if not quiet and report.seen > report.unchanged:
        click.echo(import_sentence(report, dry_run=False))
