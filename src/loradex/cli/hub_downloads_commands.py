"""`loradex hub downloads`: the download queue."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

import click

from loradex.cli.columns import Column, print_table
from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.hub_get_commands import PARTLY, parallel_option, speed_option
from loradex.cli.jsontext import print_json, print_json_list
from loradex.cli.progress import JsonSink, progress_option, shown_progress
from loradex.cli.words import count_text, size_text
from loradex.domain.downloads import Download, DownloadState
from loradex.domain.text import display_text
from loradex.errors import UsageError

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog

Change = Callable[["Catalog", "Collection[int] | None"], "list[Download]"]

numbers_argument = click.argument("numbers", nargs=-1, type=int, metavar="[ID]...")


@click.group("downloads", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print the queue as JSON.")
@pass_context
def downloads_command(context: Context, as_json: bool) -> None:
    """List the download queue, or change it.

    Works while another loradex downloads: that one follows within a second or two.
    """
    if click.get_current_context().invoked_subcommand is not None:
        return
    from loradex.cli.hub_get_text import download_json  # noqa: PLC0415
    from loradex.operations.downloads.queue import downloader, listed  # noqa: PLC0415

    with context.catalog() as catalog:
        queue = listed(catalog)
        holder = downloader(catalog)
    if as_json:
        print_json_list(download_json(each) for each in queue)
        return
    if not queue:
        click.echo("Nothing was downloaded yet: loradex hub get REF", err=True)
        return
    _print_queue(queue)
    if holder is not None:
        click.echo(f"Another loradex ({holder.process}) works through it.", err=True)


@downloads_command.command("run")
@speed_option
@parallel_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@progress_option
@pass_context
def run_command(
    context: Context, speed: float | None, parallel: int | None, as_json: bool, progress: str
) -> None:
    """Go on with the queue until nothing is left that could begin soon.

    Ctrl-C stops it; everything goes on from its bytes the next time. Exit code 3 means that some
    of it failed or waits.
    """
    from loradex.cli.hub_fetching import Session  # noqa: PLC0415
    from loradex.cli.hub_get_text import (  # noqa: PLC0415
        run_json,
        run_sentence,
        show_results,
        show_run,
    )

    with context.catalog() as catalog, stoppable() as cancel:
        with (
            shown_progress(progress, cancel) as sink,
            Session(context, context.settings(), sink, cancel) as session,
        ):
            report = session.run(catalog, speed, parallel)
        landed = catalog.downloads.some([download.id for download, _ in report.landed])
        if isinstance(sink, JsonSink):
            sink.tell("done", message=run_sentence(report), **run_json(report))
        elif as_json:
            print_json(run_json(report))
        else:
            show_results(landed, ())
            show_run(report, catalog.downloads.counts().get(DownloadState.QUEUED, 0))
            if not (report.landed or report.failed or report.waiting or report.elsewhere):
                click.echo("Nothing waits in the queue.")
    if report.failed or report.waiting:
        click.get_current_context().exit(PARTLY)


@downloads_command.command("pause")
@numbers_argument
@pass_context
def pause_command(context: Context, numbers: tuple[int, ...]) -> None:
    """Pause downloads, or all that wait or run."""
    _change(context, numbers, lambda catalog, ids: catalog.downloads.pause(ids), "paused")


@downloads_command.command("resume")
@numbers_argument
@pass_context
def resume_command(context: Context, numbers: tuple[int, ...]) -> None:
    """Put paused downloads, or all of them, back into the queue; `run` goes on with it."""
    _requeue(context, numbers, lambda catalog, ids: catalog.downloads.resume(ids))


@downloads_command.command("retry")
@numbers_argument
@pass_context
def retry_command(context: Context, numbers: tuple[int, ...]) -> None:
    """Put failed downloads, or all of them, back into the queue; `run` goes on with it."""
    _requeue(context, numbers, lambda catalog, ids: catalog.downloads.retry(ids))


@downloads_command.command("cancel")
@numbers_argument
@click.option("--all", "everything", is_flag=True, help="All that is not done.")
@pass_context
def cancel_command(context: Context, numbers: tuple[int, ...], everything: bool) -> None:
    """Cancel downloads and delete what has come of them."""
    from loradex.catalog.download_store import UNFINISHED  # noqa: PLC0415
    from loradex.operations.downloads.queue import cancel_downloads  # noqa: PLC0415

    if everything == bool(numbers):
        raise UsageError("Name the downloads to cancel, or use --all.")

    def cancel(catalog: Catalog, ids: Collection[int] | None) -> list[Download]:
        if ids is None:
            ids = [each.id for each in catalog.downloads.downloads(UNFINISHED)]
        return cancel_downloads(catalog, ids)

    _change(context, numbers, cancel, "cancelled")


@downloads_command.command("clear")
@numbers_argument
@pass_context
def clear_command(context: Context, numbers: tuple[int, ...]) -> None:
    """Take downloads that are done or cancelled off the list; by number, failed ones, too."""
    from loradex.operations.downloads.queue import clear_downloads  # noqa: PLC0415

    _change(context, numbers, clear_downloads, "off the list")


def _requeue(context: Context, numbers: tuple[int, ...], change: Change) -> None:
    """Put downloads back into the queue; say so when nobody works through it."""
    from loradex.operations.downloads.queue import downloader  # noqa: PLC0415

    if not _change(context, numbers, change, "in the queue"):
        return
    with context.catalog() as catalog:
        holder = downloader(catalog)
    if holder is None:
        click.echo("Nobody is downloading: loradex hub downloads run", err=True)


def _change(context: Context, numbers: tuple[int, ...], change: Change, done: str) -> int:
    """Change the queue and say how many downloads that was, which is returned.

    Numbers that nothing has are refused.
    """
    with context.catalog() as catalog:
        known = {each.id for each in catalog.downloads.some(numbers)}
        unknown = [str(number) for number in numbers if number not in known]
        if unknown:
            raise UsageError(
                f"There is no download {', '.join(unknown)}.",
                hint="See the numbers with: loradex hub downloads",
            )
        changed = change(catalog, numbers or None)
    left = len(numbers) - len(changed)
    text = f"{count_text(len(changed), 'download')} {done}."
    if left > 0:
        text += f" {left:,} of them stay as they are."
    click.echo(text)
    return len(changed)


def _print_queue(queue: list[Download]) -> None:
    print_table(
        [
            Column("ID", right=True),
            Column("State"),
            Column("Done", right=True),
            Column("Size", right=True),
            Column("Where", shrink=True, tail=True),
            Column("Note", shrink=True, drop=True),
        ],
        [
            (
                str(each.id),
                each.state.value,
                _done(each),
                "?" if each.size_bytes is None else size_text(each.size_bytes),
                _where(each),
                each.error or "",
            )
            for each in queue
        ],
    )


def _done(download: Download) -> str:
    if download.state is DownloadState.DONE or not download.size_bytes:
        return ""
    return f"{100 * min(download.done_bytes / download.size_bytes, 1):.0f} %"


def _where(download: Download) -> str:
    from loradex.cli.hub_get_text import place_text  # noqa: PLC0415

    return display_text(place_text(download.path))
