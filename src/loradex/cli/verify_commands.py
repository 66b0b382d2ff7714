"""`loradex verify`: read files again and tell which do not hold the bytes that were hashed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.jsontext import print_json
from loradex.cli.listing_commands import QueryCommand
from loradex.cli.progress import JsonSink, progress_option, shown_progress
from loradex.cli.quantities import seconds_long, size_bytes
from loradex.cli.words import count_text, duration_text, size_text
from loradex.domain.text import display_text

if TYPE_CHECKING:
    from loradex.operations.verify import VerifyReport

PARTLY = 3

Amount = int | float

_WORDS = {
    "rotten": ("rotten", "rotten"),
    "unstable": ("read differently twice", "read differently twice"),
    "truncated": ("cut short", "cut short"),
    "misnamed": ("not what its name says", "not what their names say"),
    "damaged": ("damaged", "damaged"),
    "changed": ("changed since the last scan", "changed since the last scan"),
    "unreadable": ("unreadable", "unreadable"),
    "gone": ("gone", "gone"),
}


def _some(
    read: Callable[[click.Context, click.Parameter, str | None], Amount | None],
) -> Callable[[click.Context, click.Parameter, str | None], Amount | None]:
    """Return a callback that refuses an amount of nothing, which would still begin one file."""

    def callback(context: click.Context, param: click.Parameter, text: str | None) -> Amount | None:
        # QueryCommand has put a space before what begins with a minus.
        amount = read(context, param, None if text is None else text.strip())
        if amount is not None and not amount:
            raise click.BadParameter("it has to be more than nothing.")
        return amount

    return callback


@click.command("verify", cls=QueryCommand)
@click.argument("what", nargs=-1, metavar="[QUERY | PATH]...")
@click.option(
    "--limit", callback=_some(size_bytes), metavar="SIZE", help="Read at most so much, as in 20GB."
)
@click.option(
    "--for",
    "duration",
    callback=_some(seconds_long),
    metavar="TIME",
    help="Begin no file after, say, 10m.",
)
@click.option(
    "--older-than", callback=seconds_long, metavar="AGE", help="Only files not read for, say, 30d."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@progress_option
@pass_context
def verify_command(
    context: Context,
    what: tuple[str, ...],
    limit: int | None,
    duration: float | None,
    older_than: float | None,
    as_json: bool,
    progress: str,
) -> None:
    """Read files again and tell which do not hold the bytes that were hashed.

    Finds disks that go bad, files that were cut short, and files that are not what their suffix
    says. All hashed files, or those that QUERY finds, or those at and below PATH; the ones that
    were not read for the longest time come first, so `loradex verify --for 10m` once a day gets
    through a library in time. A file that went bad is listed by `loradex problems` until it is
    good again; nothing is ever deleted. Ctrl-C keeps what was verified. Exit code 3 means that
    something was found. Files that were never hashed are counted only: nothing is known to
    compare them with.
    """
    from loradex.operations.verify import Portion, verify  # noqa: PLC0415
    from loradex.operations.verify_selection import files_to_verify  # noqa: PLC0415

    terms = [term.lstrip() for term in what]
    with context.catalog() as catalog, stoppable() as cancel:
        selection = files_to_verify(catalog, terms, older_than=older_than)
        with shown_progress(progress, cancel) as sink:
            report = verify(
                catalog,
                selection.due,
                portion=Portion(nbytes=limit, seconds=duration),
                hub_url=context.settings().hub_url,
                sink=sink,
                cancel=cancel,
            )
            report.offline += selection.offline
            if isinstance(sink, JsonSink):
                result = _as_json(report, selection.unhashed)
                sink.tell("done", message=_sentence(report, selection.unhashed), **result)
            elif as_json:
                print_json(_as_json(report, selection.unhashed))
            else:
                click.echo(_sentence(report, selection.unhashed))
    if report.findings:
        click.get_current_context().exit(PARTLY)


def _sentence(report: VerifyReport, unhashed: int) -> str:
    if report.elsewhere is not None:
        return report.elsewhere
    text = (
        f"{count_text(report.files, 'file')} ({size_text(report.nbytes)}) verified"
        f" in {duration_text(report.seconds)}"
    )
    found = Counter(finding.kind.value for finding in report.findings)
    parts = [count_text(found[kind], *words) for kind, words in _WORDS.items() if found[kind]]
    if report.healed:
        parts.append(count_text(report.healed, "good again", "good again"))
    text += f": {', '.join(parts)}." if parts else "."
    if report.left:
        text += f" {count_text(report.left, 'file')} left for the next time."
    if report.offline:
        text += f" Offline: {', '.join(map(display_text, report.offline))}."
    if unhashed:
        text += f" {count_text(unhashed, 'file is', 'files are')} not hashed yet: loradex scan"
    return text


def _as_json(report: VerifyReport, unhashed: int) -> dict[str, object]:
    return {
        "verified": report.files,
        "read_bytes": report.nbytes,
        "healed": report.healed,
        "left": report.left,
        "unhashed": unhashed,
        "seconds": round(report.seconds, 3),
        "offline": report.offline,
        "elsewhere": report.elsewhere,
        "findings": [
            {
                "kind": finding.kind.value,
                "id": finding.content_id,
                "path": finding.path,
                "message": finding.message,
                "hint": finding.hint,
                "marked": finding.marked,
            }
            for finding in report.findings
        ],
    }
