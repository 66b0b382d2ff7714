"""`loradex demo`: the whole loop on a library made from nothing."""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.plugin_problems import report_problems
from loradex.cli.progress import TerminalSink, progress_option, shown_progress
from loradex.cli.words import count_text, duration_text, size_text
from loradex.domain.text import display_text
from loradex.paths import expanded

if TYPE_CHECKING:
    from loradex.demo.tour import Tour
    from loradex.domain.progress import ProgressSink


@click.command("demo")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("loradex-demo"),
    show_default=True,
    help="Where to put everything; may be deleted as a whole.",
)
@click.option("--fresh", is_flag=True, help="Start over instead of reusing an earlier demo.")
@click.option("--tui", is_flag=True, help="End in the terminal UI, on the demo's library.")
@progress_option
@pass_context
def demo_command(context: Context, folder: Path, fresh: bool, tui: bool, progress: str) -> None:
    """Build a small sample library and run the whole loop on it.

    Needs no GPU, no network and no models: it makes files with the names and shapes of real ones,
    scans and identifies them, matches them with a small hub on this machine, draws a grid with a
    small checkpoint, and measures what three LoRAs do. Your own catalog is not touched.
    """
    from loradex.demo.tour import prepare_folder, run_tour  # noqa: PLC0415

    started = time.monotonic()
    target = expanded(folder).absolute()
    prepare_folder(target, fresh=fresh)
    plugins = context.plugins()
    with stoppable() as cancel, shown_progress(progress, cancel) as sink:
        tour = run_tour(
            target,
            settings=context.settings(),
            plugins=plugins,
            sink=sink,
            cancel=cancel,
            say=partial(_say, sink),
        )
    report_problems(plugins)
    _print_summary(tour, time.monotonic() - started)
    if tui:
        from loradex.cli.frontend import open_tui  # noqa: PLC0415

        click.get_current_context().exit(open_tui(Context(tour.home, context.debug)))


def _say(sink: ProgressSink, text: str) -> None:
    if isinstance(sink, TerminalSink):
        sink.clear()
    click.echo(display_text(text))


def _print_summary(tour: Tour, seconds: float) -> None:
    click.echo()
    click.echo(click.style(f"Done in {duration_text(seconds)}.", bold=True))
    for title, text in _done(tour):
        click.echo(f"  {click.style(f'{title:<10}', dim=True)} {display_text(text)}")
    if tour.grid is None:
        click.echo(
            "\nNo grid was drawn and no LoRA probed: that needs torch."
            ' Run pip install "loradex[render]".'
        )
    # From a virtual environment that is not activated, the bare name would not be found.
    program = "loradex" if shutil.which("loradex") else shlex.quote(sys.argv[0])
    home = shlex.quote(str(tour.home.root))
    click.echo("\nGo on with it:")
    for command, what in _next(tour):
        click.echo(f"  {program} --home {home}{command}   # {what}")


def _done(tour: Tour) -> Iterator[tuple[str, str]]:
    """Yield what was done, and where it is: a title and a text each."""
    scanned, hashed, matched = tour.scanned, tour.hashed, tour.matched
    yield (
        "Scanned",
        f"{count_text(scanned.seen, 'model file')}, {scanned.new:,} new; hashed"
        f" {count_text(hashed.files, 'file')} ({size_text(hashed.nbytes)})"
        f" in {duration_text(hashed.seconds)}",
    )
    yield (
        "Set aside",
        f"{count_text(tour.broken, 'broken file')} and"
        f" {count_text(scanned.downloads, 'unfinished download')}, put there on purpose",
    )
    yield (
        "Matched",
        f"{count_text(tour.known, 'model')} known to the hub, {matched.matched:,} of them new;"
        f" {count_text(matched.words, 'trigger word')}",
    )
    grid = tour.grid
    if grid is not None:
        yield (
            "Drew",
            f"{count_text(grid.drawn, 'picture')}, {grid.reused:,} were there already;"
            f" {duration_text(grid.seconds)}",
        )
    for one in tour.verdicts:
        yield "Probed", f"{one.name}: {one.headline}"
    yield "Models", str(tour.models)
    yield "Catalog", str(tour.home.catalog)
    if grid is not None:
        yield "Sheet", str(grid.sheets[0])
        yield "Page", str(grid.page)
    for one in tour.verdicts:
        if one.page is not None:
            yield "Probe", str(one.page)


def _next(tour: Tour) -> Iterator[tuple[str, str]]:
    """Yield commands to go on with, each with what it shows."""
    yield "", "the terminal UI"
    yield " list kind:lora base:sdxl", "find"
    yield f" show {tour.example} --why", "everything about one, with reasons"
    if tour.verdicts:
        yield " verdict list", "what the probes found"
        yield " list verdict:dead-trigger", "LoRAs whose trigger word does nothing"
    yield " list is:duplicate", "the same bytes twice"
    yield " list is:unreadable", "what is broken"
