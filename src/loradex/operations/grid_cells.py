"""One cell of a kept grid: what it was drawn with, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from loradex.catalog.catalog import Catalog
from loradex.domain.axes import AxisKind
from loradex.domain.grid import GridSpec, Place, RecordCell, RenderedCell
from loradex.domain.infotext import parse_infotext
from loradex.domain.recipe import GridModel, Recipe
from loradex.errors import BadReference, UsageError
from loradex.render.recipes import filled, resolved


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell with its recipe; `drawn` is None while there is no picture."""

    record: RecordCell
    recipe: Recipe
    drawn: RenderedCell | None

    @property
    def infotext(self) -> str:
        """What the picture says of itself; empty while there is none."""
        return self.drawn.infotext if self.drawn else ""


@dataclass(frozen=True, slots=True)
class CellStrength:
    """A LoRA, and the strength it acts at in a cell."""

    content_id: int
    name: str
    strength: float


def recipe_at(spec: GridSpec, at: Place) -> Recipe:
    """Return what the cell of a place is drawn with.

    Raises `UsageError` for prompts that cannot be read any more.
    """
    draft = spec.base
    for axis, number in zip(spec.axes, at, strict=True):
        draft = filled(draft, axis, axis.values[number])
    return resolved(draft, spec.named, spec.embeddings)


def grid_cell(catalog: Catalog, grid_id: int, at: Place) -> GridCell:
    """Return one cell of a grid.

    Raises `BadReference` for a grid or a place that is not there, `CatalogError` for a record
    that cannot be read, `UsageError` for prompts that cannot be read any more.
    """
    spec = catalog.grids.spec(grid_id)
    record = next((cell for cell in catalog.grids.cells(grid_id) if cell.at == at), None)
    if record is None:
        raise BadReference(f"Grid {grid_id} has no cell there.")
    drawn = catalog.grids.finished([record.key]).get(record.key)
    return GridCell(record, recipe_at(spec, at), drawn)


def cell_strength(catalog: Catalog, grid_id: int, at: Place) -> CellStrength:
    """Return the LoRA that a cell is about, and its strength there.

    That is the one the grid varies, else the only one in the picture. Raises `UsageError` where
    there is none, or several of equal standing.
    """
    spec = catalog.grids.spec(grid_id)
    draft = spec.base
    for axis, number in zip(spec.axes, at, strict=True):
        draft = filled(draft, axis, axis.values[number])
    if draft.lora is not None:
        if not draft.strength:
            raise UsageError(
                f"This picture is without {draft.lora.name}.", hint="Choose one where it acts."
            )
        return CellStrength(draft.lora.content_id, draft.lora.name, draft.strength)
    uses = recipe_at(spec, at).loras
    if len(uses) != 1:
        told = "several LoRAs" if uses else "no LoRA"
        raise UsageError(f"There is {told} in this picture, so no strength can be stored.")
    model = uses[0].model
    return CellStrength(model.content_id, model.name, uses[0].strength)


def grid_lora(catalog: Catalog, grid_id: int, at: Place) -> int:
    """Return the LoRA that a cell, or else the whole grid, is about.

    Beside pictures of a LoRA the one without it is about that LoRA, too. Raises `UsageError`
    where there is none, or more than one.
    """
    spec = catalog.grids.spec(grid_id)
    draft = spec.base
    for axis, number in zip(spec.axes, at, strict=True):
        draft = filled(draft, axis, axis.values[number])
    if draft.lora is not None:
        return draft.lora.content_id
    found = [
        value.value.content_id
        for axis in spec.axes
        if axis.kind is AxisKind.LORA
        for value in axis.values
        if isinstance(value.value, GridModel)
    ] or [model.content_id for model in spec.named.values()]
    if len(found) != 1:
        raise UsageError(f"This picture is of {'several LoRAs' if found else 'no LoRA'}.")
    return found[0]


def prompt_of(cell: GridCell) -> str:
    """Return the prompt as it was drawn, with its trigger words; its LoRAs are not in it."""
    text = parse_infotext(cell.infotext).prompt if cell.infotext else ""
    return text or cell.recipe.prompt
