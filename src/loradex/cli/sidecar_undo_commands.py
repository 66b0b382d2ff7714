"""`loradex sidecar undo`: take an export back."""

from __future__ import annotations

import click

from loradex.cli.columns import Column, print_table
from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.jsontext import print_json, print_json_list
from loradex.cli.progress import JsonSink, progress_option, shown_progress
from loradex.cli.select import dry_run_option
from loradex.cli.words import count_text, date_text
from loradex.domain.text import display_text
from loradex.errors import UsageError

PARTLY = 3


@click.command("undo")
@click.argument("number", type=int, required=False, metavar="[EXPORT]")
@click.option("--list", "listing", is_flag=True, help="List the exports there were.")
@dry_run_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@progress_option
@pass_context
def undo_command(
    context: Context,
    number: int | None,
    listing: bool,
    dry_run: bool,
    as_json: bool,
    progress: str,
) -> None:
    """Give every file that EXPORT (the latest one when left out) wrote its former bytes back.

    Files that the export made are removed. One that was changed since stays as it is, and you are
    told; exit code 3 means that.
    """
    from loradex.operations.sidecars.undoing import latest_export, undo_export  # noqa: PLC0415

    if listing and (number is not None or dry_run):
        raise UsageError("--list shows all exports; it goes with no other option than --json.")
    with context.catalog() as catalog, stoppable() as cancel:
        if listing:
            _list(context, as_json)
            return
        export_id = latest_export(catalog) if number is None else number
        with shown_progress(progress, cancel) as sink:
            report = undo_export(catalog, export_id, dry_run=dry_run, sink=sink, cancel=cancel)
            verb = "would be " if dry_run else ""
            sentence = (
                f"Export {export_id}: {count_text(report.restored, 'file')} {verb}brought back,"
                f" {report.removed:,} {verb}removed."
            )
            if isinstance(sink, JsonSink):
                sink.tell("done", message=sentence)
    if as_json:
        print_json(
            {
                "export": export_id,
                "restored": report.restored,
                "removed": report.removed,
                "kept": [{"path": one.item, "reason": one.message} for one in report.kept],
            }
        )
    elif progress != "json":
        for one in report.kept:
            click.echo(f"  {display_text(one.item)}: {display_text(one.message)}", err=True)
        click.echo(sentence)
    if report.kept:
        click.get_current_context().exit(PARTLY)


def _list(context: Context, as_json: bool) -> None:
    with context.catalog() as catalog:
        exports = catalog.sidecar_journal.exports()
    if as_json:
        print_json_list(
            {
                "id": each.id,
                "tools": list(each.tools),
                "made_at": each.made_at,
                "undone_at": each.undone_at,
                "written": each.written,
                "undone": each.undone,
                "kept": each.kept,
            }
            for each in exports
        )
        return
    if not exports:
        click.echo("Nothing was exported yet.", err=True)
        return
    print_table(
        [
            Column("Export", right=True),
            Column("When"),
            Column("Files", right=True),
            Column("Taken back", right=True),
            Column("For", shrink=True),
        ],
        [
            (
                str(each.id),
                date_text(each.made_at),
                f"{each.written + each.undone + each.kept:,}",
                f"{each.undone:,}",
                ", ".join(each.tools),
            )
            for each in exports
        ],
    )
