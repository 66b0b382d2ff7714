"""Asking for a grid, watching it fill in, and walking through it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from catalog_kit import hashes
from loradex.catalog.catalog import Catalog
from loradex.domain.axes import AxisKind
from loradex.domain.grid import GridPlan
from loradex.domain.grid import Layout as GridLayout
from loradex.errors import NotRenderable
from loradex.operations.child_job import JobStatus
from loradex.operations.grid_request import GridRequest
from loradex.operations.grids import GridPreview
from loradex.paths import Home
from loradex_tui.pictures.choice import PictureMode
from loradex_tui.screens.confirm import Confirm
from loradex_tui.screens.grid_dialog import CheckpointList, GridDialog
from loradex_tui.screens.grid_screen import GridScreen
from loradex_tui.screens.grids import GridsScreen
from loradex_tui.screens.library import LibraryScreen
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


@dataclass
class StillJob:
    """A job that is where the test says it is."""

    status: JobStatus = field(default_factory=JobStatus)
    cancelled: bool = False
    closed: bool = False

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
        def start(_home: Home, _request: GridRequest | None = None) -> StillJob:
            started[name] = StillJob()
            return started[name]

        return start

    monkeypatch.setattr("loradex_tui.app.start_grid_job", starter("grid"))
    monkeypatch.setattr("loradex_tui.app.start_scan_job", starter("scan"))
    return started


async def open_dialog(stage: Stage, name: str) -> GridDialog:
    """Open the grid dialog on a model."""
    await stage.look_at(name)
    await stage.press("x")
    await stage.until(lambda: isinstance(stage.app.screen, GridDialog))
    dialog = stage.app.screen
    assert isinstance(dialog, GridDialog)
    return dialog


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_the_dialog_offers_what_fits_and_counts(
    catalog: Catalog, size: tuple[int, int]
) -> None:
    async with showing(catalog, size) as stage:
        dialog = await open_dialog(stage, "knight")
        assert "(•) sd_xl_base_1.0" in stage.text
        assert "( ) ponyDiffusionV6" in stage.text
        assert ") dreamshaper" not in stage.text
        assert "{trigger} is neonkn." in stage.text
        assert "1024x1024" in stage.text
        assert "8 pictures" in stage.text
        dialog.query_one("#strengths").value = "0, 0.5, 1"  # type: ignore[attr-defined]
        dialog.query_one("#prompts").text = "one\n\ntwo"  # type: ignore[attr-defined]
        await stage.until(lambda: "12 pictures" in stage.text)
        dialog.query_one("#seeds").value = "one"  # type: ignore[attr-defined]
        await stage.until(lambda: "✗ Seeds: " in stage.text)
        await stage.press("ctrl+s")
        assert isinstance(stage.app.screen, GridDialog)
        dialog.query_one("#seeds").value = "1..2"  # type: ignore[attr-defined]
        dialog.query_one("#triggers").value = "both"  # type: ignore[attr-defined]
        await stage.until(lambda: "24 pictures" in stage.text and "2 triggers" in stage.text)
        request = dialog.request()
        assert request.texts(AxisKind.TRIGGER) == ("on", "off")
        assert request.texts(AxisKind.CHECKPOINT) == ("6",)


async def test_a_lora_without_trigger_words_waits_for_a_prompt(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        await open_dialog(stage, "lunar")
        assert "No trigger words are known." in stage.text
        assert "✗ Write at least one prompt." in stage.text
        await stage.type("a hall <lora:>")
        await stage.until(lambda: "✗ Prompts: This tag names no LoRA" in stage.text)


async def test_fields_follow_the_checkpoint_until_they_are_changed(catalog: Catalog) -> None:
    library = catalog.files.libraries()[0]
    turbo = look("sd_xl_turbo_1.0", 50, kind="checkpoint", size=6_940_000_000)
    catalog.looks.record(library.id, [turbo], "1")
    async with showing(catalog) as stage:
        dialog = await open_dialog(stage, "knight")
        chosen = dialog.query_one(CheckpointList)
        names = [row.name for row in dialog._offer.checkpoints]
        chosen.focus()

        async def choose(name: str) -> None:
            await stage.press("g", *["j"] * names.index(name))
            await stage.until(lambda: f"(•) {name}" in stage.text)

        await choose("sd_xl_base_1.0")
        assert (dialog.form.size, dialog.form.steps) == ("1024x1024", "25")
        dialog.query_one("#steps").value = "12"  # type: ignore[attr-defined]
        await choose("sd_xl_turbo_1.0")
        assert (dialog.form.size, dialog.form.steps) == ("512x512", "12")
        assert dialog.request().texts(AxisKind.SAMPLER) == ("Euler a",)
        assert dialog.request().texts(AxisKind.CHECKPOINT) == (
            str(dialog._offer.checkpoints[names.index("sd_xl_turbo_1.0")].id),
        )


async def test_the_dialog_tells_how_long_it_takes(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid(catalog, tmp_path / "grid")
    asked: list[GridRequest] = []

    def preview(_catalog: Catalog, request: GridRequest) -> GridPreview:
        asked.append(request)
        if request.texts(AxisKind.STEPS) == ("30",):
            raise NotRenderable("This [checkpoint] cannot be drawn with.")
        spec = _catalog.grids.spec(1)
        return GridPreview(GridPlan(spec, (), ()), 7, 3, 100.0, 0)

    monkeypatch.setattr("loradex_tui.widgets.grid_estimate.preview_grid", preview)
    async with showing(catalog) as stage:
        dialog = await open_dialog(stage, "knight")
        dialog.query_one("#steps").value = "21"  # type: ignore[attr-defined]
        await stage.pilot.pause(0.6)
        await stage.settle()
        assert not asked, "nothing was drawn with it yet"
        draw_cells(catalog, tmp_path / "grid", 3)
        for number, file in enumerate(catalog.files.to_hash()):
            catalog.looks.record_hashes([(file, hashes(f"{number:x}"))])
        dialog.query_one("#steps").value = "22"  # type: ignore[attr-defined]
        await stage.until(lambda: "7 pictures, 3 drawn already, about 2 min" in stage.text)
        dialog.query_one("#steps").value = "many"  # type: ignore[attr-defined]
        await stage.until(lambda: "about 2 min" not in stage.text)
        dialog.query_one("#steps").value = "30"  # type: ignore[attr-defined]
        await stage.until(lambda: "✗ This [checkpoint] cannot be drawn with." in stage.text)
        dialog.query_one("#prompts").text = "a <lora:nobody>"  # type: ignore[attr-defined]
        await stage.until(lambda: "✗ 'nobody' names no model" in stage.text)
        assert [request.texts(AxisKind.STEPS) for request in asked] == [("22",), ("30",)]


async def test_a_derivative_gets_its_own_checkpoint_first(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        await open_dialog(stage, "alley")
        assert "(•) ponyDiffusionV6" in stage.text


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


async def test_a_grid_fills_in_while_it_is_drawn(
    catalog: Catalog, tmp_path: Path, jobs: dict[str, StillJob]
) -> None:
    async with showing(catalog) as stage:
        await open_dialog(stage, "knight")
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
        await open_dialog(stage, "knight")
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
        await open_dialog(stage, "knight")
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
        await stage.press("y")
        assert stage.app.clipboard.endswith(".png")
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
        assert "Prompt a knight" in stage.text
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
        assert "cell000.png" in stage.text
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
