"""Which picture of a grid stands for a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import pytest

from catalog_kit import add_library, look
from grid_kit import (
    CHECKPOINT,
    CONTROL,
    LORA,
    OTHER,
    STRENGTHS,
    VAE,
    axis,
    model,
    plan_of,
    rendered,
    spec_of,
)
from loradex.catalog.catalog import Catalog
from loradex.domain.axes import Axis, AxisKind
from loradex.domain.grid import GridPlan, GridSpec, Place
from loradex.domain.recipe import GridPicture
from loradex.errors import CatalogError
from loradex.operations.telling_cell import TellingCell, telling_cell

LORAS = axis(AxisKind.LORA, LORA, OTHER, None)
CHECKPOINTS = axis(AxisKind.CHECKPOINT, CHECKPOINT, model(8))
HINT = GridPicture("pose.png", "/pose.png", "0" * 64)


@pytest.fixture
def stocked(catalog: Catalog) -> Catalog:
    """A catalog with models 1 to 8."""
    looks = [look(f"{number}.st", number) for number in range(1, 9)]
    catalog.looks.record(add_library(catalog), looks, "1")
    return catalog


def kept(catalog: Catalog, spec: GridSpec, undrawn: Sequence[Place] = ()) -> int:
    plan: GridPlan = plan_of(spec)
    id_ = catalog.grids.add(plan, "/g")
    places = [at for at in product(*map(range, spec.lengths)) if at not in undrawn]
    catalog.grids.record([rendered(name_of(at)) for at in places])
    return id_


def name_of(at: Place) -> str:
    return "-".join(("cell", *map(str, at)))


def told(cell: TellingCell | None) -> tuple[str, float | None] | None:
    return cell and (cell.path.stem, cell.strength)


@pytest.mark.parametrize(
    ("axes", "base", "content_id", "wanted"),
    [
        ((STRENGTHS,), {}, 2, ("cell-2", 1.0)),
        ((STRENGTHS,), {}, 1, ("cell-0", None)),
        ((STRENGTHS,), {}, 3, None),
        ((STRENGTHS, LORAS), {}, 3, ("cell-2-1", 1.0)),
        ((LORAS, STRENGTHS), {}, 2, ("cell-0-2", 1.0)),
        ((axis(AxisKind.STRENGTH, 1.5, 0.8, 0.3),), {}, 2, ("cell-1", 0.8)),
        ((axis(AxisKind.STRENGTH, -1.0, 0.0),), {}, 2, ("cell-0", -1.0)),
        ((axis(AxisKind.STRENGTH, 0.0),), {}, 2, None),
        ((axis(AxisKind.SEED, 1, 2),), {"strength": 0.7}, 2, ("cell-0", 0.7)),
        ((LORAS,), {"lora2": OTHER, "strength2": 0.9}, 2, ("cell-0", 1.0)),
        ((LORAS,), {"lora2": OTHER, "strength2": 0.9}, 3, ("cell-1", 1.0)),
        ((axis(AxisKind.LORA2, OTHER, None),), {}, 2, ("cell-1", 1.0)),
        ((CHECKPOINTS, STRENGTHS), {}, 8, ("cell-1-0", None)),
        ((axis(AxisKind.VAE, None, VAE), STRENGTHS), {}, 4, ("cell-1-0", None)),
        ((STRENGTHS,), {"control": CONTROL, "control_image": HINT}, 5, ("cell-0", None)),
        (
            (axis(AxisKind.PROMPT, "plain", "<lora:other:0.6> x"),),
            {"lora": None},
            3,
            ("cell-1", 0.6),
        ),
    ],
)
def test_the_most_telling_picture(
    stocked: Catalog,
    axes: tuple[Axis, ...],
    base: dict[str, object],
    content_id: int,
    wanted: tuple[str, float | None] | None,
) -> None:
    id_ = kept(stocked, replace(spec_of(*axes, **base), named={"other": OTHER}))
    assert told(telling_cell(stocked, id_, stocked.details(content_id))) == wanted


def test_only_what_is_drawn_counts(stocked: Catalog) -> None:
    id_ = kept(stocked, spec_of(STRENGTHS), undrawn=[(2,)])
    assert told(telling_cell(stocked, id_, stocked.details(2))) == ("cell-1", 0.5)
    id_ = stocked.grids.add(plan_of(spec_of(LORAS, STRENGTHS)), "/g")
    assert telling_cell(stocked, id_, stocked.details(2)) is None


def test_a_record_that_cannot_be_read_is_said(stocked: Catalog) -> None:
    id_ = kept(stocked, spec_of(STRENGTHS))
    with stocked._writer.transaction() as connection:
        connection.exec_driver_sql("UPDATE grid SET spec = 'no json'")
    with pytest.raises(CatalogError, match="cannot be read"):
        telling_cell(stocked, id_, stocked.details(2))
