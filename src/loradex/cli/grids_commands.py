"""`loradex grids`: list the grids drawn so far."""

from __future__ import annotations

import click

from loradex.cli.columns import Column, print_table
from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import print_json_list
from loradex.cli.words import date_text
from loradex.domain.grid import GridRecord


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
        "prompt": grid.prompt,
        "axes": [{"kind": axis.kind, "values": list(axis.texts)} for axis in grid.axes],
        "cells": grid.cells_total,
        "done": grid.cells_done,
        "failed": grid.cells_failed,
        "folder": grid.folder,
        "sheet": grid.sheet_path,
        "page": grid.page_path,
    }
