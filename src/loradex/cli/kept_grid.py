"""What `loradex grids` does with one grid: list its cells, delete it, write it to files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from loradex.cli.columns import Column, print_table
from loradex.cli.jsontext import print_json_list
from loradex.cli.words import count_text, size_text
from loradex.domain.text import display_text

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.domain.grid import GridRecord, RecordCell


def list_cells(catalog: Catalog, grid_id: int, *, as_json: bool) -> None:
    """Print a line for each cell of a grid: its place, what became of it, its digest."""
    record, cells = catalog.grids.grid(grid_id), catalog.grids.cells(grid_id)
    if as_json:
        print_json_list(
            {
                "place": _place(record, cell),
                "picture": cell.path,
                "error": cell.error,
                "seconds": cell.seconds,
                "digest": cell.key,
            }
            for cell in cells
        )
        return
    columns = [Column(axis.kind.value, shrink=True) for axis in record.axes]
    columns += [Column("Picture", shrink=True), Column("Digest")]
    print_table(
        columns,
        [(*_place(record, cell).values(), _state(cell), cell.key[:16]) for cell in cells],
    )


def delete(catalog: Catalog, grid_id: int, *, dry_run: bool) -> None:
    """Delete a grid, or say what would go."""
    from loradex.operations.grid_deleting import delete_grid, deletion_of  # noqa: PLC0415

    gone = (deletion_of if dry_run else delete_grid)(catalog, grid_id)
    verb = "Would delete" if dry_run else "Deleted"
    told = f"{verb} grid {grid_id} with {count_text(gone.pictures, 'picture')}"
    told += f", {size_text(gone.size)}."
    if gone.shared:
        told += f" {count_text(gone.shared, 'picture')} of other grids stay."
    if gone.verdicts:
        told += f" {count_text(gone.verdicts, 'verdict')} stay without their pictures."
    click.echo(told)


def export(catalog: Catalog, grid_id: int, to: Path | None, forms: Sequence[str]) -> None:
    """Write a grid to files, and say where they are."""
    from loradex.operations.grid_export import (  # noqa: PLC0415
        GridForm,
        export_folder,
        export_grid,
    )

    chosen = [GridForm(form) for form in forms] or [GridForm.SHEET, GridForm.PAGE, GridForm.TABLE]
    done = export_grid(catalog, grid_id, to or export_folder(catalog, grid_id), chosen)
    for path in done.files:
        click.echo(display_text(str(path)))


def _place(record: GridRecord, cell: RecordCell) -> dict[str, str]:
    return {
        axis.kind.value: axis.labels[number]
        for axis, number in zip(record.axes, cell.at, strict=True)
    }


def _state(cell: RecordCell) -> str:
    if cell.path is not None:
        return cell.path
    return f"failed: {cell.error}" if cell.error is not None else "not drawn yet"
