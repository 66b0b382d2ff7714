"""Draw sample grids: from a request in the catalog's words to pictures, a sheet and a page."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.catalog.catalog import Catalog
from loradex.domain.grid import FailedCell, GridPlan, RenderedCell
from loradex.domain.progress import CancelToken, ProgressSink, SilentSink
from loradex.errors import UsageError
from loradex.operations.drawing import draw_cells
from loradex.operations.grid_estimate import estimated_seconds, needed_bytes
from loradex.operations.grid_models import ModelFinder
from loradex.operations.grid_reading import read_with
from loradex.operations.grid_request import GridRequest
from loradex.operations.tokenizers import fetch_tokenizers, lacking, tokenizer_folders
from loradex.settings import Settings, load_settings

if TYPE_CHECKING:
    from loradex.render.published_tokenizers import PublishedTokenizer


@dataclass(frozen=True, slots=True)
class GridPreview:
    """What a grid would draw: distinct pictures, and those of them that exist already.

    `seconds` is None where nothing like it was drawn here before. `memory_bytes` is a rough
    figure of all memory, the device's included.
    """

    plan: GridPlan
    pictures: int
    finished: int
    seconds: float | None
    memory_bytes: int
    downloads: tuple[PublishedTokenizer, ...] = ()
    """Tokenizers that are nowhere here, and would be brought before the first step."""


@dataclass(frozen=True, slots=True)
class GridResult:
    """A finished grid. `failed` are the cells that could not be drawn."""

    grid_id: int
    title: str
    folder: Path
    sheets: tuple[Path, ...]
    page: Path
    drawn: int
    reused: int
    failed: tuple[FailedCell, ...]
    seconds: float


def preview_grid(
    catalog: Catalog,
    request: GridRequest,
    *,
    offline: bool = False,
    hashing: bool = True,
    sink: ProgressSink | None = None,
    cancel: CancelToken | None = None,
) -> GridPreview:
    """Check a request and return what it would draw; raise the error that drawing would.

    With `offline` nothing may be downloaded, whatever the settings say. Models that were never
    hashed are, since pictures are known by their digests; without `hashing` they are taken for
    models that no picture was drawn with.
    """
    plan = plan_request(
        catalog,
        request,
        hashing=hashing,
        sink=sink or SilentSink(),
        cancel=cancel or CancelToken(),
    )
    finished = _finished(catalog, plan)
    todo = [cell for cell in plan.cells if cell.key not in finished]
    return GridPreview(
        plan=plan,
        pictures=len(plan.cells),
        finished=len(finished),
        seconds=estimated_seconds(catalog, todo),
        memory_bytes=needed_bytes(todo),
        downloads=lacking(todo, catalog.home, _settings(catalog, offline=offline)),
    )


def draw_grid(
    catalog: Catalog,
    request: GridRequest,
    *,
    offline: bool = False,
    sink: ProgressSink,
    cancel: CancelToken,
    on_started: Callable[[int], None] = lambda _grid_id: None,
) -> GridResult:
    """Draw what of a grid is not drawn yet, then its sheet and page.

    Cells are kept one by one as they finish, so an interrupted grid goes on where it was.
    `on_started` gets the grid's id before the first step. With `offline` no tokenizer that is
    missing is downloaded, whatever the settings say. Raises a `RenderError` when nothing can
    be drawn at all; single cells that fail are in the result.
    """
    plan = plan_request(catalog, request, sink=sink, cancel=cancel)
    return draw_plan(
        catalog, plan, offline=offline, sink=sink, cancel=cancel, on_started=on_started
    )


def draw_plan(
    catalog: Catalog,
    plan: GridPlan,
    grid_id: int | None = None,
    *,
    offline: bool = False,
    sink: ProgressSink,
    cancel: CancelToken,
    on_started: Callable[[int], None] = lambda _grid_id: None,
) -> GridResult:
    """Draw what of a plan is not drawn yet, as `draw_grid` does.

    With a `grid_id` that is the grid of this plan, which is kept already; else a new one is.
    """
    started = time.monotonic()
    finished = _finished(catalog, plan)
    todo = [cell for cell in plan.cells if cell.key not in finished]
    missing = lacking(todo, catalog.home, _settings(catalog, offline=offline))
    fetch_tokenizers(missing, catalog.home, sink=sink, cancel=cancel)
    catalog.grids.record([cell for cell in finished.values() if not cell.seconds])
    reused = len(finished)
    if grid_id is None:
        grid_id, folder = add_grid(catalog, plan)
    else:
        folder = catalog.home.grids / f"{grid_id:05d}"
    on_started(grid_id)
    failed: dict[str, FailedCell] = {}
    if todo:
        log = catalog.home.root / "logs" / "drawing.log"
        drawing = draw_cells(
            plan,
            [cell.key for cell in todo],
            catalog.home.renders,
            tokenizers=tokenizer_folders(catalog.home),
            log=log,
            sink=sink,
            cancel=cancel,
        )
        for cell in drawing:
            catalog.grids.record([cell])
            if isinstance(cell, RenderedCell):
                finished[cell.key] = cell
            else:
                failed[cell.key] = cell
    sheets, page = publish(plan, finished, failed, folder)
    catalog.grids.set_outputs(grid_id, sheet=str(sheets[0]), page=str(page))
    return GridResult(
        grid_id=grid_id,
        title=plan.spec.title,
        folder=folder,
        sheets=sheets,
        page=page,
        drawn=len(finished) - reused,
        reused=reused,
        failed=tuple(failed.values()),
        seconds=time.monotonic() - started,
    )


def add_grid(catalog: Catalog, plan: GridPlan) -> tuple[int, Path]:
    """Keep a grid in the catalog; return its id and the folder for its sheet and page."""
    # The name is a format, so that braces in a home's own name have to be doubled.
    grids = str(catalog.home.grids).replace("{", "{{").replace("}", "}}")
    grid_id = catalog.grids.add(plan, str(Path(grids) / "{id:05d}"))
    return grid_id, catalog.home.grids / f"{grid_id:05d}"


def _settings(catalog: Catalog, *, offline: bool) -> Settings:
    settings = load_settings(catalog.home)
    return replace(settings, offline=True) if offline else settings


def plan_request(
    catalog: Catalog,
    request: GridRequest,
    *,
    hashing: bool = True,
    sink: ProgressSink,
    cancel: CancelToken,
) -> GridPlan:
    """Return the cells that a request comes to, all of them checked."""
    from loradex.render.engine import engine_of  # noqa: PLC0415
    from loradex.render.plan import plan_grid  # noqa: PLC0415

    spec = read_with(ModelFinder(catalog, sink, cancel, hashing), request)
    plan = plan_grid(spec, engine=engine_of)
    if not plan.cells:
        raise UsageError("Every combination of this grid is excluded: nothing is left to draw.")
    return plan


def _finished(catalog: Catalog, plan: GridPlan) -> dict[str, RenderedCell]:
    """Return the cells of a plan whose pictures exist and open; others are drawn again."""
    return finished_cells(catalog, [cell.key for cell in plan.cells])


def finished_cells(catalog: Catalog, keys: Sequence[str]) -> dict[str, RenderedCell]:
    """Return those of these cells, by key, whose pictures exist and open."""
    from loradex.render.cells import read_cell  # noqa: PLC0415 - Pillow is behind this

    intact = {}
    for key, cell in catalog.grids.finished(keys).items():
        read = read_cell(Path(cell.path), key)
        if read is not None:
            intact[key] = replace(read, seconds=cell.seconds)
    return intact | _strays(catalog, [key for key in keys if key not in intact])


def _strays(catalog: Catalog, keys: Iterable[str]) -> dict[str, RenderedCell]:
    """Return pictures that were written, but not noted before everything was killed."""
    from loradex.render.cells import cell_path, read_cell  # noqa: PLC0415 - Pillow is behind this

    paths = {key: cell_path(catalog.home.renders, key) for key in keys}
    found = {key: read_cell(path, key) for key, path in paths.items() if path.is_file()}
    return {key: cell for key, cell in found.items() if cell is not None}


def publish(
    plan: GridPlan,
    finished: Mapping[str, RenderedCell],
    failed: Mapping[str, FailedCell],
    folder: Path,
    *,
    notes: Sequence[str] = (),
) -> tuple[tuple[Path, ...], Path]:
    """Write a grid's sheets and its page into `folder`, with `notes` above the pictures."""
    from loradex.render.approximations import approximation_notes  # noqa: PLC0415
    from loradex.render.page import write_page  # noqa: PLC0415
    from loradex.render.sheet import write_sheet  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    notes = (*notes, *approximation_notes(plan.spec.base))
    sheets = write_sheet(plan, finished, failed, folder / "sheet.png", notes=notes)
    page = write_page(plan, finished, failed, folder / "grid.html", notes=notes)
    return tuple(sheets), page
