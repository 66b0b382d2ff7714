"""Kept grids: asked for again, gone on with, exported, deleted; and what is said of their LoRAs."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from grid_stock import Stock, request_of
from loradex.catalog.catalog import Catalog
from loradex.domain.axes import AxisKind as K
from loradex.domain.progress import CancelToken
from loradex.domain.verdicts import Verdict, VerdictKind
from loradex.errors import BadReference, Cancelled, LoradexError, RenderError, UsageError
from loradex.operations.copying import CopyForm, copied
from loradex.operations.grid_again import request_of_grid, resume_grid
from loradex.operations.grid_cells import cell_strength, grid_cell, prompt_of
from loradex.operations.grid_deleting import delete_grid, deletion_of
from loradex.operations.grid_export import GridForm, export_grid
from loradex.operations.grid_forecast import Forecaster
from loradex.operations.grid_sketch import check_axis, sketch_grid
from loradex.operations.grid_specs import load_spec, save_spec
from loradex.operations.grids import draw_grid, plan_request
from loradex.operations.own_verdicts import finding_of, findings_now, own_word, say, say_best
from loradex.operations.own_verdicts import take_back as take_word_back
from loradex.paths import Home
from progress_kit import Recorder
from verdict_kit import BEST, NEEDS, USABLE

pytestmark = pytest.mark.render

NEON = {K.CHECKPOINT: "painter", K.LORA: "neon", K.PROMPT: "a boat", K.STRENGTH: "0,0.5,1"}


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def test_a_grid_that_was_stopped_goes_on_in_its_own_place(
    stocked: Stock, home: Home, catalog: Catalog, tmp_path: Path
) -> None:
    request = request_of({**NEON, K.SEED: "1..3"}, pages=(K.SEED,))
    cancel, recorder = CancelToken(), Recorder()

    def stop_at_once(_grid_id: int) -> None:
        cancel.cancel()

    with pytest.raises(Cancelled):
        draw_grid(catalog, request, sink=recorder, cancel=cancel, on_started=stop_at_once)
    (stopped,) = catalog.grids.grids()
    assert stopped.cells_done < 9

    tools = {"sink": Recorder(), "cancel": CancelToken()}
    result = resume_grid(catalog, stopped.id, **tools)  # type: ignore[arg-type]
    assert result.grid_id == stopped.id
    assert catalog.grids.grid(stopped.id).cells_done == 9
    cells = catalog.grids.cells(stopped.id)
    assert all(cell.seconds > 0 and len(cell.key) > 16 for cell in cells)

    # One cell again: only that is drawn, and the picture is the same.
    first = Path(cells[-1].path or "")
    before = first.read_bytes()
    again = resume_grid(catalog, stopped.id, redraw=[cells[-1].key], **tools)  # type: ignore[arg-type]
    assert (again.drawn, again.reused) == (1, 8)
    assert first.read_bytes() == before
    with pytest.raises(BadReference, match="has no cell"):
        resume_grid(catalog, stopped.id, redraw=["0" * 64], **tools)  # type: ignore[arg-type]

    # The request of a kept grid comes to the same cells.
    same = request_of_grid(catalog, stopped.id)
    plan = plan_request(catalog, same, **tools)  # type: ignore[arg-type]
    assert {p.at: p.cell.key for p in plan.placements} == {cell.at: cell.key for cell in cells}
    assert same.pages == (K.SEED,)
    path = save_spec(same, tmp_path / "specs" / "neon.toml")
    assert load_spec(path) == same
    with pytest.raises(UsageError, match="cannot be read"):
        load_spec(tmp_path / "nothing.toml")

    # What is shared stays when one of two grids goes.
    other = draw_grid(catalog, request_of({**NEON, K.SEED: "3..4"}), **tools)  # type: ignore[arg-type]
    catalog.verdicts.record(Verdict(catalog.resolve("neon"), (NEEDS,), grid_id=stopped.id))
    what = deletion_of(catalog, stopped.id)
    assert (what.pictures, what.shared, what.verdicts) == (6, 3, 1)
    assert what.size > 6_000
    delete_grid(catalog, stopped.id)
    assert [record.id for record in catalog.grids.grids()] == [other.grid_id]
    assert len(list(home.renders.rglob("*.png"))) == 6
    assert not (home.grids / f"{stopped.id:05d}").exists()
    assert catalog.verdicts.of(catalog.resolve("neon"))[0].grid_id is None
    with pytest.raises(BadReference):
        deletion_of(catalog, stopped.id)

    done = export_grid(catalog, other.grid_id, tmp_path / "out", list(GridForm))
    assert {file.suffix for file in done.files} == {".png", ".html", ".csv"}
    with (tmp_path / "out" / "cells.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6
    assert rows[1]["prompt"] == "a boat"
    assert rows[2]["prompt"] == "neonkn, a boat"
    (tmp_path / "file").write_text("")
    with pytest.raises(RenderError, match="cannot be written"):
        export_grid(catalog, other.grid_id, tmp_path / "file" / "x", [GridForm.TABLE])

    neon = catalog.resolve("neon")
    at = next(cell.at for cell in catalog.grids.cells(other.grid_id) if cell.at[0] == 2)
    strength = cell_strength(catalog, other.grid_id, at)
    assert (strength.content_id, strength.strength) == (neon, 1.0)
    with pytest.raises(UsageError, match="without neon"):
        cell_strength(catalog, other.grid_id, (0, *at[1:]))
    assert prompt_of(grid_cell(catalog, other.grid_id, at)).startswith("neonkn, a boat")


def test_the_best_strength_is_a_verdict_and_goes_into_prompts(
    stocked: Stock, catalog: Catalog
) -> None:
    neon = catalog.resolve("neon")
    catalog.verdicts.record(Verdict(neon, (NEEDS, USABLE, BEST)))
    before = say_best(catalog, neon, 0.6)
    assert before.verdict is None
    assert [one.kind for one in findings_now(catalog, neon)] == [
        VerdictKind.NEEDS_TRIGGER, VerdictKind.USABLE, VerdictKind.BEST,
    ]  # fmt: skip
    assert catalog.ids("best:0.55..0.65") == [neon]
    assert copied(catalog, neon, CopyForm.A1111).text == "<lora:neon:0.6> ohwx, neonkn"
    outside = say_best(catalog, neon, 2.0)
    assert catalog.ids("best:2") == [neon]
    assert VerdictKind.USABLE not in [one.kind for one in findings_now(catalog, neon)]
    take_word_back(catalog, outside)
    assert catalog.ids("best:0.6") == [neon]
    take_word_back(catalog, before)
    assert catalog.ids("best:0.8") == [neon]
    assert own_word(catalog, neon).strength is None
    with pytest.raises(UsageError, match="outside"):
        say(catalog, neon, [USABLE, finding_of(VerdictKind.BEST, "1.5")])


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        (VerdictKind.USABLE, "0.4..0.9", "Usable 0.4–0.9."),
        (VerdictKind.BURNS, "1.2", "Burns above 1.2."),
        (VerdictKind.BURNS, "", "Burns."),
        (VerdictKind.DEAD_TRIGGER, "neonkn", "Dead trigger neonkn."),
        (VerdictKind.USABLE, "0.4", "from where to where"),
        (VerdictKind.USABLE, "0.9..0.4", "goes upwards"),
        (VerdictKind.BEST, "", "at which strength"),
        (VerdictKind.BEST, "much", "a number from"),
    ],
)
def test_findings_are_read_as_typed(kind: VerdictKind, text: str, told: str) -> None:
    try:
        assert finding_of(kind, text).sentence == told
    except UsageError as error:
        assert told in str(error)


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        (K.STRENGTH, "0..1.2:0.2", 7),
        (K.STRENGTH, "0..1.2", "does not say its step"),
        (K.STRENGTH, "11", "Strengths lie between"),
        (K.SEED, "random:4", 4),
        (K.SEED, "-1", "0 or more"),
        (K.STEPS, "0", "0 steps cannot be drawn"),
        (K.SAMPLER, "Eulr", "no sampler"),
        (K.LORA, "neon", 1),
        (K.LORA, "nobody", "names no model"),
        (K.LORA, "painter", "is no LoRA"),
        (K.PROMPT, "a <lora:>", "names no LoRA"),
        (K.SIZE, "512x", "no size"),
    ],
)
def test_an_axis_is_checked_by_itself(
    stocked: Stock, catalog: Catalog, kind: K, text: str, told: int | str
) -> None:
    try:
        assert check_axis(catalog, kind, [text]) == told
    except LoradexError as error:
        assert str(told) in str(error)


def test_a_sketch_counts_and_a_forecast_knows_what_is_drawn(
    stocked: Stock, catalog: Catalog
) -> None:
    request = request_of({**NEON, K.LORA: ("neon", "rain")})
    sketch = sketch_grid(catalog, request)
    assert (sketch.places, sketch.pictures, sketch.unhashed) == (6, 5, 0)
    with pytest.raises(LoradexError, match="glow is for sdxl"):
        sketch_grid(catalog, request_of({**NEON, K.LORA: "glow"}))
    draw_grid(catalog, request_of(NEON), sink=Recorder(), cancel=CancelToken())
    forecaster = Forecaster(catalog.home)
    try:
        told = forecaster.forecast(request)
        assert (told.pictures, told.exist, told.devices) == (5, 3, ("cpu",))
        assert told.seconds is not None
        assert told.memory_bytes > 100_000_000
        with pytest.raises(RenderError, match="glow is for sdxl"):
            forecaster.forecast(request_of({**NEON, K.LORA: "glow"}))
    finally:
        forecaster.close()
    with pytest.raises(RenderError, match="has ended"):
        forecaster.forecast(request)
