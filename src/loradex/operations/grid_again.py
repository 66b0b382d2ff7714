"""A kept grid once more: as the request it came from, or its missing cells into the same grid."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import TypeVar, cast

from loradex.catalog.catalog import Catalog
from loradex.domain.axes import AxisKind, Draft, Value
from loradex.domain.grid import GridPlan, GridSpec
from loradex.domain.library import FileState
from loradex.domain.progress import CancelToken, ProgressSink
from loradex.domain.recipe import GridModel, GridPicture, RenderSettings
from loradex.errors import BadReference, UsageError
from loradex.operations.grid_models import NONE
from loradex.operations.grid_request import AxisRequest, GridRequest
from loradex.operations.grids import GridResult, draw_plan

_T = TypeVar("_T")
_SETTINGS: Mapping[AxisKind, Callable[[RenderSettings], str]] = {
    AxisKind.SIZE: lambda s: f"{s.width}x{s.height}",
    AxisKind.STEPS: lambda s: str(s.num_inference_steps),
    AxisKind.GUIDANCE: lambda s: f"{s.guidance_scale:g}",
    AxisKind.SAMPLER: lambda s: s.sampler,
    AxisKind.SCHEDULE: lambda s: s.schedule,
    AxisKind.CLIP_SKIP: lambda s: str(s.clip_skip),
}
_ACCOMPANIED = {
    AxisKind.STRENGTH: "lora",
    AxisKind.STRENGTH_CLIP: "lora",
    AxisKind.BLOCKS: "lora",
    AxisKind.TRIGGER: "lora",
    AxisKind.STRENGTH2: "lora2",
    AxisKind.DENOISING: "init_image",
    AxisKind.MASK: "init_image",
    AxisKind.CONTROL_IMAGE: "control",
    AxisKind.CONTROL_STRENGTH: "control",
    AxisKind.CONTROL_START: "control",
    AxisKind.CONTROL_END: "control",
}
"""What says nothing without something else of the cell."""
_UNSAID: frozenset[AxisKind] = frozenset({AxisKind.PROMPT_PART, *_SETTINGS})


def request_of_grid(catalog: Catalog, grid_id: int) -> GridRequest:
    """Return the request that a kept grid came from: models by their numbers, all else as typed.

    Raises `BadReference` for a grid that is not there, `CatalogError` for one whose record cannot
    be read any more.
    """
    return request_of_spec(catalog.grids.spec(grid_id))


def request_of_spec(spec: GridSpec) -> GridRequest:
    """Return the request that a spec came from. Nothing is left to what is usual."""
    varied = {axis.kind for axis in spec.axes}
    axes = [
        AxisRequest(
            axis.kind, tuple(_typed(axis.kind, one.value) for one in axis.values), axis.find
        )
        for axis in spec.axes
    ]
    axes += [
        AxisRequest(kind, (text,))
        for kind, text in _single(spec.base, varied).items()
        if kind not in varied
    ]
    axes += [AxisRequest(AxisKind.PROMPT_PART, (put,), find) for find, put in spec.base.parts]

    def kinds(numbers: Sequence[int]) -> tuple[AxisKind, ...]:
        return tuple(dict.fromkeys(spec.axes[number].kind for number in numbers))

    settings = spec.settings
    return GridRequest(
        tuple(axes),
        x=kinds(spec.layout.x),
        y=kinds(spec.layout.y),
        pages=kinds(spec.layout.pages),
        exclude=tuple(
            {
                spec.axes[axis].kind: tuple(
                    _typed(spec.axes[axis].kind, spec.axes[axis].values[number].value)
                    for number in sorted(numbers)
                )
                for axis, numbers in rule.items()
            }
            for rule in spec.excluded
        ),
        baseline=False,  # it has become a value of an axis
        dtype=settings.dtype,
        device=settings.device,
        title=spec.title,
        approximate=settings.approximate,
        few_steps=str(spec.base.few_steps.content_id) if spec.base.few_steps else "",
    )


def resume_grid(
    catalog: Catalog,
    grid_id: int,
    *,
    redraw: Sequence[str] = (),
    offline: bool = False,
    sink: ProgressSink,
    cancel: CancelToken,
    on_started: Callable[[int], None] = lambda _grid_id: None,
) -> GridResult:
    """Draw into a kept grid what it lacks: cells that were never drawn, and those that failed.

    Of `redraw`, the keys of cells, pictures that exist are drawn again. Raises what drawing
    raises, `BadReference` for a grid or key that is not there, and `UsageError` where the same
    pictures cannot be drawn here any more: with another version, device or file.
    """
    plan = _plan_as_kept(catalog, grid_id)
    unknown = [key for key in redraw if key not in {cell.key for cell in plan.cells}]
    if unknown:
        raise BadReference(
            f"Grid {grid_id} has no cell {unknown[0][:16]!r}.",
            hint="`loradex grids ID --cells` lists them.",
        )
    for key, cell in catalog.grids.finished(redraw).items():
        catalog.grids.forget([key])
        Path(cell.path).unlink(missing_ok=True)
    return draw_plan(
        catalog, plan, grid_id, offline=offline, sink=sink, cancel=cancel, on_started=on_started
    )


def kept_plan(catalog: Catalog, grid_id: int) -> GridPlan:
    """Return a kept grid's places with the keys they were kept with, whatever draws today.

    Raises as `resume_grid` does for grids that are not there or cannot be read.
    """
    from loradex.render.plan import plan_grid  # noqa: PLC0415 - beside its use

    kept = {cell.at: cell.key for cell in catalog.grids.cells(grid_id)}
    plan = plan_grid(catalog.grids.spec(grid_id), engine=lambda _recipe: "")
    keys = {p.cell.key: kept[p.at] for p in plan.placements if p.at in kept}
    placements = tuple(
        replace(
            place,
            cell=replace(place.cell, key=kept[place.at]),
            base_key=keys.get(place.base_key or ""),
        )
        for place in plan.placements
        if place.at in kept
    )
    cells = {place.cell.key: place.cell for place in placements}
    return replace(plan, placements=placements, cells=tuple(cells.values()))


def _plan_as_kept(catalog: Catalog, grid_id: int) -> GridPlan:
    """Return the plan of a grid, of today's files, whose keys are those that were kept."""
    from loradex.render.engine import engine_of  # noqa: PLC0415 - torch is behind this
    from loradex.render.plan import plan_grid  # noqa: PLC0415

    kept = {cell.at: cell.key for cell in catalog.grids.cells(grid_id)}
    spec = _moved(catalog.grids.spec(grid_id), catalog)
    plan = plan_grid(spec, engine=engine_of)
    places = {place.at: place for place in plan.placements}
    if any(at not in places or places[at].cell.key != key for at, key in kept.items()):
        raise UsageError(
            f"Grid {grid_id} cannot go on: what draws here is not what drew its pictures"
            " (another version of loradex or torch, or another device).",
            hint="Draw it anew, as a grid of its own: it can be asked for again with changes.",
        )
    placements = tuple(places[at] for at in kept)
    wanted = {place.cell.key for place in placements}
    return replace(
        plan,
        placements=placements,
        cells=tuple(cell for cell in plan.cells if cell.key in wanted),
    )


def _moved(plain: _T, catalog: Catalog) -> _T:
    """Return a part of a spec with every model where it lies now; raise where it lies nowhere."""
    changed: object = plain
    if isinstance(plain, GridModel):
        changed = replace(
            plain,
            path=_path_now(plain, catalog),
            companions=tuple(_moved(one, catalog) for one in plain.companions),
        )
    elif is_dataclass(plain) and not isinstance(plain, type | GridPicture):
        changed = replace(
            plain,
            **{field.name: _moved(getattr(plain, field.name), catalog) for field in fields(plain)},
        )
    elif isinstance(plain, tuple):
        changed = tuple(_moved(one, catalog) for one in plain)
    elif isinstance(plain, dict):
        changed = {key: _moved(one, catalog) for key, one in plain.items()}
    return cast("_T", changed)


def _path_now(model: GridModel, catalog: Catalog) -> str:
    for reference in (str(model.content_id), model.digest):
        try:
            details = catalog.details(catalog.resolve(reference))
        except BadReference:
            continue
        if details.hashes is not None and details.hashes.sha256 != model.digest:
            continue  # another model has the number now
        for file in details.files:
            if file.state is FileState.PRESENT:
                return file.path
    if Path(model.path).exists():
        return model.path
    raise UsageError(
        f"{model.name} is not here any more: {model.path} is gone.",
        hint="Mount its drive or put the file back, then run `loradex scan`.",
    )


def _single(draft: Draft, varied: set[AxisKind]) -> dict[AxisKind, str]:
    """Return what is the same in all cells, as typed; what says nothing is left out."""
    found: dict[AxisKind, str] = {}
    for kind in AxisKind:
        owner = _ACCOMPANIED.get(kind)
        if kind in _UNSAID or (
            owner and getattr(draft, owner) is None and AxisKind(owner) not in varied
        ):
            continue
        name = {AxisKind.NEGATIVE: "negative_prompt"}.get(kind, kind.value)
        value = getattr(draft, name)
        if value is None or value == "":
            continue
        found[kind] = _typed(kind, value)
    return found | {kind: text(draft.settings) for kind, text in _SETTINGS.items()}


def _typed(kind: AxisKind, value: Value) -> str:
    """Return a value as a person would type it."""
    text = str(value)
    match value:
        case GridModel():
            text = str(value.content_id)
        case GridPicture():
            text = value.path
        case None:
            text = "same" if kind is AxisKind.STRENGTH_CLIP else NONE
        case bool():
            text = "on" if value else "off"
        case (width, height):
            text = f"{width}x{height}"
    return text
