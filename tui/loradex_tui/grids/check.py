"""What is wrong with a grid that is put together, row by row, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from loradex.catalog.catalog import Catalog
from loradex.domain.axes import AxisKind
from loradex.domain.recipe import RenderSettings
from loradex.errors import LoradexError
from loradex.operations.grid_models import NONE
from loradex.operations.grid_request import GridRequest
from loradex.operations.grid_sketch import GridSketch, check_axis, sketch_grid
from loradex.operations.grid_typing import split_texts
from loradex.operations.grid_usual import usual_settings
from loradex.operations.grid_values import KINDS_OF_MODELS
from loradex_tui.grids.form import AxisRow, GridForm
from loradex_tui.hints import hint_of

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class GridCheck:
    """What was found of a form. `faults` and `counts` are by row; a fault of the whole is apart.

    `names` are the models of a row in words, `usual` what suits the checkpoint where a row is
    empty.
    """

    form: GridForm
    faults: Mapping[int, str] = field(default_factory=dict)
    counts: Mapping[int, int] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)
    usual: Mapping[AxisKind, str] = field(default_factory=dict)
    fault: str = ""
    sketch: GridSketch | None = None
    request: GridRequest | None = None

    @property
    def first_fault(self) -> str:
        """What keeps it from being drawn; empty for nothing."""
        for index in sorted(self.faults):
            return self.faults[index]
        return self.fault


def check_form(catalog: Catalog, form: GridForm) -> GridCheck:
    """Look at every row, then at the whole; opens no model file."""
    faults: dict[int, str] = {}
    counts: dict[int, int] = {}
    names: dict[int, str] = {}
    for index, row in enumerate(form.rows):
        try:
            texts = split_texts(row.kind, row.text)
            if texts:
                counts[index] = check_axis(catalog, row.kind, texts, row.find)
            if row.kind in KINDS_OF_MODELS:
                names[index] = _names(catalog, texts)
        except LoradexError as error:
            faults[index] = told(error)
    usual = _usual(catalog, form)
    if faults:
        return GridCheck(form, faults, counts, names, usual)
    try:
        request = form.request()
        sketch = sketch_grid(catalog, request)
    except LoradexError as error:
        return GridCheck(form, {}, counts, names, usual, fault=told(error))
    return GridCheck(form, {}, counts, names, usual, sketch=sketch, request=request)


def told(error: LoradexError) -> str:
    """Return a fault with what to do next, on one line."""
    return f"{error.message} {hint_of(error)}".strip()


def _names(catalog: Catalog, texts: tuple[str, ...]) -> str:
    """Return models in words; what is no single model stays as it was typed."""
    found: list[str] = []
    for text in texts:
        if text.isdecimal():
            rows = catalog.rows([int(text)])
            found.append(rows[0].name if rows else text)
        else:
            found.append("without" if text.casefold() == NONE else text)
    more = len(found) - _SHOWN
    if more > 1:
        return f"{', '.join(found[:_SHOWN])} and {more:,} more"
    return ", ".join(found)


def _usual(catalog: Catalog, form: GridForm) -> dict[AxisKind, str]:
    """Return what is taken for settings that are not said, by the first checkpoint."""
    checkpoint = next(
        (row for row in form.rows if row.kind is AxisKind.CHECKPOINT), AxisRow(AxisKind.CHECKPOINT)
    )
    first = checkpoint.text.partition(",")[0].strip()
    settings = RenderSettings()
    try:
        if not first:
            return {}
        settings = usual_settings(catalog, catalog.resolve(first))
    except LoradexError:
        return {}
    return {
        AxisKind.STEPS: str(settings.num_inference_steps),
        AxisKind.GUIDANCE: f"{settings.guidance_scale:g}",
        AxisKind.SAMPLER: settings.sampler,
        AxisKind.SCHEDULE: settings.schedule,
        AxisKind.SIZE: f"{settings.width}x{settings.height}",
        AxisKind.CLIP_SKIP: str(settings.clip_skip),
    }
