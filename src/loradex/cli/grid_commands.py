"""`loradex grid`: draw sample grids."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.grid_options import axis_options, request_from
from loradex.cli.grid_report import report_preview, report_result
from loradex.cli.plugin_problems import notify
from loradex.cli.progress import JsonSink, progress_option, shown_progress
from loradex.cli.select import REF_HELP
from loradex.cli.words import count_text, duration_text

if TYPE_CHECKING:
    from loradex.operations.grids import GridResult

PARTLY = 3


@click.command(
    "grid",
    help=f"""Draw a sample grid of LORAs: every strength, prompt and seed.

\b
  loradex grid neon_knight --prompt "a knight" --prompt "a street"
  loradex grid neon_knight -c dreamer_xl --strengths 0..1.2:0.2 --seeds 1..4
  loradex grid -q "kind:lora is:untested" --trigger on,off --dry-run
  loradex grid neon_knight --axis sampler="Euler a, DPM++ 2M" --x sampler --y strength
  loradex grid --spec grid.toml

Pictures are kept by what determines them: a cell that was ever drawn is not drawn again, and an
interrupted grid goes on where it was. Strength 0 is the checkpoint alone. Trigger words come and
go with the LoRA unless --trigger says otherwise.

LORA is {REF_HELP}.""",
)
@click.argument("loras", nargs=-1, metavar="[LORA...]")
@axis_options
@click.option("--spec", type=click.File(encoding="utf-8"), help="A grid as TOML; flags add to it.")
@click.option("--spec-text", default="", hidden=True)
@click.option("-n", "--dry-run", is_flag=True, help="Check everything and count; draw nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@progress_option
@pass_context
def grid_command(
    context: Context,
    /,
    loras: tuple[str, ...],
    spec: IO[str] | None,
    spec_text: str,
    dry_run: bool,
    as_json: bool,
    progress: str,
    **options: object,
) -> None:
    """Draw a sample grid of LORAs."""
    from loradex.operations.grids import draw_grid, preview_grid  # noqa: PLC0415

    described = spec.read() if spec is not None else spec_text
    name = spec.name if spec is not None else "the grid"
    request = request_from(loras, options, described, name=name)
    with context.catalog() as catalog, stoppable() as cancel:
        if dry_run:
            report_preview(preview_grid(catalog, request), as_json=as_json)
            return
        with shown_progress(progress, cancel) as sink:
            result = draw_grid(
                catalog,
                request,
                sink=sink,
                cancel=cancel,
                on_started=lambda grid_id: (
                    sink.tell("started", grid_id=grid_id) if isinstance(sink, JsonSink) else None
                ),
            )
            if isinstance(sink, JsonSink):
                sink.tell("done", message=sentence(result))
    report_result(result, sentence(result), as_json=as_json, quiet=progress == "json")
    _notify(context, result)
    if result.failed:
        click.get_current_context().exit(PARTLY)


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
