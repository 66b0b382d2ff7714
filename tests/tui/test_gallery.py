"""Models as pictures: the keys and marks of the list, tiles that fit, pictures as they come."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from textual.geometry import Offset

from catalog_kit import add_library, hashes, look, model, version
from loradex.catalog.catalog import Catalog
from loradex.domain.grid import RenderedCell
from loradex.domain.hub import HubImage
from loradex.operations.matching import found
from loradex.operations.previews import PREVIEW_WIDTH
from loradex.operations.previews.shelf import PreviewShelf
from loradex.paths import Home
from loradex.settings import Settings
from loradex_tui.pictures.choice import PictureMode
from loradex_tui.pictures.picture_box import PictureBox
from loradex_tui.pictures.remembered import TerminalMemory
from loradex_tui.pictures.stage import PictureStage
from loradex_tui.screens.compare import CompareScreen
from loradex_tui.screens.grid_screen import GridScreen
from loradex_tui.screens.large_picture import LargePictureScreen
from loradex_tui.screens.picture_test import PictureTest
from loradex_tui.widgets.gallery import Gallery
from loradex_tui.widgets.tile_pictures import cut_to
from tui.shelf import grid, many, picture, shelf
from tui.stage import NARROW, WIDE, Stage, showing


def gallery(stage: Stage) -> Gallery:
    """Return the gallery, which is shown."""
    models = stage.library.models
    assert isinstance(models, Gallery)
    return models


def drawn(stage: Stage) -> dict[str, bool]:
    """Return the models whose tiles are there, and whether with a picture."""
    shown = gallery(stage)
    found = {}
    for place in shown.in_view():
        row = shown.window.row(place) if place < shown.line_count else None
        tile = shown._pictures.tile(row.id) if row else None
        if row is not None and tile is not None:
            found[row.name] = tile.drawing is not None
    return found


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_models_are_shown_as_pictures_with_the_keys_of_the_list(
    catalog: Catalog, tmp_path: Path, size: tuple[int, int]
) -> None:
    models = tmp_path / "models"
    for number, name in enumerate(("neon_knight_v3", "neon_alley", "oil paint")):
        picture(models / f"{name}.preview.png", hue=number * 40, size=(60, 90))
    (models / "lunar_hall.png").write_bytes(b"\x89PNG broken")
    async with showing(catalog, size) as stage:
        await stage.press("j", "j", "space", "i")
        shown = gallery(stage)
        assert shown.has_focus
        assert shown.cursor == 3, "the cursor stays"
        assert shown.marks == {stage.library.query_one("#list").window.ids[2]}  # type: ignore[attr-defined]
        frame = shown.frame
        assert frame.columns == (3 if size is WIDE else 4)
        await stage.until(
            lambda: len(drawn(stage)) == len(shown.in_view()) or len(drawn(stage)) == 10
        )
        await stage.press("G")
        await stage.until(lambda: len(drawn(stage)) >= 2)
        assert shown.cursor == 9
        await stage.press("home")
        await stage.until(lambda: "❯" in stage.text)
        line = next(line for line in stage.lines if "❯" in line)
        assert "dreamshaper_8" in line or "dreams" in line
        assert "▐" in stage.text, "the cursor has edges, too"
        assert any("*" in line for line in stage.lines), "the mark is a glyph"
        await stage.press("l", "j")
        assert shown.cursor == 1 + frame.columns
        await stage.press("h", "k", "k")
        assert shown.cursor == 0
        await stage.press("v", "l", "l", "v")
        assert len(shown.marks) == 3
        await stage.press("ctrl+a")
        assert len(shown.marks) == 10
        await stage.search("lunar")
        await stage.press("enter")
        await stage.until(lambda: drawn(stage) == {"lunar_hall": False})
        assert "cannot be read" in stage.text
        await stage.search("neon kind:lora")
        await stage.until(lambda: drawn(stage) == {"neon_alley": True, "neon_knight_v3": True})
        await stage.press("enter", "i")
        assert not isinstance(stage.library.models, Gallery)
        assert stage.library.models.line_count == 2
        assert len(stage.library.models.marks) == 10


async def test_a_long_library_reads_rows_and_pictures_only_where_one_looks(
    home: Home, tmp_path: Path
) -> None:
    for number in (0, 2_999):
        picture(tmp_path / f"model {number:06d} of the long shelf.png")
    catalog = shelf(home, many(3_000), root=bytes(tmp_path))
    async with showing(catalog, WIDE) as stage:
        await stage.press("i")
        shown = gallery(stage)
        await stage.until(lambda: drawn(stage).get("model 000000 of the long shelf"))
        await stage.press("pagedown")
        page = shown._page()
        assert shown.cursor == page
        await stage.press("G")
        await stage.until(lambda: drawn(stage).get("model 002999 of the long shelf"))
        kept = len(shown._pictures._tiles)
        assert kept < 8 * page, "only what was seen, and a page more, was read"
        await stage.pilot.click(Gallery, offset=(shown.frame.width + 3, 2))
        await stage.settle()
        first = shown.in_view().start
        assert shown.cursor == first + 1
        assert shown.index_at(Offset(0, 0)) == first


async def test_tiles_show_a_grid_when_there_is_no_preview_and_words_without_pictures(
    catalog: Catalog, tmp_path: Path
) -> None:
    grid(catalog, tmp_path / "grid")
    path = picture(tmp_path / "cell.png")
    catalog.grids.record([RenderedCell("cell002", str(path), 64, 64, 1.0, "")])
    async with showing(catalog, WIDE) as stage:
        await stage.search("neon_knight")
        await stage.press("enter", "i")
        await stage.until(lambda: drawn(stage) == {"neon_knight_v3": True})
        # What a terminal cannot show any more goes at once, wherever a picture is.
        stage.app.pictures = PictureMode.OFF
        await stage.until(lambda: not stage.library.details.picture.shown)
        assert "▀" not in stage.text
        assert "144 MB" in stage.text
        stage.app.pictures = PictureMode.ASCII
        await stage.until(lambda: drawn(stage) == {"neon_knight_v3": True})
        assert "▀" not in stage.text


async def test_a_hubs_picture_is_looked_for_when_the_view_rests(home: Home, tmp_path: Path) -> None:
    catalog = Catalog.open(home)
    library = add_library(catalog)
    catalog.looks.record(library, [look("a.safetensors", 1), look("b.safetensors", 2)], "1")
    catalog.looks.record_hashes([(catalog.files.to_hash()[0], hashes("a"))])
    image = HubImage(1, "https://x.example/1.jpeg", "image", 1, None, None, None)
    pictured = replace(version(), images=(image,))
    catalog.hub.record_models("civitai", [model()])
    catalog.hub.record_versions("civitai", [pictured])
    catalog.hub.record_matches("civitai", [found(1, pictured, model(), "sha256")])
    fetched = picture(tmp_path / "fetched.png").read_bytes()
    name = hashlib.sha256(f"{PREVIEW_WIDTH} {image.url}".encode()).hexdigest()
    PreviewShelf(home).put(name, ".webp", fetched)
    async with showing(catalog, settings=Settings(offline=True)) as stage:
        await stage.press("i")
        await stage.until(lambda: len(drawn(stage)) == 2)
        await stage.until(lambda: sorted(drawn(stage).values()) == [False, True])


@pytest.mark.parametrize(
    ("pixels", "cells", "kept"),
    [
        ((100, 100), (20, 10), (100, 100)),
        ((100, 200), (20, 10), (100, 100)),
        ((300, 100), (20, 10), (100, 100)),
        ((1, 500), (20, 10), (1, 1)),
    ],
)
def test_a_picture_is_cut_to_the_shape_of_its_tile(
    pixels: tuple[int, int], cells: tuple[int, int], kept: tuple[int, int]
) -> None:
    from PIL import Image  # noqa: PLC0415

    assert cut_to(Image.new("RGB", pixels), *cells).size == kept


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_one_picture_large_is_walked_looked_into_and_flipped(
    catalog: Catalog, tmp_path: Path, size: tuple[int, int]
) -> None:
    for number, name in enumerate(("neon_alley", "neon_knight_v3")):
        picture(tmp_path / "models" / f"{name}.png", hue=number * 90, size=(90, 60))
    async with showing(catalog, size) as stage:
        await stage.search("neon")
        await stage.press("enter", "z")
        screen = stage.app.screen
        assert isinstance(screen, LargePictureScreen)
        picture_stage = screen.query_one(PictureStage)
        await stage.until(lambda: picture_stage.shown)
        assert "1 of 2" in stage.text
        await stage.press("+", "L", "J")
        assert picture_stage.zoom == 1.5
        await stage.press("b")
        await stage.until(lambda: "2 of 2" in stage.text)
        assert picture_stage.zoom == 1.5, "flipped in the same place"
        await stage.press("0", "h")
        await stage.until(lambda: "1 of 2" in stage.text)
        assert picture_stage.zoom == 1.0
        await stage.press("l", "escape")
        assert stage.library.models.cursor == 1, "the list is where one left"


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_marked_models_are_compared(
    catalog: Catalog, tmp_path: Path, size: tuple[int, int]
) -> None:
    picture(tmp_path / "models" / "neon_alley.png")
    id_ = grid(catalog, tmp_path / "grid")
    async with showing(catalog, size, toasts=True) as stage:
        await stage.press("c")
        assert "Mark two to four models first" in stage.toasts
        await stage.search("neon")
        await stage.press("enter", "ctrl+a", "c")
        screen = stage.app.screen
        assert isinstance(screen, CompareScreen)
        await stage.until(lambda: "≠" in stage.text and "no picture" in stage.text)
        assert screen.query_one("#box0", PictureBox).shown
        assert "≠ Base" in stage.text
        assert "  Kind" in stage.text
        await stage.press("i")
        assert "Kind" not in stage.text
        assert "Trigger words" in stage.text
        await stage.press("j", "j")
        assert "+style" in stage.text
        await stage.press("l", "o")
        await stage.until(lambda: isinstance(stage.app.screen, GridScreen))
        assert stage.app.screen.grid_id == id_  # type: ignore[attr-defined]
        await stage.press("escape", "enter")
        assert isinstance(stage.app.screen, LargePictureScreen)
        await stage.press("escape", "escape")
        assert stage.app.screen is stage.library


async def test_a_person_tries_what_the_terminal_shows(catalog: Catalog, home: Home) -> None:
    async with showing(catalog, NARROW) as stage:
        stage.app.push_screen(PictureTest())
        await stage.settle()
        dialog = stage.app.screen
        assert isinstance(dialog, PictureTest)
        await stage.until(lambda: "▀" in stage.text)
        assert "red disc" in stage.text
        await stage.press("n")
        await stage.until(lambda: "▀" not in stage.text and "@@" in stage.text)
        assert stage.app.pictures is PictureMode.ASCII
        await stage.press("escape")
        assert stage.app.pictures is PictureMode.HALF, "left as it was"
        stage.app.push_screen(PictureTest())
        await stage.settle()
        await stage.press("j", "y")
        await stage.until(lambda: stage.app.screen is stage.library)
        assert stage.app.pictures is PictureMode.ASCII
        assert TerminalMemory(home).mode(stage.app.launch.pictures.terminal) is PictureMode.ASCII
        assert "You chose it" in stage.app.launch.pictures.why
