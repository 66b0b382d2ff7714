"""Previews in bulk: which models, in which order, on what, and what stops it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from grid_stock import QUICK, Stock, request_of
from loradex.catalog.catalog import Catalog
from loradex.domain.axes import AxisKind
from loradex.domain.content_level import ContentLimit
from loradex.domain.library import FileState
from loradex.domain.progress import CancelToken
from loradex.errors import Cancelled
from loradex.operations import annotate
from loradex.operations.preview_drawing import Deadline, PreviewReport, draw_previews
from loradex.operations.preview_plan import PreviewPlan, plan_previews
from loradex.operations.previews.beside import pictures_beside, put_beside
from loradex.operations.relocating import move_library
from loradex.operations.telling_cell import shown_models
from progress_kit import Recorder

pytestmark = pytest.mark.render

LOOK = request_of({**QUICK, AxisKind.PROMPT: "a boat", AxisKind.SEED: "1"})


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture
def models(stocked: Stock, catalog: Catalog, tmp_path: Path) -> Path:
    """A copy of the stock's models, as the catalog's library: to be changed at will."""
    folder = tmp_path / "models"
    shutil.copytree(stocked.models, folder)
    (library,) = catalog.files.libraries()
    sink, cancel = Recorder(), CancelToken()
    move_library(catalog, library, folder, force=False, dry_run=False, sink=sink, cancel=cancel)
    return folder


def plan_of(catalog: Catalog, *names: str, missing: bool = True, on: str = "") -> PreviewPlan:
    return plan_previews(
        catalog,
        [catalog.resolve(name) for name in names] or None,
        missing=missing,
        limit=ContentLimit.SAFE,
        checkpoint=catalog.resolve(on) if on else None,
        sink=Recorder(),
        cancel=CancelToken(),
    )


def told(plan: PreviewPlan) -> list[tuple[str, list[str]]]:
    return [(one.checkpoint.name, [row.name for row in one.models]) for one in plan.portions]


def draw(catalog: Catalog, plan: PreviewPlan, **how: Any) -> PreviewReport:
    return draw_previews(catalog, plan, LOOK, sink=Recorder(), cancel=CancelToken(), **how)


def test_the_most_wanted_come_first_each_on_what_fits_it(stocked: Stock, catalog: Catalog) -> None:
    ids = {row.name: row.id for row in catalog.search("").rows}
    annotate.favourite(catalog, [ids["rain"]], True)
    annotate.rate(catalog, [ids["glow"]], 5)
    annotate.rate(catalog, [ids["neon"]], 2)
    plan = plan_of(catalog, "neon", "plain", "glow", "rain", "EasyBad", "sketcher")
    assert told(plan) == [
        ("painter", ["rain", "plain", "neon"]),
        ("painterXL", ["glow"]),
        ("sketcher", ["sketcher"]),
    ]
    assert [(one.item, one.message) for one in plan.left_out] == [
        ("EasyBad", "Pictures are drawn of LoRAs and checkpoints, not of the kind embedding.")
    ]


def test_all_that_can_be_drawn_are_taken_when_none_are_named(
    stocked: Stock, catalog: Catalog
) -> None:
    assert sorted(row.name for row in plan_of(catalog).models) == [
        "glow", "neon", "painter", "painterXL", "plain", "rain", "sketcher",
    ]  # fmt: skip


def test_a_named_checkpoint_takes_what_fits_it(stocked: Stock, catalog: Catalog) -> None:
    plan = plan_of(catalog, "neon", "glow", on="sketcher")
    assert told(plan) == [("sketcher", ["neon"])]
    assert [one.message for one in plan.left_out] == ["It is for sdxl, and sketcher is sd1."]


def test_without_a_whole_checkpoint_the_reason_is_told(models: Path, catalog: Catalog) -> None:
    shutil.rmtree(models / "checkpoints" / "painterXL")
    (models / "checkpoints" / "painter.safetensors").unlink()
    plan = plan_of(catalog, "neon", "glow")
    assert told(plan) == [("sketcher", ["neon"])]
    assert "painterXL is not there" in plan.left_out[0].message
    catalog.files.set_state([catalog.details(2).files[0].id], FileState.MISSING)
    (left,) = plan_of(catalog, "glow").left_out
    assert left.message == "No checkpoint for sdxl is in the catalog."


def test_previews_are_drawn_put_beside_and_not_drawn_again(models: Path, catalog: Catalog) -> None:
    loras = models / "loras"
    (loras / "rain.jpg").write_bytes(b"mine")
    changed = loras / "plain.safetensors"
    os.utime(changed, (1, 1))
    plan = plan_of(catalog, "painter", "neon", "rain", "plain", missing=False)
    assert [name for name, _ in told(plan)] == ["painter"]

    report = draw(catalog, plan, seconds=0.0)
    assert (report.drawn, report.left, report.failed) == (0, 4, [])

    report = draw(catalog, plan, beside=True)
    assert (report.drawn, report.reused, report.left) == (3, 0, 0)
    assert [(one.item, "has changed since" in one.message) for one in report.failed] == [
        ("plain", True)
    ]
    assert {path.name for path in report.beside} == {"neon.preview.png", "painter.preview.png"}
    assert not list(loras.glob("rain*.png"))
    (grid,) = catalog.grids.grids()
    assert grid.title == "Previews on painter"
    shown = shown_models(catalog, grid.id)
    assert sorted(catalog.rows([id_])[0].name for id_ in shown) == ["neon", "painter", "rain"]
    assert len({path.read_bytes() for path in shown.values()}) == 3
    assert (loras / "neon.preview.png").read_bytes() == shown[catalog.resolve("neon")].read_bytes()

    again = plan_of(catalog, "painter", "neon", "rain")
    assert (told(again), again.shown) == ([], 3)
    report = draw(catalog, plan_of(catalog, "neon", missing=False))
    assert (report.drawn, report.reused) == (0, 1)


def test_a_picture_beside_the_file_is_enough(models: Path, catalog: Catalog) -> None:
    (models / "loras" / "neon.webp").write_bytes(b"x")
    plan = plan_of(catalog, "neon", "rain")
    assert ([row.name for row in plan.models], plan.shown) == (["rain"], 1)


def test_nothing_beside_a_model_is_ever_written_over(tmp_path: Path) -> None:
    model, picture = tmp_path / "neon.v2.safetensors", tmp_path / "cell"
    picture.write_bytes(b"picture")
    assert put_beside(model, picture) == tmp_path / "neon.v2.preview.png"
    assert put_beside(model, picture) is None
    (tmp_path / "folder.v1").mkdir()
    assert put_beside(tmp_path / "folder.v1", picture) == tmp_path / "folder.v1.preview.png"
    dangling = tmp_path / "other.preview.png"
    dangling.symlink_to(tmp_path / "nowhere")
    assert put_beside(tmp_path / "other.safetensors", picture) is None
    assert not (tmp_path / "nowhere").exists()
    assert list(pictures_beside(model)) == [tmp_path / "neon.v2.preview.png"]


def test_a_person_stops_it_sooner() -> None:
    person = CancelToken()
    until = Deadline(person, 1000.0)
    until.check()
    assert not until.cancelled
    person.cancel()
    assert until.cancelled
    assert not until.over
    with pytest.raises(Cancelled, match="Stopped"):
        until.check()
    with pytest.raises(Cancelled, match="time is over"):
        Deadline(CancelToken(), 0.0).check()
