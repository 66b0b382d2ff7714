"""`loradex duplicates`: what is there more than once, and what that costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context
from loradex.cli.listing_commands import QueryCommand, limit_type
from loradex.cli.output import one_form, print_paths
from loradex.domain.duplicates import USUAL, Alike, Fate
from loradex.errors import UsageError

if TYPE_CHECKING:
    from loradex.domain.duplicates import DuplicateGroup, DuplicateReport

_SORTS = ", ".join(alike.value for alike in USUAL)


def _sorts(_context: click.Context, _param: click.Parameter, text: str | None) -> tuple[Alike, ...]:
    if text is None:
        return USUAL
    known = {alike.value: alike for alike in Alike}
    chosen = [word.strip().lower() for word in text.split(",")]
    for word in chosen:
        if word not in known:
            raise UsageError(
                f"There is no sort of duplicates {word!r}.",
                hint=f"Known: {', '.join(known)}; several with commas between.",
            )
    return tuple(known[word] for word in chosen)


def _size(_context: click.Context, _param: click.Parameter, text: str | None) -> int:
    if text is None:
        return 0
    from loradex.catalog.query.lexer import Value  # noqa: PLC0415
    from loradex.catalog.query.values import size_range  # noqa: PLC0415

    lowest = size_range(text, Value(text, False, 0, len(text))).low
    if lowest is None:
        raise UsageError(f"--min-size {text} names no least size.", hint="As in 500MB or 2GB.")
    return int(lowest)


@click.command("duplicates", cls=QueryCommand)
@click.argument("query", nargs=-1)
@click.option(
    "--sort-of",
    "sorts",
    metavar="SORT,…",
    callback=_sorts,
    help=f"Only these sorts: {_SORTS}.",
)
@click.option("--versions", is_flag=True, help="Also name several versions of one hub model.")
@click.option(
    "--min-size",
    "min_freed",
    metavar="SIZE",
    callback=_size,
    help="Only groups that would free at least this, as in 500MB.",
)
@click.option("-l", "--limit", type=limit_type, help="At most this many groups.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--paths", is_flag=True, help="Print only the paths of what would go, one a line.")
@click.option("-0", "--null", is_flag=True, help="With --paths: end each with NUL, for xargs -0.")
@pass_context
def duplicates_command(
    context: Context,
    query: tuple[str, ...],
    sorts: tuple[Alike, ...],
    versions: bool,
    min_freed: int,
    limit: int | None,
    as_json: bool,
    paths: bool,
    null: bool,
) -> None:
    """Report duplicates and near-duplicates, and the space each would free.

    \b
    The sorts, strongest first; a file is counted in one only:
      same        the same bytes in several places
      tensors     the same weights with other metadata
      epochs      one training, kept at several epochs or steps
      precisions  one model as fp32, fp16, fp8, GGUF …, pruned or not
      formats     one model as .pt and .safetensors, say
      versions    several versions of a hub's model (only when asked for)

    A group is shown when QUERY finds at least one model of it. For each one file is proposed to
    stay, with the reason; nothing is changed. Links cost nothing and are no copies; files that
    were not read in full yet count as no space. With --paths, --sort-of same alone is safe to act
    on blindly: all else are proposals to look at.
    """
    from loradex.operations.duplicates import find_duplicates  # noqa: PLC0415

    one_form(null=null, as_json=as_json, paths=paths)
    text = " ".join(part.lstrip() for part in query)
    if versions and Alike.VERSIONS not in sorts:
        sorts = (*sorts, Alike.VERSIONS)
    with context.catalog() as catalog:
        report = find_duplicates(catalog, text, sorts=sorts, min_freed=min_freed)
        libraries = catalog.files.libraries()
    shown = report.groups[:limit]
    if as_json:
        from loradex.cli.duplicates_json import print_report  # noqa: PLC0415

        print_report(report, shown)
    elif paths:
        print_paths(_going(shown), b"\0" if null else b"\n")
    elif report.groups:
        from loradex.cli.duplicates_text import print_groups, print_totals  # noqa: PLC0415

        print_groups(shown)
        print_totals(report, len(shown))
    else:
        _say_nothing(report, bool(libraries), bool(text))
    if not as_json:
        _advise(report)


def _going(groups: Iterable[DuplicateGroup]) -> Iterator[bytes]:
    """Yield every name of what would go: a file is there until its last name is gone."""
    for group in groups:
        for copy in group.copies(Fate.GO):
            yield from dict.fromkeys(name.raw_path for name in copy.names)


def _say_nothing(report: DuplicateReport, libraries: bool, asked: bool) -> None:
    if not libraries:
        click.echo("No library yet. Add one: loradex library add FOLDER", err=True)
    elif asked:
        click.echo("No duplicates match.", err=True)
    elif not report.unhashed:
        click.echo("No duplicates.", err=True)
    else:
        click.echo("No duplicates are known.", err=True)


def _advise(report: DuplicateReport) -> None:
    """Say what would make the report surer."""
    from loradex.cli.words import count_text, size_text  # noqa: PLC0415

    if report.unhashed:
        files = count_text(report.unhashed, "file")
        was = "was" if report.unhashed == 1 else "were"
        click.echo(
            f"{files} ({size_text(report.unhashed_bytes)}) {was} not read in full yet:"
            " what they share is not known for sure. Read them: loradex scan",
            err=True,
        )
    if report.changed:
        verb = "is" if report.changed == 1 else "are"
        click.echo(
            f"{count_text(report.changed, 'file')} {verb} gone or changed since the last scan"
            " and left out. Look again: loradex scan",
            err=True,
        )
