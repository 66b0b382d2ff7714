"""`loradex demo`: the whole loop on a library made from nothing."""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.progress import progress_option, shown_progress
from loradex.cli.words import count_text, duration_text, size_text
from loradex.domain.text import display_text
from loradex.paths import expanded

if TYPE_CHECKING:
    from loradex.demo.tour import Tour


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
    scans and identifies them, matches them with a small hub on this machine, and draws a grid with
    tiny checkpoints. Your own catalog is not touched.
    """
    from loradex.demo.tour import prepare_folder, run_tour  # noqa: PLC0415

    started = time.monotonic()
    target = expanded(folder).absolute()
    prepare_folder(target, fresh=fresh)
    with stoppable() as cancel, shown_progress(progress, cancel) as sink:
        tour = run_tour(
            target, settings=context.settings(), sink=sink, cancel=cancel, say=click.echo
        )
    _print_summary(tour, time.monotonic() - started)
    if tui:
        from loradex.cli.frontend import open_tui  # noqa: PLC0415

        click.get_current_context().exit(open_tui(Context(tour.home, context.debug)))


def _print_summary(tour: Tour, seconds: float) -> None:
    scanned, hashed, matched = tour.scanned, tour.hashed, tour.matched
    click.echo()
    click.echo(click.style(f"Done in {duration_text(seconds)}.", bold=True))
    lines = [
        (
            "Scanned",
            f"{count_text(scanned.seen, 'model file')}, {scanned.new:,} new; hashed"
            f" {count_text(hashed.files, 'file')} ({size_text(hashed.nbytes)})"
            f" in {duration_text(hashed.seconds)}",
        ),
        (
            "Set aside",
            f"{count_text(tour.broken, 'broken file')} and"
            f" {count_text(scanned.downloads, 'unfinished download')}, put there on purpose",
        ),
        (
            "Matched",
            f"{count_text(tour.known, 'model')} known to the hub, {matched.matched:,} of them new;"
            f" {count_text(matched.words, 'trigger word')}",
        ),
    ]
    if tour.grid is not None:
        lines.append(
            (
                "Drew",
                f"{count_text(tour.grid.drawn, 'picture')}, {tour.grid.reused:,} were there"
                f" already; {duration_text(tour.grid.seconds)}",
            )
        )
    lines += [("Models", str(tour.models)), ("Catalog", str(tour.home.catalog))]
    if tour.grid is not None:
        lines += [("Sheet", str(tour.grid.sheets[0])), ("Page", str(tour.grid.page))]
    for title, text in lines:
        click.echo(f"  {click.style(f'{title:<10}', dim=True)} {display_text(text)}")
    if tour.grid is None:
        click.echo('\nNo grid was drawn: that needs torch. Run pip install "loradex[render]".')
    # From a virtual environment that is not activated, the bare name would not be found.
    program = "loradex" if shutil.which("loradex") else shlex.quote(sys.argv[0])
    home = shlex.quote(str(tour.home.root))
    click.echo("\nGo on with it:")
    for command, what in (
        ("", "the terminal UI"),
        (" list kind:lora base:sdxl", "find"),
        (f" show {tour.example} --why", "everything about one, with reasons"),
        (" list is:duplicate", "the same bytes twice"),
        (" list is:unreadable", "what is broken"),
    ):
        click.echo(f"  {program} --home {home}{command}   # {what}")
