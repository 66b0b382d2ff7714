"""A kept grid in words: from its spec to what lists and viewers show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from loradex.domain.axes import Axis, AxisKind, Value
from loradex.domain.grid import GridPlan, GridRecord, GridSpec, Layout, Place, RecordAxis
from loradex.domain.grid_json import spec_from_json
from loradex.domain.recipe import GridModel, GridPicture, RenderSettings
from loradex.errors import CatalogError

_LORAS = (AxisKind.LORA, AxisKind.LORA2)


def kept_spec(grid_id: int, text: str) -> GridSpec:
    """Return the spec of a grid; raise `CatalogError` when it cannot be read any more."""
    try:
        return spec_from_json(text)
    except ValueError as error:
        raise CatalogError(
            f"The catalog's record of grid {grid_id} cannot be read: {error}.",
            hint="Its pictures are kept; drawing the grid again puts them in their places.",
        ) from error


def record_of(row: Sequence[object], spec: GridSpec | None) -> GridRecord:
    """Return a grid's row with its spec in words.

    The row is id, title, created_at, folder, sheet_path, page_path, and how many cells there are,
    are drawn and have failed. Without a spec the record has no axes, and no models.
    """
    id_, title, created_at, folder, sheet, page, total, done, failed = row
    return GridRecord(
        id=int(str(id_)),
        title=str(title),
        created_at=float(str(created_at)),
        checkpoint=", ".join(_names(_models(spec, AxisKind.CHECKPOINT))) if spec else "",
        loras=_names(_loras(spec)) if spec else (),
        axes=tuple(_axis(axis) for axis in spec.axes) if spec else (),
        layout=spec.layout if spec else Layout(),
        settings=spec.settings if spec else RenderSettings(),
        prompt=spec.base.prompt if spec else "",
        cells_total=int(str(total)),
        cells_done=int(str(done)),
        cells_failed=int(str(failed)),
        folder=str(folder),
        sheet_path=None if sheet is None else str(sheet),
        page_path=None if page is None else str(page),
    )


def flat_place(at: Place, lengths: Sequence[int]) -> int:
    """Return a place as one number: combinations are counted with the last axis fastest."""
    flat = 0
    for number, length in zip(at, lengths, strict=True):
        flat = flat * length + number
    return flat


def place_at(flat: int, lengths: Sequence[int]) -> Place:
    """Return the place that `flat_place` made a number of."""
    at: list[int] = []
    for length in reversed(lengths):
        flat, number = divmod(flat, length)
        at.append(number)
    return tuple(reversed(at))


def roles(plan: GridPlan) -> set[tuple[int, str]]:
    """Return the contents that a grid's pictures are made with, each with what it does there.

    The LoRAs that were asked for count even where all their strengths are 0.
    """
    parts = {(lora.content_id, "lora") for lora in _loras(plan.spec)}
    for cell in plan.cells:
        recipe = cell.recipe
        parts.add((recipe.checkpoint.content_id, "checkpoint"))
        parts.update((use.model.content_id, "lora") for use in recipe.loras)
        parts.update((control.model.content_id, "control") for control in recipe.controls)
        parts.update((model.content_id, "companion") for model in recipe.companions)
        parts.update((model.content_id, "embedding") for _, model in recipe.embeddings)
        if recipe.vae is not None:
            parts.add((recipe.vae.content_id, "vae"))
    return parts


def _loras(spec: GridSpec) -> Iterator[GridModel]:
    return chain(*(_models(spec, kind) for kind in _LORAS), spec.named.values())


def _models(spec: GridSpec, kind: AxisKind) -> Iterator[GridModel]:
    """Yield the models of the axis of this kind, or the base's where no axis varies it."""
    values: list[Value] = [
        each.value for axis in spec.axes if axis.kind is kind for each in axis.values
    ]
    if not any(axis.kind is kind for axis in spec.axes):
        values = [getattr(spec.base, kind.value)]
    return (value for value in values if isinstance(value, GridModel))


def _names(models: Iterator[GridModel]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(model.name for model in models))


def _axis(axis: Axis) -> RecordAxis:
    texts = tuple(_text(each.value) for each in axis.values)
    return RecordAxis(axis.kind, axis.labels, texts, axis.find)


def _text(value: Value) -> str:
    """Return a value as a whole text; what is switched reads `on` or `off`, None is empty."""
    match value:
        case GridModel() | GridPicture():
            return value.name
        case bool():
            return "on" if value else "off"
        case (width, height):
            return f"{width}x{height}"
        case float():
            return format(value, "g")
        case None:
            return ""
        case _:
            return str(value)
