"""`loradex hub get`: download models from hubs into a library."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.jsontext import print_json
from loradex.cli.progress import JsonSink, progress_option, shown_progress
from loradex.domain.downloads import DownloadState
from loradex.domain.kinds import ModelKind
from loradex.errors import DiskFull, UsageError
from loradex.settings import MOST_DOWNLOADS

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.domain.progress import ProgressSink
    from loradex.operations.downloads.plan import DownloadOptions, DownloadPlan
    from loradex.operations.downloads.run import RunReport

PARTLY = 3


def _a_number(context: click.Context, option: click.Parameter, value: float | None) -> float | None:
    """Refuse `nan`, which is in every range."""
    if value is not None and math.isnan(value):
        raise click.BadParameter("nan is no number.", context, option)
    return value


speed_option = click.option(
    "--speed",
    type=click.FloatRange(min=0, max=1e6),
    callback=_a_number,
    metavar="MIB",
    help="Take at most so many MiB a second, all files together; 0 for no limit.",
)
parallel_option = click.option(
    "--parallel",
    type=click.IntRange(1, MOST_DOWNLOADS),
    metavar="N",
    help=f"Download so many files at once, 1 to {MOST_DOWNLOADS}.",
)


@click.command("get")
@click.argument("references", nargs=-1, metavar="[REF]...")
@click.option(
    "--from",
    "lists",
    type=click.File(encoding="utf-8", errors="replace"),
    multiple=True,
    metavar="FILE",
    help="Read references from a file, one a line, # for comments; - is standard input.",
)
@click.option("--to", "library", metavar="LIBRARY", help="Download into this library.")
@click.option(
    "--folders",
    metavar="TEMPLATE",
    help='Folders below the one for the kind, as in "{base}/{creator}"; "" for none. It knows kind,'
    " base, derivative, creator, model and version.",
)
@click.option(
    "--file",
    "names",
    multiple=True,
    metavar="FILE",
    help="Take this file of a version, by number or name, or `all`; may be repeated.",
)
@click.option("--format", "format_name", metavar="FORMAT", help="safetensors, gguf or pickle.")
@click.option("--precision", metavar="PRECISION", help="As in fp16, bf16, fp8, Q4_K_M.")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in ModelKind if kind is not ModelKind.UNKNOWN]),
    help="What it is, where the hub does not say.",
)
@click.option("--accept-danger", is_flag=True, help="Take files that the hub calls dangerous.")
@click.option("--again", is_flag=True, help="Download what you own already, too.")
@click.option("-n", "--dry-run", is_flag=True, help="Only show what would be downloaded.")
@click.option("--queue-only", is_flag=True, help="Put it into the queue, for a later run.")
@speed_option
@parallel_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@progress_option
@pass_context
def get_command(
    context: Context,
    references: tuple[str, ...],
    lists: tuple[TextIO, ...],
    library: str | None,
    folders: str | None,
    names: tuple[str, ...],
    format_name: str | None,
    precision: str | None,
    kind: str | None,
    accept_danger: bool,
    again: bool,
    dry_run: bool,
    queue_only: bool,
    speed: float | None,
    parallel: int | None,
    as_json: bool,
    progress: str,
) -> None:
    """Download models into a library, verified and known to the catalog at once.

    REF is the address of a model's page or of a download, an AIR, `version:ID`, `model:ID` (its
    newest version that anybody may have), `hf:OWNER/NAME` with `/PATH`, or a file's SHA-256 or
    AutoV2. The file goes to the
    folder for its kind in --to LIBRARY, in `download_library` of loradex.toml, or in the only
    library that takes it. Nothing is ever overwritten.

    Everything goes through one queue, with what waits there already: Ctrl-C or a power cut lose
    nothing, and `loradex hub downloads run` goes on. Exit code 3 means that some of it did not
    come; it was told why.
    """
    from loradex.operations.downloads.choosing import Wishes  # noqa: PLC0415
    from loradex.operations.downloads.plan import DownloadOptions  # noqa: PLC0415
    from loradex.operations.downloads.references import references_in  # noqa: PLC0415

    texts = [*references, *references_in(line for file in lists for line in file)]
    if not texts:
        raise UsageError(
            "Nothing is named that could be downloaded.",
            hint="Name a page, version:ID, model:ID or --from FILE; `loradex hub downloads run`"
            " goes on with the queue.",
        )
    options = DownloadOptions(
        wishes=Wishes(names, format_name, precision),
        library=library,
        folders=folders,
        kind=None if kind is None else ModelKind(kind),
        accept_danger=accept_danger,
        again=again,
    )
    how = _How(dry_run, queue_only, speed, parallel, as_json, progress)
    with context.catalog() as catalog:
        code = _get(context, catalog, texts, options, how)
    if code:
        click.get_current_context().exit(code)


@dataclass(frozen=True, slots=True)
class _How:
    """How far to go, and how to tell of it."""

    dry_run: bool
    queue_only: bool
    speed: float | None
    parallel: int | None
    as_json: bool
    progress: str


def _get(
    context: Context, catalog: Catalog, texts: list[str], options: DownloadOptions, how: _How
) -> int:
    """Plan, download and tell; return the exit code."""
    from loradex.cli.hub_fetching import Session  # noqa: PLC0415
    from loradex.cli.hub_get_text import show_refusals  # noqa: PLC0415
    from loradex.operations.downloads.planning import plan_downloads  # noqa: PLC0415
    from loradex.operations.downloads.queue import enqueue  # noqa: PLC0415

    settings = context.settings()
    ids: list[int] = []
    report: RunReport | None = None
    with stoppable() as cancel:
        with (
            shown_progress(how.progress, cancel) as sink,
            Session(context, settings, sink, cancel) as session,
        ):
            plan = plan_downloads(
                catalog, session.hubs, texts, options, settings, sink=sink, cancel=cancel
            )
            if not how.dry_run:
                _check_room(plan)
                ids = enqueue(catalog, plan.files)
            if ids and not how.queue_only:
                report = session.run(catalog, how.speed, how.parallel)
        show_refusals(plan, refused_too=not how.dry_run)
        if how.dry_run:
            _tell_plan(plan, how, sink)
            return _code(len(plan.files) + len(plan.problems), _refusals(plan))
        return _tell(catalog, plan, ids, report, how, sink)


def _check_room(plan: DownloadPlan) -> None:
    """Raise `DiskFull` when a disk has not enough room for all of it: nothing is begun then."""
    from loradex.cli.words import size_text  # noqa: PLC0415

    for room in plan.rooms:
        if room.lacking:
            raise DiskFull(
                f"The disk of {room.shown} lacks {size_text(room.lacking)} for this.",
                hint="Free some space, choose another library with --to, or ask for less.",
            )


def _tell_plan(plan: DownloadPlan, how: _How, sink: ProgressSink) -> None:
    from loradex.cli.hub_get_text import plan_json, plan_sentence, show_plan  # noqa: PLC0415

    if isinstance(sink, JsonSink):
        sink.tell("done", message=plan_sentence(plan), **plan_json(plan))
    elif how.as_json:
        print_json(plan_json(plan))
    else:
        show_plan(plan)


def _tell(
    catalog: Catalog,
    plan: DownloadPlan,
    ids: list[int],
    report: RunReport | None,
    how: _How,
    sink: ProgressSink,
) -> int:
    """Tell where each file is that was asked for; return the exit code."""
    from loradex.cli.hub_get_text import (  # noqa: PLC0415
        plan_sentence,
        result_json,
        run_sentence,
        show_results,
        show_run,
    )
    from loradex.operations.downloads.plan import Verdict  # noqa: PLC0415

    downloads = catalog.downloads.some(ids)
    if isinstance(sink, JsonSink):
        message = run_sentence(report) if report else plan_sentence(plan)
        sink.tell("done", message=message, **result_json(plan, downloads, report))
    elif how.as_json:
        print_json(result_json(plan, downloads, report))
    else:
        show_results(downloads, plan.of(Verdict.OWNED))
        show_run(report, len(ids))
    left_for_others = report is None or report.elsewhere is not None
    done = [
        each
        for each in downloads
        if each.state is DownloadState.DONE
        or (left_for_others and each.state in (DownloadState.QUEUED, DownloadState.RUNNING))
    ]
    bad = _refusals(plan) + len(ids) - len(done)
    return _code(len(done) + len(plan.of(Verdict.OWNED)) + bad, bad)


def _refusals(plan: DownloadPlan) -> int:
    from loradex.operations.downloads.plan import Verdict  # noqa: PLC0415

    return len(plan.problems) + len(plan.of(Verdict.REFUSED))


def _code(all_of_it: int, bad: int) -> int:
    """Return the exit code for so many wishes of which some did not come true."""
    if not bad:
        return 0
    return PARTLY if bad < all_of_it else 1
