"""`loradex scan`: index what is new, and hash it; once, or for as long as it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.daily_copy import keep_daily_copy
from loradex.cli.jsontext import print_json
from loradex.cli.progress import JsonSink, progress_option, shown_progress
from loradex.cli.scan_text import notify_scanned, scan_json, scan_sentence, standing
from loradex.errors import LibraryError, UsageError

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.domain.library import Library
    from loradex.operations.hash_pass import HashReport

PARTLY = 3


@click.command("scan")
@click.argument("names", nargs=-1, metavar="[LIBRARY]...")
@click.option(
    "--hash",
    "hashing",
    type=click.Choice(["now", "later", "never"]),
    default="now",
    help="Hash new files after indexing; leave that for the next scan (with --watch: for when"
    " nothing arrives); or do not.",
)
@click.option("--watch", "watching", is_flag=True, help="Go on, and follow what happens.")
@click.option(
    "--poll",
    type=click.FloatRange(min=1, max=86_400),
    metavar="SECONDS",
    help="With --watch: look through all names this often, for network and WSL mounts.",
)
@click.option("--all", "everything", is_flag=True, help="Read every header again.")
@click.option("--accept-missing", is_flag=True, help="Believe it when many files are gone.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@progress_option
@pass_context
def scan_command(
    context: Context,
    names: tuple[str, ...],
    hashing: str,
    watching: bool,
    poll: float | None,
    everything: bool,
    accept_missing: bool,
    as_json: bool,
    progress: str,
) -> None:
    """Index what is new or changed in the libraries (all of them, or those named).

    Only new and changed files are opened. Hashing reads each new file once in full; it can be
    stopped with Ctrl-C at any time and goes on at the next scan. Exit code 3 means that this scan
    met something it could not read or would not believe: that was told, and everything else is
    done. What earlier scans could not read is counted at the end, listed by `loradex problems`, and
    leaves the exit code at 0.

    With --watch it goes on until Ctrl-C and prints a line for each file that comes, moves or
    goes (an object with --json or --progress json). A file that is still being written is left
    alone until it is complete; `loradex arrivals` says what is done with it then. Without a name
    libraries that are added meanwhile are followed, too.
    """
    if watching and (everything or accept_missing):
        raise UsageError("--all and --accept-missing are for one scan: run it without --watch.")
    if poll is not None and not watching:
        raise UsageError("--poll says how --watch looks: it needs that, too.")
    with context.catalog() as catalog:
        libraries = _named(catalog, names) if names else catalog.files.libraries()
        if not libraries:
            raise LibraryError(
                "There is no library to scan.", hint="Add one: loradex library add FOLDER"
            )
        if watching:
            from loradex.cli.watching import watch_libraries  # noqa: PLC0415
            from loradex.operations.watch import WatchOptions  # noqa: PLC0415

            how = WatchOptions(context.settings().workers, hashing, poll, newcomers=not names)
            keep_daily_copy(context)
            watch_libraries(context, catalog, libraries, how, as_json, progress)
            return
        failed = _scan_once(
            context, catalog, libraries, hashing, everything, accept_missing, as_json, progress
        )
    keep_daily_copy(context)
    if failed:
        click.get_current_context().exit(PARTLY)


def _named(catalog: Catalog, names: tuple[str, ...]) -> list[Library]:
    from loradex.operations.libraries import find_library  # noqa: PLC0415 - seldom needed

    return [find_library(catalog, name) for name in names]


def _scan_once(
    context: Context,
    catalog: Catalog,
    libraries: list[Library],
    hashing: str,
    everything: bool,
    accept_missing: bool,
    as_json: bool,
    progress: str,
) -> bool:
    """Scan, print what was found, and return whether anything failed."""
    from loradex.operations.scan import scan  # noqa: PLC0415

    hashed: HashReport | None = None
    with stoppable() as cancel:
        with shown_progress(progress, cancel) as sink:
            report = scan(
                catalog,
                libraries,
                workers=context.settings().workers,
                sink=sink,
                cancel=cancel,
                accept_missing=accept_missing,
                everything=everything,
            )
            waiting = catalog.files.count_to_hash() if hashing != "never" else 0
            if hashing == "now" and waiting:
                from loradex.operations.hash_pass import hash_pass  # noqa: PLC0415

                hashed, waiting = hash_pass(catalog, sink=sink, cancel=cancel), 0
            after = standing(catalog, libraries, report, waiting=waiting)
            sentence = scan_sentence(report, hashed, after)
            result = scan_json(report, hashed, after.unreadable)
            if isinstance(sink, JsonSink):
                sink.tell("done", message=sentence, **result)
            elif as_json:
                print_json(result)
            else:
                click.echo(sentence)
        notify_scanned(context, [library.name for library in libraries], report)
        if report.new or report.changed:
            from loradex.cli.sidecar_scanned import after_scan  # noqa: PLC0415

            after_scan(context, catalog, cancel, quiet=as_json or progress == "json")
    return bool(report.problems or (hashed and hashed.problems))
