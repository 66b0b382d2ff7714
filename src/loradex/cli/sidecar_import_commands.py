"""`loradex sidecar import`: read what other tools know, and show it first if asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.jsontext import print_json, print_json_line
from loradex.cli.progress import JsonSink, progress_option, shown_progress
from loradex.cli.select import REF_HELP, dry_run_option, selected
from loradex.cli.sidecar_text import import_json, import_sentence, line_json, print_diff
from loradex.cli.sidecar_tools_commands import chosen_names
from loradex.cli.words import count_text
from loradex.domain.text import display_text
from loradex.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loradex.catalog.catalog import Catalog
    from loradex.domain.progress import CancelToken, ProgressSink
    from loradex.operations.sidecars.reading import ImportReport
    from loradex.operations.sidecars.taking import Offer
    from loradex.plugin_manager import FencedDialect

PARTLY = 3
_SHOWN = 12


@click.command(
    "import",
    help=f"""Read what other tools' files beside your models say, of all models or of some.

\b
  loradex sidecar import --dry-run              # what would be read, nothing is kept
  loradex sidecar import --diff neon            # field by field, beside what is known
  loradex sidecar import
  loradex sidecar import --from lora-manager -q "kind:lora" --mine

What is read becomes evidence, below your own word and what hubs say, above what headers say.
Nothing of it overwrites what you wrote. With --mine, notes and favourites that you gave in those
tools become your own where you have none here.

A file that has not changed since it was read is not opened again. One that speaks of other bytes
than its model has (its SHA-256 differs) is told, and not believed. Exit code 3 means that some
files could not be read.

REF is {REF_HELP}.""",
)
@click.argument("references", nargs=-1, metavar="[REF...]")
@click.option("-q", "--query", metavar="QUERY", help="The sidecars of everything it finds.")
@click.option("--from", "names", multiple=True, metavar="TOOL", help="Only of this tool.")
@click.option("--diff", "diff", is_flag=True, help="Show every field beside what is known.")
@dry_run_option
@click.option("--mine", is_flag=True, help="Take notes and favourites over as your own.")
@click.option("--again", is_flag=True, help="Open files that have not changed, too.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@progress_option
@pass_context
def import_command(
    context: Context,
    references: tuple[str, ...],
    query: str | None,
    names: tuple[str, ...],
    diff: bool,
    dry_run: bool,
    mine: bool,
    again: bool,
    as_json: bool,
    progress: str,
) -> None:
    """Read what other tools' files beside models say."""
    from loradex.operations.sidecars.importing import import_sidecars  # noqa: PLC0415

    if diff and mine:
        raise UsageError("--diff only shows.", hint="Leave out --diff to take things over.")
    plugins = context.plugins()
    dialects = plugins.sidecar_dialects()
    only = chosen_names(dialects, names)
    with context.catalog() as catalog, stoppable() as cancel:
        ids = selected(catalog, references, query) if references or query is not None else None
        # What --diff prints as it reads would run into a line of progress.
        shown = "none" if diff and progress == "auto" else progress
        with shown_progress(shown, cancel) as sink:
            if diff or dry_run:
                report = _look(
                    catalog, dialects, ids, sink, cancel, only=only, diff=diff, as_json=as_json
                )
                found: list[Offer] = []
            else:
                report = import_sidecars(
                    catalog, dialects, ids, only=only, again=again, sink=sink, cancel=cancel
                )
                found = _offers(catalog, dialects, ids)
                if mine and found:
                    _take(catalog, found)
            if isinstance(sink, JsonSink):
                sink.tell("done", message=import_sentence(report, dry_run=diff or dry_run))
        if as_json:
            if not diff:
                print_json(import_json(report, offered=0 if mine else len(found)))
        elif progress != "json":
            _tell(report, found, mine=mine, dry_run=diff or dry_run)
    if report.refused:
        click.get_current_context().exit(PARTLY)


def _look(
    catalog: Catalog,
    dialects: Sequence[FencedDialect],
    ids: Sequence[int] | None,
    sink: ProgressSink,
    cancel: CancelToken,
    *,
    only: Sequence[str],
    diff: bool,
    as_json: bool,
) -> ImportReport:
    """Read without keeping anything; show each file's fields with `diff`."""
    from loradex.operations.sidecars.comparing import compared  # noqa: PLC0415
    from loradex.operations.sidecars.reading import ImportReport, read_sidecars  # noqa: PLC0415

    report = ImportReport()
    for batch in read_sidecars(
        catalog, dialects, ids, report, only=only, again=diff, sink=sink, cancel=cancel
    ):
        if not diff:
            continue
        for each in compared(catalog, batch):
            print_json_line(line_json(each)) if as_json else print_diff(each)
    return report


def _offers(
    catalog: Catalog, dialects: Sequence[FencedDialect], ids: Sequence[int] | None
) -> list[Offer]:
    from loradex.operations.sidecars.taking import offers  # noqa: PLC0415

    everything = catalog.sidecars.with_sidecars() if ids is None else list(ids)
    return offers(catalog, dialects, everything)


def _take(catalog: Catalog, found: Sequence[Offer]) -> None:
    from loradex.operations.sidecars.taking import take  # noqa: PLC0415

    take(catalog, found)


def _tell(report: ImportReport, found: Sequence[Offer], *, mine: bool, dry_run: bool) -> None:
    for problem in report.stale[:_SHOWN]:
        click.echo(f"  {display_text(problem.item)}: {problem.message}", err=True)
    if len(report.stale) > _SHOWN:
        click.echo(f"  … and {len(report.stale) - _SHOWN:,} more like that.", err=True)
    click.echo(import_sentence(report, dry_run=dry_run))
    notes, favourites = sum(bool(o.note) for o in found), sum(o.favourite for o in found)
    parts = [count_text(notes, "note")] if notes else []
    parts += [count_text(favourites, "favourite")] if favourites else []
    if parts and mine:
        click.echo(f"{' and '.join(parts)} became your own.")
    elif parts:
        click.echo(
            f"{' and '.join(parts)} of yours in those tools can become your own here: add --mine."
        )
