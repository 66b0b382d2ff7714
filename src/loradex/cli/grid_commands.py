"""`loradex grid` and `loradex grids`: draw sample grids and list them."""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING

import click

from loradex.cli.columns import Column, print_table
from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.jsontext import print_json, print_json_list
from loradex.cli.plugin_problems import notify
from loradex.cli.progress import JsonSink, progress_option, shown_progress
from loradex.cli.select import REF_HELP
from loradex.cli.words import count_text, date_text, duration_text
from loradex.domain.grid import GridRecord, RenderSettings
from loradex.domain.text import display_text
from loradex.errors import UsageError

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.operations.grids import GridRequest, GridResult

PARTLY = 3


@click.command(
    "grid",
    help=f"""Draw a sample grid of LORAs: every strength, prompt and seed.

\b
  loradex grid neon_knight --prompt "a knight, neonkn" --prompt "a street"
  loradex grid neon_knight -c dreamer_xl --strengths 0..1.2:0.2 --seeds 1..4
  loradex grid 12 15 -c 3 --prompt-file prompts.txt --dry-run

Pictures are kept by what determines them: a cell that was ever drawn is not drawn again, and an
interrupted grid goes on where it was. Strength 0 is the checkpoint alone.

LORA is {REF_HELP}.""",
)
@click.argument("loras", nargs=-1, required=True, metavar="LORA...")
@click.option(
    "-c",
    "--checkpoint",
    metavar="REF",
    help="What to draw with; the only one that fits when left out.",
)
@click.option(
    "-s",
    "--strengths",
    default="0,0.5,1",
    show_default=True,
    metavar="LIST",
    help="Numbers and ranges: 0,0.5,1 or 0..1.2:0.2.",
)
@click.option(
    "-p", "--prompt", "prompts", multiple=True, help="A prompt; give as many as you like."
)
@click.option("--prompt-file", type=click.File(encoding="utf-8"), help="A prompt a line.")
@click.option("--seeds", default="1", show_default=True, metavar="LIST", help="1,2,7 or 1..4.")
@click.option("--negative", default="", help="The negative prompt of every cell.")
@click.option("--size", metavar="WxH", help="Pixels; what suits the base model when left out.")
@click.option("--steps", type=int, default=20, show_default=True, help="Inference steps.")
@click.option("--guidance", type=float, default=7.0, show_default=True, help="Guidance scale.")
@click.option("--sampler", default="Euler", show_default=True, help="Euler, DPM++ 2M, DDIM …")
@click.option("--clip-skip", type=int, default=1, show_default=True, help="Counted from 1.")
@click.option("--dtype", default="auto", show_default=True, help="float32, bfloat16 or float16.")
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, cuda:1 …")
@click.option("--title", default="", help="What to call the grid.")
@click.option("-n", "--dry-run", is_flag=True, help="Check everything and count; draw nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@progress_option
@pass_context
def grid_command(
    context: Context,
    /,
    loras: tuple[str, ...],
    checkpoint: str | None,
    strengths: str,
    prompts: tuple[str, ...],
    prompt_file: IO[str] | None,
    seeds: str,
    negative: str,
    size: str | None,
    title: str,
    dry_run: bool,
    as_json: bool,
    progress: str,
    **drawing: object,
) -> None:
    """Draw a sample grid of LORAs."""
    from loradex.operations.grids import (  # noqa: PLC0415
        GridRequest,
        draw_grid,
        fitting_checkpoint,
        preview_grid,
        usual_size,
    )
    from loradex.render.ranges import parse_seeds, parse_strengths  # noqa: PLC0415

    with context.catalog() as catalog, stoppable() as cancel:
        ids = tuple(dict.fromkeys(catalog.resolve(lora) for lora in loras))
        chosen = catalog.resolve(checkpoint) if checkpoint else fitting_checkpoint(catalog, ids)
        lines = [line.strip() for line in prompt_file or ()]
        width, height = _size(size) if size else usual_size(catalog, chosen)
        request = GridRequest(
            checkpoint=chosen,
            loras=ids,
            strengths=parse_strengths(strengths),
            prompts=_prompts(catalog, ids, (*prompts, *(line for line in lines if line))),
            seeds=parse_seeds(seeds),
            negative_prompt=negative,
            settings=_settings(width, height, drawing),
            title=title,
        )
        if dry_run:
            preview = preview_grid(catalog, request)
            click.echo(
                f"{count_text(preview.pictures, 'picture')}, of which {preview.finished:,} exist"
                f" already; {preview.pictures - preview.finished:,} would be drawn."
            )
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
                sink.tell("done", message=_sentence(result))
    _report(result, request, as_json=as_json, quiet=progress == "json")
    _notify(context, request, result)
    if result.failed:
        click.get_current_context().exit(PARTLY)


def _settings(width: int, height: int, drawing: dict[str, object]) -> RenderSettings:
    return RenderSettings(
        width=width,
        height=height,
        num_inference_steps=int(str(drawing["steps"])),
        guidance_scale=float(str(drawing["guidance"])),
        sampler=str(drawing["sampler"]),
        clip_skip=int(str(drawing["clip_skip"])),
        dtype=str(drawing["dtype"]),
        device=str(drawing["device"]),
    )


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})(?:[x×](\d{1,5}))?", text.lower())
    if match is None:
        raise UsageError(f"{text!r} is not a size.", hint="Write it as 512x768, or 512 for both.")
    width = int(match.group(1))
    return width, int(match.group(2) or width)


def _prompts(catalog: Catalog, ids: tuple[int, ...], prompts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the prompts given, else one of the LoRAs' own trigger words."""
    if prompts:
        return tuple(dict.fromkeys(prompts))
    words = [word for row in catalog.rows(ids) for word in row.trigger_words]
    if not words:
        raise UsageError(
            "A grid needs a prompt, and no trigger words are known to make one of.",
            hint='Give one with --prompt "…".',
        )
    return (", ".join(dict.fromkeys(words)),)


def _sentence(result: GridResult) -> str:
    text = f"Grid {result.grid_id}: {count_text(result.drawn, 'picture')} drawn"
    if result.reused:
        text += f", {result.reused:,} existed already"
    if result.failed:
        text += f", {len(result.failed):,} failed"
    return f"{text}, in {duration_text(result.seconds)}."


def _report(result: GridResult, request: GridRequest, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        print_json(
            {
                "id": result.grid_id,
                "checkpoint": request.checkpoint,
                "loras": list(request.loras),
                "folder": str(result.folder),
                "sheet": str(result.sheet),
                "page": str(result.page),
                "drawn": result.drawn,
                "reused": result.reused,
                "failed": [{"key": cell.key, "message": cell.message} for cell in result.failed],
                "seconds": round(result.seconds, 3),
            }
        )
    elif not quiet:
        click.echo(_sentence(result))
        for message in dict.fromkeys(cell.message for cell in result.failed):
            click.echo(f"  failed: {display_text(message)}", err=True)
        click.echo(f"  sheet  {display_text(str(result.sheet))}")
        click.echo(f"  page   {display_text(str(result.page))}")


def _notify(context: Context, request: GridRequest, result: GridResult) -> None:
    from loradex.plugin_api import GridFinished  # noqa: PLC0415

    notify(
        context,
        GridFinished(
            title=request.title,
            folder=str(result.folder),
            rendered=result.drawn,
            reused=result.reused,
            failed=len(result.failed),
        ),
    )


@click.command("grids")
@click.argument("reference", required=False, metavar="[REF]")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@pass_context
def grids_command(context: Context, reference: str | None, as_json: bool) -> None:
    """List the grids drawn so far, newest first; only those of one model with REF."""
    with context.catalog() as catalog:
        grids = catalog.grids.grids(catalog.resolve(reference) if reference else None)
    if as_json:
        print_json_list(_grid_json(grid) for grid in grids)
    elif grids:
        print_table(
            [
                Column("Id", right=True),
                Column("Title", shrink=True),
                Column("Pictures", right=True),
                Column("Drawn"),
                Column("Page", shrink=True),
            ],
            [
                (
                    str(grid.id),
                    grid.title,
                    f"{grid.cells_done}/{grid.cells_total}"
                    + (f" ({grid.cells_failed} failed)" if grid.cells_failed else ""),
                    date_text(grid.created_at),
                    grid.page_path or "–",
                )
                for grid in grids
            ],
        )
    else:
        click.echo("No grid yet. Draw one: loradex grid LORA --prompt …", err=True)


def _grid_json(grid: GridRecord) -> dict[str, object]:
    return {
        "id": grid.id,
        "title": grid.title,
        "created_at": grid.created_at,
        "checkpoint": grid.checkpoint,
        "loras": list(grid.loras),
        "strengths": list(grid.strengths),
        "prompts": list(grid.prompts),
        "seeds": list(grid.seeds),
        "cells": grid.cells_total,
        "done": grid.cells_done,
        "failed": grid.cells_failed,
        "folder": grid.folder,
        "sheet": grid.sheet_path,
        "page": grid.page_path,
    }
