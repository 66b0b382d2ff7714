"""Asking for a grid, watching it fill in, and walking through it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from textual.widgets import TextArea

from loradex.catalog.catalog import Catalog
from loradex.domain.axes import AxisKind
from loradex.domain.grid import Layout as GridLayout
from loradex.domain.verdicts import Verdict
from loradex.operations.child_job import JobStatus
from loradex.operations.copying import CopyForm, copied
from loradex.operations.grid_request import GridRequest
from loradex.paths import Home
from loradex_tui.pictures.choice import PictureMode
from loradex_tui.screens.cell_sheet import CellSheet
from loradex_tui.screens.confirm import Confirm
from loradex_tui.screens.grid_builder import GridBuilder
from loradex_tui.screens.grid_screen import GridScreen
from loradex_tui.screens.grids import GridsScreen
from loradex_tui.screens.key_menu import KeyMenu
from loradex_tui.screens.library import LibraryScreen
from loradex_tui.screens.model_picker import ModelPicker
from loradex_tui.screens.quick_grid import QuickGrid
from loradex_tui.screens.verdict_dialog import VerdictDialog
from loradex_tui.screens.zoom import ZoomScreen
from loradex_tui.widgets.cell_view import CellView
from tui.shelf import (
    ALLEY,
    HOSTILE,
    KNIGHT,
    SEEDS,
    STRENGTHS,
    axis,
    draw_cell,
    draw_cells,
    few,
    grid,
    keep,
    look,
    shelf,
)
from tui.stage import NARROW, WIDE, Stage, showing
from verdict_kit import BEST, BURNS, NEEDS

NONE = GridRequest(())


@dataclass
class StillJob:
    """A job that is where the test says it is."""

    status: JobStatus = field(default_factory=JobStatus)
    cancelled: bool = False
    closed: bool = False
    asked: object = None

    def poll(self) -> JobStatus:
        return self.status

    def cancel(self) -> None:
        self.cancelled = True

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> dict[str, StillJob]:
    """The jobs that were started by name; they start no process."""
    started: dict[str, StillJob] = {}

    def starter(name: str) -> Callable[..., StillJob]:
        def start(_home: Home, asked: object = None, *_more: object) -> StillJob:
            started[name] = StillJob(asked=asked)
            return started[name]

        return start

    monkeypatch.setattr("loradex_tui.grids.starts.start_grid_job", starter("grid"))
    monkeypatch.setattr("loradex_tui.grids.starts.start_resume_job", starter("grid"))
    monkeypatch.setattr("loradex_tui.app.start_job", starter("scan"))
    return started


async def build(stage: Stage, name: str) -> GridBuilder:
    """Open the builder on a model."""
    await stage.look_at(name)
    await stage.press("X")
    await stage.until(lambda: isinstance(stage.app.screen, GridBuilder))
    builder = stage.app.screen
    assert isinstance(builder, GridBuilder)
    await stage.until(lambda: builder._check.sketch or builder._check.first_fault)
    return builder


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_a_grid_is_put_together_row_by_row(
    catalog: Catalog, tmp_path: Path, jobs: dict[str, StillJob], size: tuple[int, int]
) -> None:
    async with showing(catalog, size) as stage:
        builder = await build(stage, "knight")
        assert "neon_knight_v3" in stage.text
        assert "0..1.2:0.2" in stage.text
        assert "1024x1024, as suits it" in stage.text
        await stage.until(lambda: "7 pictures" in stage.text)
        # What is typed is checked in words below its row, and nothing is drawn until it is right.
        await stage.press("j", "j", "enter")
        await stage.type(":0")
        await stage.until(lambda: "✗" in stage.text)
        await stage.press("ctrl+s")
        await stage.until(lambda: "This" in stage.toasts)
        assert not jobs
        await stage.press(*["backspace"] * 2, "enter")
        await stage.until(lambda: "7 pictures" in stage.text)
        # Prompts, a line each; the placement; one axis more.
        await stage.press("j", "enter")
        await stage.until(lambda: isinstance(stage.app.focused, TextArea))
        await stage.press("enter")
        await stage.type("a knight")
        await stage.press("escape", "h")
        await stage.until(lambda: "14 pictures" in stage.text and "pages" in stage.text)
        await stage.press("n", "h")
        added = builder.form.rows[-1].kind
        await stage.press("escape", "d", "T")
        await stage.until(lambda: builder._check.request is not None)
        assert added not in {axis.kind for axis in (builder._check.request or NONE).axes}
        # As a file, and back.
        await stage.press("S")
        await stage.press(*["backspace"] * 9)
        await stage.type(str(tmp_path / "mine.toml"))
        await stage.press("enter")
        await stage.until((tmp_path / "mine.toml").exists)
        written = builder._check.request
        await stage.press("p", "p")
        await stage.until(lambda: "15 pictures" in stage.text or "30 pictures" in stage.text)
        await stage.press("O")
        await stage.type(str(tmp_path / "mine.toml"))
        await stage.press("enter")
        await stage.until(lambda: builder._check.request == written)
        await stage.press("ctrl+s")
        await stage.until(lambda: isinstance(stage.app.screen, GridScreen) and jobs)
        request = jobs["grid"].asked
        assert isinstance(request, GridRequest)
        assert AxisKind.PROMPT in request.pages
        assert request.texts(AxisKind.PROMPT)[1] == "a knight"


async def test_models_are_chosen_from_those_that_fit(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        builder = await build(stage, "alley")
        assert "ponyDiffusionV6" in stage.text
        await stage.press("j", "enter")
        await stage.until(lambda: isinstance(stage.app.screen, ModelPicker))
        await stage.until(lambda: "[x] ponyDiffusionV6" in stage.text)
        assert "does not fit: SD 1.5" in stage.text
        await stage.press("j", "space", "space")
        assert "2 chosen of" in stage.text or "3 chosen of" in stage.text
        await stage.press("enter")
        await stage.until(lambda: "✗ neon_alley is for sdxl, and dreamshaper" in stage.text)
        await stage.press("e")
        await stage.press(*["backspace"] * 20)
        await stage.type("nobody")
        await stage.until(lambda: "✗ 'nobody' names no model" in stage.text)
        assert "nobody" in builder._check.first_fault


async def test_a_quick_grid_is_one_enter_away(catalog: Catalog, jobs: dict[str, StillJob]) -> None:
    async with showing(catalog, NARROW) as stage:
        await stage.look_at("knight")
        await stage.press("x")
        await stage.until(lambda: isinstance(stage.app.screen, QuickGrid))
        await stage.until(lambda: "3 pictures" in stage.text)
        assert "(•) sd_xl_base_1.0" in stage.text
        await stage.press("j")
        await stage.until(lambda: "(•) ponyDiffusionV6" in stage.text)
        await stage.press("enter")
        await stage.until(lambda: isinstance(stage.app.screen, GridScreen) and jobs)
        request = jobs["grid"].asked
        assert isinstance(request, GridRequest)
        assert request.texts(AxisKind.CHECKPOINT) == ("7",)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("lunar,oil", "LoRAs are for"),
        ("oil", "No checkpoint for FLUX.1 is here."),
        ("dream,knight", "drawn of LoRAs only"),
    ],
)
async def test_what_cannot_be_drawn_says_why(catalog: Catalog, query: str, told: str) -> None:
    async with showing(catalog) as stage:
        for name in query.split(","):
            await stage.look_at(name)
            await stage.press("space")
        await stage.press("x")
        await stage.until(lambda: told in stage.toasts)
        assert isinstance(stage.app.screen, LibraryScreen)


async def test_the_list_narrows_goes_on_asks_again_and_deletes(
    catalog: Catalog, tmp_path: Path, jobs: dict[str, StillJob]
) -> None:
    grid(catalog, tmp_path / "grid")
    draw_cells(catalog, tmp_path / "grid", 9)
    keep(catalog, tmp_path / "other", (STRENGTHS,), GridLayout(x=(0,)), title="another one")
    catalog.verdicts.record(Verdict(1, (BEST,), grid_id=1))
    async with showing(catalog) as stage:
        await stage.press("4")
        await stage.until(lambda: "9 of 12 · stopped" in stage.text)
        assert "◆ best 0.8" in stage.text
        assert "probe neon_knight_v3 on" in stage.text
        await stage.press("/")
        await stage.type("probe")
        await stage.until(lambda: "another one" not in stage.text)
        await stage.press("enter", "e")
        await stage.until(lambda: isinstance(stage.app.screen, GridBuilder))
        builder = stage.app.screen
        assert isinstance(builder, GridBuilder)
        assert builder.form.request().texts(AxisKind.STRENGTH) == ("0.0", "0.5", "1.0")
        await stage.press("escape", "r")
        await stage.until(lambda: "grid" in jobs)
        assert jobs["grid"].asked == 1
        await stage.until(lambda: isinstance(stage.app.screen, GridScreen))
        await stage.press("escape", "escape")
        await stage.until(lambda: "another one" in stage.text)
        await stage.press("home", "d")
        await stage.until(lambda: isinstance(stage.app.screen, Confirm))
        assert "Delete grid #2, another one?" in stage.text
        await stage.press("y")
        await stage.until(lambda: "another one" not in stage.text)
        assert [record.id for record in catalog.grids.grids()] == [1]


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_look_pick_flip_store_and_judge(
    catalog: Catalog, tmp_path: Path, size: tuple[int, int]
) -> None:
    grid(catalog, tmp_path / "grid")
    draw_cells(catalog, tmp_path / "grid", 12)
    catalog.verdicts.record(Verdict(1, (NEEDS, BURNS), checkpoint_id=6))
    async with showing(catalog, size) as stage:
        await stage.press("4", "enter")
        await stage.until(lambda: "▀▀" in stage.text)
        await stage.press("l", "space", "l", "b")
        assert "❯picked❮" in stage.text
        await stage.press("b", "T")
        assert "Strength 1" in stage.text
        await stage.press("T", "h", "W")
        await stage.until(lambda: catalog.ids("best:0.4..0.6") == [1])
        await stage.until(lambda: "★ 0.5" in stage.text)
        assert "neon_knight_v3 is best at 0.5" in stage.toasts
        assert copied(catalog, 1, CopyForm.A1111).text.startswith("<lora:neon_knight_v3:0.5>")
        await stage.press("i")
        await stage.until(lambda: isinstance(stage.app.screen, CellSheet))
        assert "Digest" in stage.text
        await stage.press("escape", "y")
        await stage.until(lambda: isinstance(stage.app.screen, KeyMenu))
        await stage.press("p")
        assert stage.app.clipboard.endswith(".png")
        await stage.press("V")
        await stage.until(lambda: isinstance(stage.app.screen, VerdictDialog))
        assert "probe: burns above 1.25" in stage.text
        assert "[x] best" in stage.text
        # Usable, typed as a range; a range that leaves the best one out is refused.
        await stage.type("0.4..0.9")
        await stage.press("enter", "enter")
        await stage.until(lambda: catalog.ids("verdict:usable") == [1])
        assert catalog.ids("best:0.4..0.6 verdict:needs") == [1]
        await stage.press("u")
        await stage.until(lambda: not catalog.ids("verdict:usable"))
        await stage.press("u")
        await stage.until(lambda: not catalog.ids("best:0.4..0.6"))
        assert catalog.preferences.own([1]) == {}


async def test_a_grid_fills_in_while_it_is_drawn(
    catalog: Catalog, tmp_path: Path, jobs: dict[str, StillJob]
) -> None:
    async with showing(catalog) as stage:
        await build(stage, "knight")
        await stage.press("ctrl+s")
        await stage.until(lambda: isinstance(stage.app.screen, GridScreen) and jobs)
        job = jobs["grid"]
        job.status = JobStatus(stage="loading", done=1, total=4, unit="parts")
        await stage.until(lambda: "grid: loading 25 % (1 of 4 parts)" in stage.lines[0])
        id_ = grid(catalog, tmp_path / "grid")
        job.status = JobStatus(grid_id=id_, stage="drawing", done=0, total=12, unit="pictures")
        await stage.until(lambda: stage.app.screen.query(CellView))
        assert "· · ·" in stage.text
        assert "0 of 12" in stage.text
        assert "▀▀" not in stage.text
        draw_cells(catalog, tmp_path / "grid", 3)
        job.status = JobStatus(grid_id=id_, stage="drawing", done=3, total=12, unit="pictures")
        await stage.until(lambda: "3 of 12" in stage.text and "▀▀" in stage.text)
        draw_cells(catalog, tmp_path / "grid", 12, fail=4)
        job.status = JobStatus("done", grid_id=id_, message="12 pictures.")
        await stage.until(lambda: "11 of 12" in stage.text and "1 failed" in stage.text)
        assert job.closed
        assert not stage.app.jobs.names


async def test_a_grid_that_breaks_off_keeps_its_reason_on_the_screen(
    catalog: Catalog, tmp_path: Path, jobs: dict[str, StillJob]
) -> None:
    id_ = grid(catalog, tmp_path / "grid")
    draw_cells(catalog, tmp_path / "grid", 3)
    async with showing(catalog) as stage:
        await build(stage, "knight")
        await stage.press("ctrl+s")
        await stage.until(lambda: isinstance(stage.app.screen, GridScreen) and jobs)
        jobs["grid"].status = JobStatus(
            "failed", grid_id=id_, message="The disk is full.", hint="Free some space."
        )
        await stage.until(lambda: "✗ The disk is full. Free some space." in stage.text)
        assert "3 of 12" in stage.text
        await stage.until(lambda: "▀▀" in stage.text)


async def test_a_grid_that_cannot_start_says_why(
    catalog: Catalog, jobs: dict[str, StillJob]
) -> None:
    async with showing(catalog) as stage:
        await build(stage, "knight")
        await stage.press("ctrl+s")
        await stage.until(lambda: isinstance(stage.app.screen, GridScreen) and jobs)
        jobs["grid"].status = JobStatus(
            "failed", message="torch is not [installed].", hint="pip install 'loradex[render]'"
        )
        await stage.until(lambda: "✗ torch is not [installed]." in stage.text)
        assert "pip install 'loradex[render]'" in stage.text
        await stage.press("escape")
        assert isinstance(stage.app.screen, LibraryScreen)


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_an_old_grid_is_walked_zoomed_and_flipped(
    catalog: Catalog, tmp_path: Path, size: tuple[int, int]
) -> None:
    grid(catalog, tmp_path / "grid")
    draw_cells(catalog, tmp_path / "grid", 12, fail=4)
    async with showing(catalog, size) as stage:
        await stage.press("4")
        await stage.until(lambda: "neon_knight_v3 on" in stage.text)
        assert "11 of 12" in stage.text
        await stage.press("enter")
        await stage.until(lambda: "▀▀" in stage.text)
        assert "❯0❮" in stage.text
        await stage.press("l", "l")
        assert "❯1❮" in stage.text
        assert "Strength 1 " in stage.text
        await stage.press("b")
        assert "❯base❮" in stage.text
        await stage.press("j", "h")
        assert "✗ Out of memory on [cuda:0]." in stage.text
        await stage.press("enter")
        assert "no picture yet" in stage.toasts
        await stage.press("k", "enter")
        await stage.until(lambda: isinstance(stage.app.screen, ZoomScreen) and "▀▀" in stage.text)
        assert "Strength 0.5" in stage.text
        await stage.press("b")
        assert "without the LoRA" in stage.text
        await stage.press("l")
        assert "Strength 1 " in stage.text
        await stage.press("escape")
        await stage.until(lambda: "❯1❮" in stage.text)
        await stage.press("escape")
        await stage.press("1")
        assert isinstance(stage.app.screen, LibraryScreen)


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_a_grid_of_pages_and_nested_columns(
    catalog: Catalog, tmp_path: Path, size: tuple[int, int]
) -> None:
    loras = axis(AxisKind.LORA, KNIGHT, ALLEY)
    samplers = axis(AxisKind.SAMPLER, "Euler", "DDIM")
    places = GridLayout(x=(1, 3), y=(2,), pages=(0,))
    keep(catalog, tmp_path, (loras, samplers, SEEDS, STRENGTHS), places, without=[(0, 0, 0, 1)])
    for number, at in enumerate([(0, 0, 0, 0), (0, 1, 1, 2), (1, 0, 0, 0)]):
        draw_cell(catalog, tmp_path, at, hue=number * 50)
    async with showing(catalog, size) as stage:
        await stage.press("4", "enter")
        await stage.until(lambda: "▀▀" in stage.text)
        assert "[ ] 1/2  neon_knight_v3" in stage.text
        assert "❯Euler❮" in stage.text
        assert "❯0❮" in stage.text
        assert "Seed 1" in stage.text
        assert "Prompt a knight" in " ".join(stage.text.split())
        await stage.press("l")
        assert "left out" in stage.text
        await stage.press("l", "l")
        assert "❯DDIM❮" in stage.text
        assert "❯0❮" in stage.text
        await stage.press("l", "l", "j")
        words = " ".join(stage.text.split())
        assert "Strength 1 Sampler DDIM Seed 2 LoRA neon_knight_v3" in words
        await stage.press("b")
        assert "❯base❮" not in stage.text, "its base is not drawn"
        await stage.press("]")
        assert "[ ] 2/2  neon_alley" in stage.text
        assert "not drawn yet" in stage.text
        await stage.press("k", "h", "h", "h", "h", "h", "enter")
        await stage.until(lambda: isinstance(stage.app.screen, ZoomScreen) and "▀▀" in stage.text)
        assert "LoRA neon_alley" in stage.text


async def test_hostile_words_of_a_grid_are_only_words(catalog: Catalog, tmp_path: Path) -> None:
    prompts = axis(AxisKind.PROMPT, *HOSTILE)
    samplers = axis(AxisKind.SAMPLER, *HOSTILE[:6])
    keep(catalog, tmp_path, (prompts, samplers), GridLayout(x=(1,), y=(0,)), title=HOSTILE[5])
    async with showing(catalog) as stage:
        await stage.press("4")
        await stage.until(lambda: "\\x1b[31mred" in stage.text)
        await stage.press("enter")
        await stage.until(lambda: stage.app.screen.query(CellView))
        for _ in HOSTILE:
            await stage.press("j")
            assert "Sampler [/]" in stage.text
            assert not set(stage.text) & set("\x1b\x9b\x07\r\t\u202e\u200b")


async def test_a_grid_whose_record_is_broken_says_so(catalog: Catalog, tmp_path: Path) -> None:
    grid(catalog, tmp_path)
    with catalog._writer.transaction() as connection:
        connection.exec_driver_sql("UPDATE grid SET spec = 'no json'")
    async with showing(catalog) as stage:
        await stage.press("4")
        await stage.until(lambda: "neon_knight_v3 on" in stage.text)
        await stage.press("enter")
        await stage.until(lambda: "✗ The catalog's record of grid 1 cannot be read" in stage.text)
        await stage.press("escape")
        await stage.until(lambda: isinstance(stage.app.screen, GridsScreen))


async def test_pictures_can_be_off(catalog: Catalog, tmp_path: Path) -> None:
    grid(catalog, tmp_path / "grid")
    draw_cells(catalog, tmp_path / "grid", 12)
    async with showing(catalog, pictures=PictureMode.OFF) as stage:
        await stage.press("4", "enter")
        await stage.until(lambda: stage.app.screen.query(CellView))
        assert "done, 1.0 s" in stage.text
        assert "▀" not in stage.text


async def test_a_picture_that_is_no_picture_is_only_a_cell(
    catalog: Catalog, tmp_path: Path
) -> None:
    grid(catalog, tmp_path / "grid")
    draw_cells(catalog, tmp_path / "grid", 12)
    (tmp_path / "grid" / "cell001.png").write_bytes(b"\x89PNG\r\n\x1a\n garbage")
    (tmp_path / "grid" / "cell002.png").unlink()
    async with showing(catalog) as stage:
        await stage.press("4", "enter")
        await stage.until(lambda: stage.text.count("✗ no picture") == 2)


async def test_no_grids_yet(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        await stage.press("4")
        await stage.until(lambda: "No grids yet" in stage.text)
        await stage.press("enter")
        assert "There is no grid here." in stage.toasts
        await stage.press("escape")
        assert isinstance(stage.app.screen, LibraryScreen)


async def test_a_scan_brings_rows_and_quitting_asks(home: Home, jobs: dict[str, StillJob]) -> None:
    catalog = shelf(home, few()[:3])
    async with showing(catalog) as stage:
        await stage.press("R")
        await stage.until(lambda: jobs)
        await stage.press("R")
        assert "A scan is running already." in stage.toasts
        job = jobs["scan"]
        job.status = JobStatus(stage="headers", done=5, total=10, unit="files")
        await stage.until(lambda: "scan: headers 50 % (5 of 10 files)" in stage.lines[0])
        await stage.press("q")
        assert isinstance(stage.app.screen, Confirm)
        await stage.press("n")
        library = catalog.files.libraries()[0]
        catalog.looks.record(library.id, [look("newcomer", 99)], "1")
        job.status = JobStatus("done", message="1 new file.")
        await stage.until(lambda: "newcomer" in stage.text)
        assert "4 of 4 models" in stage.text
        assert "1 new file." in stage.toasts
        assert job.closed


async def test_leaving_the_app_stops_what_runs(home: Home, jobs: dict[str, StillJob]) -> None:
    catalog = shelf(home, few()[:3])
    async with showing(catalog) as stage:
        await stage.press("R")
        await stage.until(lambda: jobs)
        await stage.pilot.press("q", "y")
    assert jobs["scan"].cancelled
    assert jobs["scan"].closed
