"""Grids in the catalog: any axes, their cells in their places, and grids of older catalogs."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from catalog_kit import add_library, look
from grid_kit import (
    CHECKPOINT,
    COMPANION,
    CONTROL,
    EMBEDDING,
    LORA,
    LORAS,
    OTHER,
    PROMPTS,
    SEEDS,
    STRENGTHS,
    VAE,
    axis,
    model,
    plan_of,
    rendered,
    spec_of,
)
from loradex.catalog.catalog import Catalog
from loradex.catalog.grid_record import flat_place, place_at
from loradex.domain.axes import Axis, AxisKind
from loradex.domain.grid import (
    Cell,
    FailedCell,
    GridPlan,
    Layout,
    Placement,
    RecordAxis,
    RecordCell,
    RenderSettings,
)
from loradex.domain.recipe import ControlUse, GridPicture, LoraUse, Recipe
from loradex.errors import BadReference, CatalogError

HINT = GridPicture("pose.png", "/pose.png", "0" * 64)
KINDS = ("checkpoint", "lora", "lora", "vae", "controlnet", "text_encoder", "embedding")


@pytest.fixture
def stocked(catalog: Catalog) -> Catalog:
    """A catalog with models 1 to 7 of different kinds."""
    looks = [look(f"{number}.st", number, kind=kind) for number, kind in enumerate(KINDS, 1)]
    catalog.looks.record(add_library(catalog), looks, "1")
    return catalog


@pytest.mark.parametrize("lengths", [(), (1,), (5,), (1, 1, 1), (2, 3, 4), (3, 1, 2, 2)])
def test_places_are_counted_with_the_last_axis_fastest(lengths: tuple[int, ...]) -> None:
    places = list(product(*map(range, lengths)))
    assert [flat_place(at, lengths) for at in places] == list(range(len(places)))
    assert [place_at(flat, lengths) for flat in range(len(places))] == places


@pytest.mark.parametrize(
    "axes",
    [(), (STRENGTHS,), (STRENGTHS, SEEDS), (SEEDS, STRENGTHS, PROMPTS, LORAS)],
)
def test_cells_come_back_in_their_places(stocked: Catalog, axes: tuple[Axis, ...]) -> None:
    plan = plan_of(spec_of(*axes))
    id_ = stocked.grids.add(plan, "/grids/{id}")
    cells = stocked.grids.cells(id_)
    assert [cell.at for cell in cells] == [place.at for place in plan.placements]
    assert {(cell.path, cell.error, cell.base_path) for cell in cells} == {(None, None, None)}
    stocked.grids.record([rendered(place.cell.key) for place in plan.placements])
    assert stocked.grids.cells(id_) == [
        RecordCell(p.at, f"/renders/{p.cell.key}.png", None, p.base_key and
                   f"/renders/{p.base_key}.png", p.cell.key, 0.5)
        for p in plan.placements
    ]  # fmt: skip
    assert stocked.grids.spec(id_) == plan.spec


def test_the_newest_pictures_of_a_checkpoint_alone(
    stocked: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    stocked.grids.add(plan_of(spec_of(STRENGTHS)), "/g")
    stocked.grids.add(plan_of(spec_of(STRENGTHS)), "/g")
    for number in (2, 0, 1):
        monkeypatch.setattr("time.time", lambda number=number: 100.0 + number)
        stocked.grids.record([replace(rendered(f"cell-{number}"), seconds=float(number))])
    stocked.grids.record([FailedCell("cell-9", "no")])
    assert stocked.grids.lately(1, 2) == [(2.0, 64, 64, "steps: 1"), (1.0, 64, 64, "steps: 1")]
    assert stocked.grids.lately(2, 2) == []


def test_what_is_left_out_is_not_there(stocked: Catalog) -> None:
    plan = plan_of(spec_of(STRENGTHS, SEEDS), without=[(1, 0), (2, 1)])
    id_ = stocked.grids.add(plan, "/grids/{id}")
    assert [cell.at for cell in stocked.grids.cells(id_)] == [(0, 0), (0, 1), (1, 1), (2, 0)]
    assert stocked.grids.grid(id_).cells_total == 4


def test_a_failure_is_told_and_never_replaces_a_picture(stocked: Catalog) -> None:
    id_ = stocked.grids.add(plan_of(spec_of(STRENGTHS)), "/grids/{id}")
    stocked.grids.record([rendered("cell-0"), FailedCell("cell-1", "no memory")])
    stocked.grids.record([FailedCell("cell-0", "late")])
    assert [(cell.path, cell.error) for cell in stocked.grids.cells(id_)] == [
        ("/renders/cell-0.png", None),
        (None, "no memory"),
        (None, None),
    ]
    record = stocked.grids.grid(id_)
    assert (record.cells_total, record.cells_done, record.cells_failed) == (3, 1, 1)
    stocked.grids.record([rendered("cell-1")])
    assert stocked.grids.cells(id_)[1].error is None
    assert stocked.grids.finished(["cell-1", "cell-2"]) == {"cell-1": rendered("cell-1")}


def test_a_picture_shared_by_places_counts_once(stocked: Catalog) -> None:
    plan = plan_of(spec_of(STRENGTHS, LORAS))
    same = [replace(p, cell=Cell(p.cell.recipe, "one")) for p in plan.placements]
    id_ = stocked.grids.add(replace(plan, placements=tuple(same)), "/grids/{id}")
    stocked.grids.record([rendered("one")])
    record = stocked.grids.grid(id_)
    assert (record.cells_total, record.cells_done) == (1, 1)
    assert {cell.path for cell in stocked.grids.cells(id_)} == {"/renders/one.png"}


def test_a_record_says_what_was_asked_for(stocked: Catalog) -> None:
    axes = (
        axis(AxisKind.LORA, LORA, None),
        STRENGTHS,
        axis(AxisKind.SIZE, (512, 768)),
        axis(AxisKind.TRIGGER, True, False, "own words"),
        axis(AxisKind.PROMPT_PART, "cat", "", find="fox"),
        axis(AxisKind.INIT_IMAGE, HINT),
        axis(AxisKind.CHECKPOINT, CHECKPOINT, model(1), OTHER),
    )
    layout = Layout(x=(1,), y=(0, 2, 3), pages=(4, 5, 6))
    spec = replace(
        spec_of(*axes, layout=layout, settings=RenderSettings(steps := 640)),
        named={"third": VAE},
    )
    id_ = stocked.grids.add(plan_of(spec), "/grids/{id:05d}")
    record = stocked.grids.grid(id_)
    assert record.axes == (
        RecordAxis(AxisKind.LORA, ("<0>", "<1>"), ("model 2", "")),
        RecordAxis(AxisKind.STRENGTH, ("<0>", "<1>", "<2>"), ("0", "0.5", "1")),
        RecordAxis(AxisKind.SIZE, ("<0>",), ("512x768",)),
        RecordAxis(AxisKind.TRIGGER, ("<0>", "<1>", "<2>"), ("on", "off", "own words")),
        RecordAxis(AxisKind.PROMPT_PART, ("<0>", "<1>"), ("cat", ""), "fox"),
        RecordAxis(AxisKind.INIT_IMAGE, ("<0>",), ("pose.png",)),
        RecordAxis(AxisKind.CHECKPOINT, ("<0>", "<1>", "<2>"), ("model 1", "model 1", "model 3")),
    )
    assert record.layout == layout
    assert record.settings.width == steps
    assert (record.prompt, record.title, record.folder) == ("a fox", "a grid", f"/grids/{id_:05d}")
    assert record.checkpoint == "model 1, model 3"
    assert record.loras == ("model 2", "model 4")
    assert record.lengths == spec.lengths


def test_without_such_axes_the_models_are_those_of_the_base(stocked: Catalog) -> None:
    record = stocked.grids.grid(stocked.grids.add(plan_of(spec_of(SEEDS, lora2=OTHER)), "/g"))
    assert (record.checkpoint, record.loras) == ("model 1", ("model 2", "model 3"))


def test_every_model_of_a_grid_knows_it(stocked: Catalog) -> None:
    recipe = Recipe(
        replace(CHECKPOINT, companions=(COMPANION,)),
        "a fox",
        "",
        1,
        loras=(LoraUse(LORA, 1, 1), LoraUse(OTHER, 1, 1)),
        vae=VAE,
        embeddings=(("a word", EMBEDDING),),
        controls=(ControlUse(CONTROL, HINT),),
    )
    placement = Placement((), Cell(recipe, "one"))
    id_ = stocked.grids.add(GridPlan(spec_of(), (placement,), (placement.cell,)), "/g")
    for content_id in range(1, 8):
        assert stocked.details(content_id).grids == (id_,)
        assert [record.id for record in stocked.grids.grids(content_id)] == [id_]
    assert stocked.grids.grids(8) == []
    assert stocked.ids("is:tested") == []
    stocked.grids.record([rendered("one")])
    assert sorted(stocked.ids("is:tested")) == list(range(1, 8))


def test_a_lora_at_no_strength_is_in_its_grid(stocked: Catalog) -> None:
    plan = plan_of(spec_of(axis(AxisKind.STRENGTH, 0.0), lora=OTHER))
    id_ = stocked.grids.add(plan, "/g")
    assert stocked.details(OTHER.content_id).grids == (id_,)


def test_hostile_texts_are_kept(stocked: Catalog) -> None:
    spec = replace(spec_of(axis(AxisKind.PROMPT, "\udcff\x00\x1b[31m")), title="\udcff\x00 title")
    id_ = stocked.grids.add(plan_of(spec), "/g")
    assert stocked.grids.spec(id_) == spec
    record = stocked.grids.grid(id_)
    assert record.axes[0].texts == ("\udcff\x00\x1b[31m",)
    assert record.title == "\\udcff title"


def test_a_grid_that_cannot_be_read_is_said_and_hides_no_other(stocked: Catalog) -> None:
    broken = stocked.grids.add(plan_of(spec_of(STRENGTHS)), "/g")
    whole = stocked.grids.add(plan_of(spec_of(STRENGTHS)), "/g")
    with stocked._writer.transaction() as connection:
        connection.exec_driver_sql("UPDATE grid SET spec = '{\"axes\": 1}' WHERE id = ?", (broken,))
    assert [(record.id, len(record.axes)) for record in stocked.grids.grids()] == [
        (whole, 1),
        (broken, 0),
    ]
    assert stocked.grids.grid(broken).cells_total == 3
    for ask in (stocked.grids.spec, stocked.grids.cells):
        with pytest.raises(CatalogError, match=f"grid {broken} cannot be read: axes"):
            ask(broken)


def test_no_such_grid(stocked: Catalog) -> None:
    for ask in (stocked.grids.spec, stocked.grids.cells, stocked.grids.grid):
        with pytest.raises(BadReference, match="no grid 9"):
            ask(9)
