"""Draw sample grids: from a request in the catalog's words to pictures, a sheet and a page."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.grid import (
    FailedCell,
    GridModel,
    GridPlan,
    GridSpec,
    RenderedCell,
    RenderSettings,
)
from loradex.domain.library import FileState
from loradex.domain.models import ModelDetails, ModelRow
from loradex.domain.progress import CancelToken, ProgressSink, SilentSink
from loradex.errors import LoraMismatch, NotRenderable, UsageError
from loradex.operations.hash_pass import hash_pass

RENDERABLE_KINDS = ("checkpoint",)
SHOWN_CHECKPOINTS = 5
USUAL_SIDES = {"sd1": 512, "sd2": 768, "sdxl": 1024, "sd3": 1024, "flux1": 1024}
"""Pixels a side that each base was trained for."""


@dataclass(frozen=True, slots=True)
class GridRequest:
    """A grid as a person asks for it: content ids, and every combination of the rest."""

    checkpoint: int
    loras: tuple[int, ...]
    strengths: tuple[float, ...]
    prompts: tuple[str, ...]
    seeds: tuple[int, ...]
    negative_prompt: str = ""
    settings: RenderSettings = field(default_factory=RenderSettings)
    title: str = ""


@dataclass(frozen=True, slots=True)
class GridPreview:
    """What a grid would draw: distinct pictures, and those of them that exist already."""

    plan: GridPlan
    pictures: int
    finished: int


@dataclass(frozen=True, slots=True)
class GridResult:
    """A finished grid. `failed` are the cells that could not be drawn."""

    grid_id: int
    folder: Path
    sheet: Path
    page: Path
    drawn: int
    reused: int
    failed: tuple[FailedCell, ...]
    seconds: float


def fitting_checkpoints(catalog: Catalog, loras: Sequence[int]) -> list[ModelRow]:
    """Return the present checkpoints that these LoRAs fit, the likeliest first.

    Those of the LoRAs' own derivative go first, then those that have drawn a grid before.
    """
    rows = catalog.rows(loras)
    bases = {row.base for row in rows if row.base}
    derivatives = {row.derivative for row in rows}
    query = "kind:checkpoint is:present" + "".join(f" base:{base}" for base in bases)
    tested = set(catalog.ids(f"{query} is:tested"))
    return sorted(
        catalog.search(query).rows,
        key=lambda row: (row.derivative not in derivatives, row.id not in tested),
    )


def fitting_checkpoint(catalog: Catalog, loras: Sequence[int]) -> int:
    """Return the only checkpoint that fits; raise `UsageError` naming those to choose from."""
    rows = fitting_checkpoints(catalog, loras)
    if len(rows) == 1:
        return rows[0].id
    if not rows:
        wanted = " and ".join(sorted({row.base for row in catalog.rows(loras) if row.base}))
        raise UsageError(
            f"No checkpoint for {wanted or 'these'} is in the catalog.",
            hint="Add a library that has one, or name another with --checkpoint.",
        )
    names = "; ".join(f"{row.id} {row.name}" for row in rows[:SHOWN_CHECKPOINTS])
    raise UsageError(
        "Several checkpoints fit, so one has to be named.", hint=f"With --checkpoint: {names}."
    )


def usual_size(catalog: Catalog, checkpoint: int) -> tuple[int, int]:
    """Return the picture size that suits a checkpoint's base model, in pixels."""
    rows = catalog.rows([checkpoint])
    side = USUAL_SIDES.get(rows[0].base or "", 512) if rows else 512
    return side, side


def preview_grid(catalog: Catalog, request: GridRequest) -> GridPreview:
    """Check a request and return what it would draw; raise the error that drawing would."""
    plan = _plan(catalog, request, sink=SilentSink(), cancel=CancelToken())
    return GridPreview(plan, len(plan.cells), len(_finished(catalog, plan)))


def draw_grid(
    catalog: Catalog,
    request: GridRequest,
    *,
    sink: ProgressSink,
    cancel: CancelToken,
    on_started: Callable[[int], None] = lambda _grid_id: None,
) -> GridResult:
    """Draw what of a grid is not drawn yet, then its sheet and page.

    Cells are kept one by one as they finish, so an interrupted grid goes on where it was.
    `on_started` gets the grid's id before the first step. Raises a `RenderError` when nothing can
    be drawn at all; single cells that fail are in the result.
    """
    from loradex.render.engine import draw  # noqa: PLC0415 - torch is behind this

    started = time.monotonic()
    plan = _plan(catalog, request, sink=sink, cancel=cancel)
    finished = _finished(catalog, plan)
    reused = len(finished)
    grid_id = catalog.grids.add(plan, str(catalog.home.grids / "{id:05d}"))
    folder = catalog.home.grids / f"{grid_id:05d}"
    on_started(grid_id)
    todo = [cell.key for cell in plan.cells if cell.key not in finished]
    failed: dict[str, FailedCell] = {}
    if todo:
        for cell in draw(plan, todo, catalog.home.renders, sink=sink, cancel=cancel):
            catalog.grids.record([cell])
            if isinstance(cell, RenderedCell):
                finished[cell.key] = cell
            else:
                failed[cell.key] = cell
    sheet, page = _publish(plan, finished, failed, folder)
    catalog.grids.set_outputs(grid_id, sheet=str(sheet), page=str(page))
    return GridResult(
        grid_id=grid_id,
        folder=folder,
        sheet=sheet,
        page=page,
        drawn=len(finished) - reused,
        reused=reused,
        failed=tuple(failed.values()),
        seconds=time.monotonic() - started,
    )


def _plan(
    catalog: Catalog, request: GridRequest, *, sink: ProgressSink, cancel: CancelToken
) -> GridPlan:
    from loradex.render.engine import engine_version  # noqa: PLC0415
    from loradex.render.plan import plan_grid  # noqa: PLC0415

    checkpoint = _model(catalog, request.checkpoint, sink, cancel)
    loras = [_model(catalog, id_, sink, cancel) for id_ in request.loras]
    _check_fit(catalog, checkpoint, loras)
    names = ", ".join(lora.name for lora in loras)
    spec = GridSpec(
        checkpoint=checkpoint,
        loras=tuple(loras),
        strengths=request.strengths,
        prompts=request.prompts,
        seeds=request.seeds,
        negative_prompt=request.negative_prompt,
        settings=request.settings,
        title=request.title or f"{names} on {checkpoint.name}",
    )
    return plan_grid(spec, engine=engine_version(spec.settings))


def _model(catalog: Catalog, content_id: int, sink: ProgressSink, cancel: CancelToken) -> GridModel:
    """Return a model as the renderer needs it, hashed first where it was not yet."""
    details = catalog.details(content_id)
    path = _present_path(details)
    if details.hashes is None and details.format != "diffusers":
        hash_pass(catalog, sink=sink, cancel=cancel, content_id=content_id)
        details = catalog.details(catalog.resolve(path))
    digest = details.hashes.sha256 if details.hashes else f"folder-{details.fingerprint}"
    return GridModel(
        content_id=details.row.id,
        name=details.row.name,
        path=path,
        digest=digest,
        base=details.row.base,
        trigger_words=details.row.trigger_words,
    )


def _present_path(details: ModelDetails) -> str:
    for file in details.files:
        if file.state is FileState.PRESENT:
            return file.path
    raise NotRenderable(
        f"{details.row.name} has no file that is present ({details.row.path} is"
        f" {details.row.state}).",
        hint="Mount its drive or put the file back, then run `loradex scan`.",
    )


def _check_fit(catalog: Catalog, checkpoint: GridModel, loras: Sequence[GridModel]) -> None:
    """Say before the first step that a LoRA does not fit, and what in the library would."""
    kind = catalog.details(checkpoint.content_id).row.kind
    if kind not in RENDERABLE_KINDS:
        raise NotRenderable(
            f"{checkpoint.name} is no checkpoint, but of the kind {kind}.",
            hint="`loradex list kind:checkpoint` shows what pictures can be drawn with.",
        )
    for lora in loras:
        kind = catalog.details(lora.content_id).row.kind
        if kind != "lora":
            raise LoraMismatch(
                f"{lora.name} is no LoRA, but of the kind {kind}.",
                hint="`loradex list kind:lora` shows them.",
            )
        if lora.base and checkpoint.base and lora.base != checkpoint.base:
            fitting = fitting_checkpoints(catalog, [lora.content_id])[:SHOWN_CHECKPOINTS]
            names = "; ".join(f"{row.id} {row.name}" for row in fitting)
            raise LoraMismatch(
                f"{lora.name} is for {lora.base}, and {checkpoint.name} is {checkpoint.base}.",
                hint=f"Checkpoints that fit: {names}."
                if names
                else f"No checkpoint for {lora.base} is in the catalog.",
            )


def _finished(catalog: Catalog, plan: GridPlan) -> dict[str, RenderedCell]:
    """Return the cells whose pictures exist and open; others are drawn again."""
    from loradex.render.cells import is_intact  # noqa: PLC0415 - Pillow is behind this

    known = catalog.grids.finished(cell.key for cell in plan.cells)
    return {key: cell for key, cell in known.items() if is_intact(Path(cell.path), key)}


def _publish(
    plan: GridPlan,
    finished: dict[str, RenderedCell],
    failed: dict[str, FailedCell],
    folder: Path,
) -> tuple[Path, Path]:
    from loradex.render.page import write_page  # noqa: PLC0415
    from loradex.render.sheet import write_sheet  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    sheet, page = folder / "sheet.png", folder / "grid.html"
    write_sheet(plan, finished, failed, sheet)
    write_page(plan, finished, failed, page)
    return sheet, page
