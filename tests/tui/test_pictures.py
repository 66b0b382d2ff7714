"""Pictures: only what is one, bounded, and in the shape of the box."""

from __future__ import annotations

import os
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from rich.color import Color
from rich.console import Console

from loradex.catalog.catalog import Catalog
from loradex.domain.hub_waiting import nobody_told
from loradex.domain.models import HubMatch
from loradex.errors import FormatError
from loradex.settings import Settings
from loradex_tui.hub_access import HubAccess
from loradex_tui.pictures.decode import load_picture
from loradex_tui.pictures.finding import model_picture
from loradex_tui.pictures.halfblock import fit_cells, half_blocks
from tui.shelf import draw_cells, grid, picture


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "gif"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_four_formats_are_read_and_shrunk(tmp_path: Path, suffix: str, mode: str) -> None:
    path = tmp_path / f"a.{suffix}"
    Image.new(mode, (300, 200), 90 if mode == "L" else (200, 30, 30)).save(path)
    image = load_picture(path, 100)
    assert image.mode == "RGB"
    assert max(image.size) <= 100
    assert image.width > image.height


def test_what_is_clear_gets_a_dark_ground(tmp_path: Path) -> None:
    path = tmp_path / "clear.png"
    Image.new("RGBA", (8, 8), (255, 255, 255, 0)).save(path)
    assert max(load_picture(path, 8).getpixel((3, 3))) < 60  # type: ignore[arg-type]


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_a_moving_picture_stands_still_at_its_first_frame(tmp_path: Path, suffix: str) -> None:
    frames = [Image.new("RGB", (40, 20), (shade, 0, 0)) for shade in (250, 120, 10)]
    path = tmp_path / f"moving.{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=50)
    assert load_picture(path, 40).getpixel((5, 5))[0] > 200  # type: ignore[index]


def test_a_picture_is_turned_as_its_camera_says(tmp_path: Path) -> None:
    image = Image.new("RGB", (60, 30))
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(tmp_path / "turned.jpg", exif=exif)
    assert load_picture(tmp_path / "turned.jpg", 60).size == (30, 60)


def test_a_picture_that_is_cut_off_gives_a_word(tmp_path: Path) -> None:
    whole = tmp_path / "whole.png"
    Image.effect_noise((200, 200), 80).save(whole)
    cut = tmp_path / "cut.png"
    cut.write_bytes(whole.read_bytes()[:9_000])
    with pytest.raises(FormatError, match="cannot be shown"):
        load_picture(cut, 100)


def bomb(width: int, height: int) -> bytes:
    """Return a PNG that claims many pixels in few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        b"\x89PNG\r\n\x1a\n" + b"\xff" * 60,
        b"\xff\xd8\xff\xe0" + b"\0" * 40,
        b"RIFF\x10\0\0\0WEBPVP8 " + b"\0" * 20,
        b"8BPS\0\1" + b"\0" * 40,
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        bomb(50_000, 50_000),
        bomb(11_000, 11_000),
        bomb(2_000, 2_000),
    ],
)
def test_what_is_no_picture_is_refused_in_words(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(data)
    with pytest.raises(FormatError, match=r"x\.png cannot be shown|x\.png is no picture"):
        load_picture(path, 100)


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    fifo = tmp_path / "pipe.png"
    os.mkfifo(fifo)
    for path in (fifo, tmp_path, tmp_path / "absent.png"):
        with pytest.raises(FormatError):
            load_picture(path, 100)


@pytest.mark.parametrize(
    ("pixels", "box", "cells"),
    [
        ((100, 100), (20, 20), (20, 10)),
        ((100, 100), (80, 10), (20, 10)),
        ((200, 100), (20, 20), (20, 5)),
        ((1, 1000), (20, 20), (1, 20)),
        ((1000, 1), (20, 20), (20, 1)),
        ((0, 0), (20, 20), (1, 1)),
    ],
)
def test_a_picture_keeps_its_shape(
    pixels: tuple[int, int], box: tuple[int, int], cells: tuple[int, int]
) -> None:
    assert fit_cells(*pixels, *box) == cells


def test_half_blocks_show_two_pixels_in_a_cell_and_join_what_looks_alike() -> None:
    image = Image.new("RGB", (4, 2), (0, 0, 0))
    for x in range(4):
        image.putpixel((x, 1), (252, x, 0))
    (strip,) = half_blocks(image, 4, 1)
    (segment,) = strip
    assert segment.text == "▀▀▀▀"
    assert segment.style is not None
    assert segment.style.color == Color.from_rgb(0, 0, 0)
    assert segment.style.bgcolor == Color.from_rgb(252, 0, 0)
    (strip,) = half_blocks(Image.new("RGB", (4, 2), (9, 9, 9)), 4, 1)
    assert strip.text == "    ", "cells of one colour need no block"


def test_a_picture_of_much_detail_still_costs_few_bytes() -> None:
    console = Console(color_system="truecolor", force_terminal=True)
    noise = [Image.effect_noise((400, 600), 90 + n) for n in range(3)]
    strips = half_blocks(Image.merge("RGB", noise), 40, 30)
    assert sum(len(strip.render(console)) for strip in strips) < 25_000
    assert {strip.cell_length for strip in strips} == {40}


def offline(catalog: Catalog) -> HubAccess:
    """Return access to hubs that asks nobody."""
    return HubAccess(catalog, Settings(offline=True), nobody_told)


@pytest.mark.parametrize(("level", "shown"), [(0, True), (1, True), (3, True), (5, False)])
def test_a_preview_above_the_limit_is_not_shown(
    catalog: Catalog, tmp_path: Path, level: int, *, shown: bool
) -> None:
    with catalog:
        picture(tmp_path / "models" / "neon_knight_v3.png")
        match = HubMatch(
            "civitai", 1, 2, "Neon", "v1", "LORA", "SDXL 1.0", None, "sha256", level, None, 0.0
        )
        details = replace(catalog.details(1), match=match)
        found = model_picture(catalog, offline(catalog), details, 64)
        assert found is not None
        assert (found.image is not None) == shown
        assert ("above your content limit" in found.caption) != shown


def test_the_newest_grid_goes_before_a_preview(catalog: Catalog, tmp_path: Path) -> None:
    with catalog:
        assert model_picture(catalog, offline(catalog), catalog.details(1), 64) is None
        picture(tmp_path / "models" / "neon_knight_v3.png")
        found = model_picture(catalog, offline(catalog), catalog.details(1), 64)
        assert found is not None
        assert found.caption == "preview"
        id_ = grid(catalog, tmp_path / "grid")
        found = model_picture(catalog, offline(catalog), catalog.details(1), 64)
        assert found is not None
        assert found.caption == "preview", "nothing of the grid is drawn yet"
        draw_cells(catalog, tmp_path / "grid", 12)
        found = model_picture(catalog, offline(catalog), catalog.details(1), 64)
        assert found is not None
        assert found.caption.startswith(f"grid #{id_}, strength 1")
        for path in (tmp_path / "grid").rglob("*.png"):
            path.unlink()
        found = model_picture(catalog, offline(catalog), catalog.details(1), 64)
        assert found is not None
        assert found.caption == "preview", "pictures that are gone are passed over"
