"""Delete a grid: what would go with it, and what stays."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from loradex.catalog.catalog import Catalog


@dataclass(frozen=True, slots=True)
class GridDeletion:
    """What deleting a grid means. `size` is in bytes, of what would go; files that are missing
    already are not counted.

    `shared` pictures stay, since other grids show them; `verdicts` stay without their pictures.
    """

    grid_id: int
    title: str
    pictures: int
    shared: int
    size: int
    verdicts: int


def deletion_of(catalog: Catalog, grid_id: int) -> GridDeletion:
    """Return what deleting a grid means; raise `BadReference` when there is none."""
    record = catalog.grids.grid(grid_id)
    own = catalog.grids.own_pictures(grid_id)
    files = [Path(path) for _, path in own]
    files += [path for path in _folder(catalog, grid_id).rglob("*") if path.is_file()]
    size = 0
    for path in files:
        with suppress(OSError):
            size += path.stat().st_size
    return GridDeletion(
        grid_id,
        record.title,
        pictures=len(own),
        shared=record.cells_done - len(own),
        size=size,
        verdicts=len(catalog.grids.verdicts_on(grid_id)),
    )


def delete_grid(catalog: Catalog, grid_id: int) -> GridDeletion:
    """Delete a grid, its sheets and page, and the pictures that no other grid has.

    The catalog forgets them first: a file that cannot be removed is only left over. Raises
    `BadReference` when there is no such grid.
    """
    what = deletion_of(catalog, grid_id)
    own = catalog.grids.own_pictures(grid_id)
    catalog.grids.delete(grid_id, [key for key, _ in own])
    renders = catalog.home.renders.resolve()
    for _, text in own:
        path = Path(text)
        # Only what loradex drew: a path in the catalog is no leave to remove anything else.
        if path.resolve().is_relative_to(renders):
            with suppress(OSError):
                path.unlink()
    shutil.rmtree(_folder(catalog, grid_id), ignore_errors=True)
    return what


def _folder(catalog: Catalog, grid_id: int) -> Path:
    return catalog.home.grids / f"{grid_id:05d}"
