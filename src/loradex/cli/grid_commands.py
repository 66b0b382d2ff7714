"""`loradex grid`: draw sample grids."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING, TypedDict

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.grid_options import axis_options, read_text, request_from
from loradex.cli.grid_report import report_preview, report_result
from loradex.cli.plugin_problems import notify
from loradex.cli.progress import JsonSink, progress_option, shown_progress
from loradex.cli.select import REF_HELP
from loradex.cli.words import count_text, duration_text
from loradex.domain.text import display_text
from loradex.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from loradex.catalog.catalog import Catalog
    from loradex.domain.progress import CancelToken, ProgressSink
    from loradex.operations.grid_request import GridRequest
    from loradex.operations.grids import GridResult

PARTLY = 3


@click.command(
    "grid",
    help=f"""Draw what LORAs do, side by side: a picture for every combination of what varies.

Whatever is given several values varies. Lists and ranges: 0,0.5,1 is three values, 0..1.2:0.2
goes by steps of 0.2, "a, b" in quotes is one value.

\b
  loradex grid neon_knight -p "a knight" -p "a street"
  loradex grid neon_knight -c dreamer_xl -s 0..1.2:0.2 --seeds 1..4
  loradex grid neon_knight --trigger on,off --dry-run
  loradex grid -q "tag:style base:sdxl" -c dreamer_xl -p "a castle" --pages lora
  loradex grid neon_knight --sampler "Euler a,DPM++ 2M" --x sampler --y strength
  loradex grid -c dreamer_xl -c painter -p "a boat, <lora:rain:0.8>" --steps 10..30:10
  loradex grid --spec grid.toml
  loradex grid --from 12 -s 0..1.2:0.1             # grid 12 again, with another axis
  loradex grid --resume 12                         # what grid 12 lacks, into grid 12

What you leave out suits the checkpoint, and the checkpoint alone is always beside the LoRA. A
picture is never drawn twice: ask again after an interruption, or for more, and only what is
missing is drawn. The result is a sheet (PNG) and a page to look at in a browser.

LORA is {REF_HELP}. All that a grid can vary, and grids as files: docs/grids.md.""",
)
@click.argument("loras", nargs=-1, metavar="[LORA...]")
@axis_options
@click.option(
    "--spec",
    type=click.File("rb"),
    metavar="FILE",
    help="A grid as a TOML file (- is standard input); a flag wins over what it says.",
)
@click.option(
    "--from", "again", type=int, metavar="ID", help="As that grid, but for what flags say."
)
@click.option(
    "--preset",
    type=click.Choice(["sweep", "quick", "probe", "checkpoints", "prompts"]),
    help="Begin from a usual grid of LORAS; what flags say comes before it.",
)
@click.option(
    "--resume", type=int, metavar="ID", help="Draw what that grid lacks, or failed, into it."
)
@click.option(
    "--redraw",
    multiple=True,
    metavar="DIGEST",
    help="With --resume: draw this cell again (`loradex grids --cells ID`); may be repeated.",
)
@click.option(
    "--write-spec",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Draw nothing, but write what is asked for as a TOML file for --spec.",
)
@click.option("-n", "--dry-run", is_flag=True, help="Check everything and count; draw nothing.")
@click.option(
    "--offline", is_flag=True, help="Download nothing, not even a tokenizer that is missing."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@progress_option
@pass_context
def grid_command(
    context: Context,
    /,
    loras: tuple[str, ...],
    spec: IO[bytes] | None,
    again: int | None,
    preset: str | None,
    resume: int | None,
    redraw: tuple[str, ...],
    write_spec: Path | None,
    dry_run: bool,
    offline: bool,
    as_json: bool,
    progress: str,
    **options: object,
) -> None:
    """Draw a sample grid of LORAs."""
    from loradex.operations.grid_again import resume_grid  # noqa: PLC0415
    from loradex.operations.grids import draw_grid, preview_grid  # noqa: PLC0415

    _check_ways((spec, again, preset, resume), redraw)
    with context.catalog() as catalog, stoppable() as cancel:
        if resume is None:
            described, name = _described(catalog, spec, again)
            if preset is not None:
                described, name = _preset(catalog, preset, loras, options), f"the preset {preset}"
            request = request_from(loras, options, described, name=name)
            if write_spec is not None:
                _write_spec(request, write_spec)
                return
            if dry_run:
                with shown_progress(progress, cancel) as sink:
                    preview = preview_grid(
                        catalog, request, offline=offline, sink=sink, cancel=cancel
                    )
                report_preview(preview, as_json=as_json)
                return
        with shown_progress(progress, cancel) as sink:

            def on_started(grid_id: int) -> None:
                if isinstance(sink, JsonSink):
                    sink.tell("started", grid_id=grid_id)

            tools = _Tools(offline=offline, sink=sink, cancel=cancel, on_started=on_started)
            if resume is not None:
                result = resume_grid(catalog, resume, redraw=redraw, **tools)
            else:
                result = draw_grid(catalog, request, **tools)
            if isinstance(sink, JsonSink):
                sink.tell("done", message=sentence(result))
    report_result(result, sentence(result), as_json=as_json, quiet=progress == "json")
    _notify(context, result)
    if result.failed:
        click.get_current_context().exit(PARTLY)


class _Tools(TypedDict):
    """What drawing is given, whichever grid it is of."""

    offline: bool
    sink: ProgressSink
    cancel: CancelToken
    on_started: Callable[[int], None]


def _described(catalog: Catalog, spec: IO[bytes] | None, again: int | None) -> tuple[str, str]:
    """Return the TOML that flags are put on top of, and what to call it."""
    from loradex.operations.grid_again import request_of_grid  # noqa: PLC0415
    from loradex.operations.grid_toml import LARGEST_TOML, write_toml  # noqa: PLC0415

    if again is not None:
        return write_toml(request_of_grid(catalog, again)), f"grid {again}"
    if spec is not None:
        return read_text(spec, LARGEST_TOML), str(spec.name)
    return "", ""


def _write_spec(request: GridRequest, path: Path) -> None:
    from loradex.operations.grid_specs import save_spec  # noqa: PLC0415

    written = save_spec(request, path)
    click.echo(f"Written: {display_text(str(written))}. `loradex grid --spec FILE` draws it.")


def _preset(
    catalog: Catalog, preset: str, loras: tuple[str, ...], options: Mapping[str, object]
) -> str:
    """Return a usual grid of what flags name, as TOML."""
    from loradex.operations.grid_presets import preset_request  # noqa: PLC0415
    from loradex.operations.grid_toml import write_toml  # noqa: PLC0415

    named = options["checkpoints"]
    checkpoints = named if isinstance(named, tuple) else ()
    query = options["query"]
    found = catalog.ids(str(query)) if query else []
    models = [*(catalog.resolve(str(one)) for one in (*loras, *checkpoints)), *found]
    return write_toml(preset_request(catalog, preset, models))


def _check_ways(ways: Sequence[object], redraw: tuple[str, ...]) -> None:
    if sum(way is not None for way in ways) > 1:
        raise UsageError(
            "--spec, --from, --preset and --resume do not go together.", hint="Keep one."
        )
    if redraw and ways[-1] is None:
        raise UsageError("--redraw says which cells of a grid.", hint="Add --resume ID.")


def sentence(result: GridResult) -> str:
    """Return what became of a grid."""
    text = f"Grid {result.grid_id}: {count_text(result.drawn, 'picture')} drawn"
    if result.reused:
        text += f", {result.reused:,} existed already"
    if result.failed:
        text += f", {len(result.failed):,} failed"
    return f"{text}, in {duration_text(result.seconds)}."


def _notify(context: Context, result: GridResult) -> None:
    from loradex.plugin_api import GridFinished  # noqa: PLC0415

    notify(
        context,
        GridFinished(
            title=result.title,
            folder=str(result.folder),
            rendered=result.drawn,
            reused=result.reused,
            failed=len(result.failed),
        ),
    )
