"""`loradex preview`: a picture of each model that has none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.jsontext import print_json
from loradex.cli.progress import JsonSink, progress_option, shown_progress
from loradex.cli.select import REF_HELP, selected
from loradex.cli.words import count_text, duration_text
from loradex.domain.axes import AxisKind
from loradex.domain.text import display_text
from loradex.errors import UsageError

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.operations.grid_request import GridRequest
    from loradex.operations.preview_drawing import PreviewReport
    from loradex.operations.preview_plan import PreviewPlan

PARTLY = 3
_SHOWN = 12
_HOUR = 3600
_LOOK = {
    "negative": AxisKind.NEGATIVE,
    "size": AxisKind.SIZE,
    "steps": AxisKind.STEPS,
    "seed": AxisKind.SEED,
}


@click.command(
    "preview",
    help=f"""Draw one standard picture of each model, so that lists and pages can show it.

\b
  loradex preview --missing --hours 2           # the most wanted that have none, for two hours
  loradex preview neon_knight rain -c dreamer_xl
  loradex preview -q "kind:lora tag:style" --prompt "a castle" --dry-run

Favourites come first, then what is rated highest (unrated stands between two and three), then
the newest. A LoRA is drawn at strength 1 with its trigger words, on the checkpoint that fits it
best: one of its own derivative, then one that has drawn before. A checkpoint is drawn alone.

What was drawn is not drawn again, so the next call goes on where this one stopped. Nothing is
written beside model files unless you say --beside.

REF is {REF_HELP}.""",
)
@click.argument("references", nargs=-1, metavar="[REF...]")
@click.option("-q", "--query", metavar="QUERY", help="Every LoRA and checkpoint it finds.")
@click.option(
    "--missing",
    is_flag=True,
    help="Only what has no picture: of a grid, beside its file, or on the hub. Without REF and"
    " QUERY of all that there is.",
)
@click.option("--hours", type=click.FloatRange(0, 10_000, min_open=True), help="Stop after this.")
@click.option("-c", "--checkpoint", metavar="REF", help="Draw every LoRA that fits on this one.")
@click.option("-p", "--prompt", metavar="TEXT", help="Another prompt than the standard one.")
@click.option("--negative", default="", metavar="TEXT", help="A negative prompt.")
@click.option("--size", default="", help="512x768; what suits the checkpoint when left out.")
@click.option("--steps", type=click.IntRange(1, 1000), help="Denoising steps.")
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="The seed of them all."
)
@click.option("--device", default="auto", help="cpu, cuda, cuda:1 …")
@click.option(
    "--beside",
    is_flag=True,
    help="Also put each picture beside its model as NAME.preview.png, where none lies yet.",
)
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would be drawn.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@progress_option
@pass_context
def preview_command(
    context: Context,
    /,
    references: tuple[str, ...],
    query: str | None,
    missing: bool,
    hours: float | None,
    checkpoint: str | None,
    prompt: str | None,
    device: str,
    beside: bool,
    dry_run: bool,
    as_json: bool,
    progress: str,
    **look: object,
) -> None:
    """Draw one standard picture of each model."""
    from loradex.operations.preview_drawing import draw_previews  # noqa: PLC0415
    from loradex.operations.preview_plan import plan_previews  # noqa: PLC0415

    if not (references or query is not None or missing):
        raise UsageError(
            "Nothing says which models to draw.",
            hint="Name some, find some with --query, or say --missing for all without a picture.",
        )
    chosen = _look(prompt, device, look)
    with context.catalog() as catalog, stoppable() as cancel:
        ids = selected(catalog, references, query) if references or query is not None else None
        with shown_progress(progress, cancel) as sink:
            plan = plan_previews(
                catalog,
                ids,
                missing=missing,
                limit=context.settings().content_limit,
                checkpoint=catalog.resolve(checkpoint) if checkpoint else None,
                sink=sink,
                cancel=cancel,
            )
        if dry_run:
            _report_plan(catalog, plan, chosen, as_json=as_json)
            return
        with shown_progress(progress, cancel) as sink:
            for problem in plan.left_out:
                sink.problem(problem)
            report = draw_previews(
                catalog,
                plan,
                chosen,
                seconds=None if hours is None else hours * _HOUR,
                beside=beside,
                sink=sink,
                cancel=cancel,
            )
            if isinstance(sink, JsonSink):
                sink.tell("done", message=_sentence(report))
    _report(report, plan, as_json=as_json, quiet=progress == "json")
    if report.failed:
        click.get_current_context().exit(PARTLY)


def _look(prompt: str | None, device: str, look: Mapping[str, object]) -> GridRequest:
    """Return what all pictures have in common: one value of everything."""
    from loradex.operations.grid_request import AxisRequest, GridRequest  # noqa: PLC0415
    from loradex.operations.preview_drawing import USUAL_PROMPT  # noqa: PLC0415
    from loradex.render.ranges import parse_sizes  # noqa: PLC0415

    if len(parse_sizes(str(look["size"] or "64"))) != 1:
        raise UsageError("All pictures have one size.", hint="Write it as --size 512x768.")
    axes = [AxisRequest(AxisKind.PROMPT, (USUAL_PROMPT if prompt is None else prompt,))]
    axes += [
        AxisRequest(_LOOK[key], (str(value),))
        for key, value in look.items()
        if value not in (None, "")
    ]
    return GridRequest(tuple(axes), device=device)


def _report_plan(catalog: Catalog, plan: PreviewPlan, look: GridRequest, *, as_json: bool) -> None:
    from loradex.operations.preview_drawing import estimate_previews  # noqa: PLC0415

    todo, seconds = estimate_previews(catalog, plan, look)
    if as_json:
        print_json(
            {
                "to_draw": todo,
                "seconds": seconds,
                "shown": plan.shown,
                "portions": [
                    {
                        "checkpoint": {
                            "id": portion.checkpoint.id,
                            "name": portion.checkpoint.name,
                        },
                        "models": [{"id": row.id, "name": row.name} for row in portion.models],
                    }
                    for portion in plan.portions
                ],
                "left_out": [{"name": one.item, "reason": one.message} for one in plan.left_out],
            }
        )
        return
    for portion in plan.portions:
        names = ", ".join(display_text(row.name, 60) for row in portion.models[:_SHOWN])
        rest = len(portion.models) - _SHOWN
        more = f" … and {rest:,} more" if rest > 0 else ""
        click.echo(f"On {display_text(portion.checkpoint.name, 60)}: {names}{more}")
    for problem in plan.left_out[:_SHOWN]:
        click.echo(f"Left out: {display_text(problem.item, 60)}. {display_text(problem.message)}")
    if len(plan.left_out) > _SHOWN:
        click.echo(f"Left out: {len(plan.left_out) - _SHOWN:,} more.")
    if plan.shown:
        click.echo(f"{count_text(plan.shown, 'model')} with a picture already.")
    known = f", in about {duration_text(seconds)}" if seconds and todo else ""
    click.echo(f"{count_text(todo, 'picture')} would be drawn{known}.")


def _report(report: PreviewReport, plan: PreviewPlan, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        print_json(
            {
                "drawn": report.drawn,
                "reused": report.reused,
                "shown": plan.shown,
                "left": report.left,
                "left_out": [{"name": one.item, "reason": one.message} for one in plan.left_out],
                "failed": [{"name": one.item, "message": one.message} for one in report.failed],
                "beside": [str(path) for path in report.beside],
                "seconds": round(report.seconds, 3),
            }
        )
    elif not quiet:
        for problem in report.failed:
            name, reason = display_text(problem.item, 60), display_text(problem.message)
            click.echo(f"  failed: {name}: {reason}", err=True)
        click.echo(_sentence(report))


def _sentence(report: PreviewReport) -> str:
    """Return what became of all."""
    text = f"{count_text(report.drawn, 'picture')} drawn"
    if report.reused:
        text += f", {report.reused:,} existed already"
    if report.beside:
        text += f", {len(report.beside):,} put beside their models"
    if report.failed:
        text += f", {len(report.failed):,} failed"
    text += f", in {duration_text(report.seconds)}."
    if report.left:
        text += f" {count_text(report.left, 'model')} left for the next call."
    return text
