"""`loradex scan`: index what is new, and hash it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.jsontext import print_json
from loradex.cli.plugin_problems import notify
from loradex.cli.progress import JsonSink, progress_option, shown_progress
from loradex.cli.words import count_text, duration_text, size_text
from loradex.errors import LibraryError

if TYPE_CHECKING:
    from loradex.operations.hash_pass import HashReport
    from loradex.operations.scan import ScanReport

PARTLY = 3
_PROBLEM = "with a problem: loradex problems"


@click.command("scan")
@click.argument("names", nargs=-1, metavar="[LIBRARY]...")
@click.option(
    "--hash",
    "hashing",
    type=click.Choice(["now", "later"]),
    default="now",
    help="Hash new files after indexing, or leave that for the next scan.",
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
    everything: bool,
    accept_missing: bool,
    as_json: bool,
    progress: str,
) -> None:
    """Index what is new or changed in the libraries (all of them, or those named).

    Only new and changed files are opened. Hashing reads each new file once in full; it can be
    stopped with Ctrl-C at any time and goes on at the next scan. Exit code 3 means that some
    files could not be read: they are listed, and everything else is done.
    """
    from loradex.operations.libraries import find_library  # noqa: PLC0415
    from loradex.operations.scan import scan  # noqa: PLC0415

    with context.catalog() as catalog, stoppable() as cancel:
        libraries = [find_library(catalog, name) for name in names] or catalog.files.libraries()
        if not libraries:
            raise LibraryError(
                "There is no library to scan.", hint="Add one: loradex library add FOLDER"
            )
        hashed: HashReport | None = None
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
            if hashing == "now" and catalog.files.to_hash():
                from loradex.operations.hash_pass import hash_pass  # noqa: PLC0415

                hashed = hash_pass(catalog, sink=sink, cancel=cancel)
            failed = bool(report.problems or (hashed and hashed.problems))
            if isinstance(sink, JsonSink):
                sink.tell("done", message=_sentence(report, hashed))
            elif as_json:
                print_json(_as_json(report, hashed))
            else:
                click.echo(_sentence(report, hashed))
        _notify(context, [library.name for library in libraries], report)
    if failed:
        click.get_current_context().exit(PARTLY)


def _sentence(report: ScanReport, hashed: HashReport | None) -> str:
    parts = [
        count_text(number, word, plural)
        for number, word, plural in (
            (report.new, "new", "new"),
            (report.changed, "changed", "changed"),
            (report.again, "looked at again", "looked at again"),
            (report.moved, "moved", "moved"),
            (report.back, "back again", "back again"),
            (report.missing, "missing", "missing"),
            (report.growing, "still growing", "still growing"),
            (report.downloads, "still downloading", "still downloading"),
            (len(report.problems), _PROBLEM, _PROBLEM),
        )
        if number
    ]
    text = f"{count_text(report.seen, 'model file')} in {duration_text(report.seconds)}"
    text += f": {', '.join(parts)}." if parts else ", nothing has changed."
    if report.offline:
        text += f" Offline: {', '.join(report.offline)}."
    if hashed is not None and (hashed.files or hashed.problems):
        text += (
            f" Hashed {count_text(hashed.files, 'file')} ({size_text(hashed.nbytes)})"
            f" in {duration_text(hashed.seconds)}."
        )
    if hashed is not None and hashed.elsewhere:
        text += f" {hashed.elsewhere}"
    return text


def _as_json(report: ScanReport, hashed: HashReport | None) -> dict[str, object]:
    problems = [*report.problems, *(hashed.problems if hashed else [])]
    return {
        "libraries": report.libraries,
        "seen": report.seen,
        "new": report.new,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "again": report.again,
        "moved": report.moved,
        "back": report.back,
        "missing": report.missing,
        "growing": report.growing,
        "downloads": report.downloads,
        "new_contents": report.new_contents,
        "offline": report.offline,
        "held_back": report.held_back,
        "seconds": round(report.seconds, 3),
        "hashed": hashed.files if hashed else 0,
        "hashed_bytes": hashed.nbytes if hashed else 0,
        "hashing_elsewhere": hashed.elsewhere if hashed else None,
        "problems": [
            {"item": problem.item, "message": problem.message, "hint": problem.hint}
            for problem in problems
        ],
    }


def _notify(context: Context, names: list[str], report: ScanReport) -> None:
    """Tell plugins, but only when something happened: loading them takes time."""
    if not (report.new or report.changed or report.missing):
        return
    from loradex.plugin_api import ScanFinished  # noqa: PLC0415

    notify(
        context,
        ScanFinished(
            libraries=tuple(names),
            new=report.new,
            changed=report.changed,
            missing=report.missing,
            failed=len(report.problems),
        ),
    )
