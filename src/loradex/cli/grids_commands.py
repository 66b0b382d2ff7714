"""`loradex grids`: list the grids drawn so far."""

from __future__ import annotations

from pathlib import Path

import click

from loradex.cli.columns import Column, print_table
from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import print_json_list
from loradex.cli.words import date_text
from loradex.domain.grid import GridRecord
from loradex.errors import UsageError


@click.command("grids")
@click.argument("reference", required=False, metavar="[REF]")
@click.option("--cells", type=int, metavar="ID", help="List the cells of that grid instead.")
@click.option(
    "--delete",
    type=int,
    metavar="ID",
    help="Delete that grid, and its pictures that no other grid has.",
)
@click.option(
    "--export", type=int, metavar="ID", help="Write that grid, as far as it is drawn, to files."
)
@click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="With --export: where to; the grid's own folder when left out.",
)
@click.option(
    "--form",
    "forms",
    type=click.Choice(["sheet", "page", "table", "pictures"]),
    multiple=True,
    help="With --export: what to write; may be repeated. Sheet, page and table when left out.",
)
@click.option("-n", "--dry-run", is_flag=True, help="With --delete: only say what would go.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@pass_context
def grids_command(
    context: Context,
    reference: str | None,
    cells: int | None,
    delete: int | None,
    export: int | None,
    to: Path | None,
    forms: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
) -> None:
    """List the grids drawn so far, newest first; only those of one model with REF."""
    from loradex.cli import kept_grid  # noqa: PLC0415

    if sum(way is not None for way in (cells, delete, export, reference)) > 1:
        raise UsageError("REF, --cells, --delete and --export do not go together.")
    with context.catalog() as catalog:
        if cells is not None:
            kept_grid.list_cells(catalog, cells, as_json=as_json)
            return
        if delete is not None:
            kept_grid.delete(catalog, delete, dry_run=dry_run)
            return
        if export is not None:
            kept_grid.export(catalog, export, to, forms)
            return
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
