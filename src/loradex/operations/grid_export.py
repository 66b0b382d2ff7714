"""A grid as files for others: its sheets, its page, a table of its cells, and the pictures."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.grid import FailedCell, GridPlan, RenderedCell
from loradex.domain.text import display_text
from loradex.errors import RenderError
from loradex.operations.grid_again import kept_plan
from loradex.operations.grids import finished_cells

_NO_NAME = re.compile(r"[^\w.-]+")
_LONGEST_NAME = 80


class GridForm(StrEnum):
    """What a grid can be written as."""

    SHEET = "sheet"
    """Labelled PNGs, one a page."""
    PAGE = "page"
    """One HTML file to look through."""
    TABLE = "table"
    """A CSV with a line for each cell."""
    PICTURES = "pictures"
    """The pictures themselves, named by their places."""


@dataclass(frozen=True, slots=True)
class GridExport:
    """What was written, and where."""

    folder: Path
    files: tuple[Path, ...]


def export_grid(
    catalog: Catalog, grid_id: int, folder: Path, forms: Sequence[GridForm]
) -> GridExport:
    """Write a kept grid, as far as it is drawn, into `folder`, which is made.

    Files of the same names are replaced. Raises `BadReference` and `CatalogError` for a grid that
    is not there or cannot be read, `RenderError` where the folder cannot be written.
    """
    plan = kept_plan(catalog, grid_id)
    finished = finished_cells(catalog, [cell.key for cell in plan.cells])
    failed = {
        cell.key: FailedCell(cell.key, cell.error)
        for cell in catalog.grids.cells(grid_id)
        if cell.error is not None and cell.key not in finished
    }
    files: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for form in dict.fromkeys(forms):
            files += _WRITERS[form](plan, finished, failed, folder)
    except OSError as error:
        raise RenderError(
            f"Grid {grid_id} cannot be written to {folder}: {error.strerror or error}."
        ) from error
    return GridExport(folder, tuple(files))


def export_folder(catalog: Catalog, grid_id: int) -> Path:
    """Return where a grid is exported unless told: its own folder, where its sheet lies."""
    return catalog.home.grids / f"{grid_id:05d}"


_Finished = Mapping[str, RenderedCell]
_Failed = Mapping[str, FailedCell]


def _sheet(plan: GridPlan, finished: _Finished, failed: _Failed, folder: Path) -> list[Path]:
    from loradex.render.approximations import approximation_notes  # noqa: PLC0415
    from loradex.render.sheet import write_sheet  # noqa: PLC0415

    notes = approximation_notes(plan.spec.base)
    return list(write_sheet(plan, finished, failed, folder / "sheet.png", notes=notes))


def _page(plan: GridPlan, finished: _Finished, failed: _Failed, folder: Path) -> list[Path]:
    from loradex.render.approximations import approximation_notes  # noqa: PLC0415
    from loradex.render.page import write_page  # noqa: PLC0415

    notes = approximation_notes(plan.spec.base)
    return [write_page(plan, finished, failed, folder / "grid.html", notes=notes)]


def _table(plan: GridPlan, finished: _Finished, failed: _Failed, folder: Path) -> list[Path]:
    """Write a line for each place: its values, the recipe, seconds, and the file or the reason."""
    axes = plan.spec.axes
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        [*(axis.kind for axis in axes), "prompt", "seed", "seconds", "picture", "error", "digest"]
    )
    for place in plan.placements:
        cell = finished.get(place.cell.key)
        wrong = failed.get(place.cell.key)
        row = [axis.labels[number] for axis, number in zip(axes, place.at, strict=True)]
        row += [place.cell.recipe.prompt, str(place.cell.recipe.seed)]
        row += [f"{cell.seconds:.3f}", cell.path] if cell else ["", ""]
        row += [wrong.message if wrong else "", place.cell.key]
        writer.writerow([_harmless(field) for field in row])
    path = folder / "cells.csv"
    path.write_text(text.getvalue(), encoding="utf-8")
    return [path]


def _pictures(plan: GridPlan, finished: _Finished, _failed: _Failed, folder: Path) -> list[Path]:
    written = []
    for place in plan.placements:
        cell = finished.get(place.cell.key)
        if cell is None:
            continue
        labels = [
            f"{axis.kind}-{axis.labels[number]}"
            for axis, number in zip(plan.spec.axes, place.at, strict=True)
        ]
        stem = _NO_NAME.sub("_", "_".join(labels))[:_LONGEST_NAME].strip("._") or "cell"
        path = folder / f"{stem}.{place.cell.key[:8]}.png"
        shutil.copyfile(cell.path, path)
        written.append(path)
    return written


def _harmless(field: str) -> str:
    """Return a field that no spreadsheet takes for a formula, without control characters."""
    shown = display_text(field, 20_000)
    number = shown.lstrip("-").replace(".", "", 1).isdigit()
    return f"'{shown}" if shown[:1] in ("=", "+", "-", "@") and not number else shown


_WRITERS: Mapping[GridForm, Callable[[GridPlan, _Finished, _Failed, Path], list[Path]]] = {
    GridForm.SHEET: _sheet,
    GridForm.PAGE: _page,
    GridForm.TABLE: _table,
    GridForm.PICTURES: _pictures,
}
