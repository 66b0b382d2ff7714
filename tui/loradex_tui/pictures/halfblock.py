"""Draw a picture in half blocks: two pixels in every cell, one above the other."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from PIL import Image
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

_UPPER_HALF = "▀"
_TOLERANCES = (2, 4, 6, 10, 16, 24, 36)
"""How far colours may differ, weighted by what the eye sees of it, and count as equal."""
_BYTES_A_CELL = 20
"""What a cell may cost on its way to the terminal: 24 kB for 40 × 30 cells. A photograph drawn
exactly takes twice as much; a tolerance of 6 brings nearly all of them here, unseen."""
_FAR = 1.4
"""So many times too much: the next tolerance would not do either."""
_TWO_COLOURS, _ONE_COLOUR = 39, 23
"""Bytes of a run besides its characters: colours as `38;2;r;g;b` and the reset at its end."""

Pixel = tuple[int, int, int]
Run = tuple[Pixel, Pixel, int]
"""The upper colour, the lower colour, and how many cells have both."""


def fit_cells(width: int, height: int, columns: int, rows: int) -> tuple[int, int]:
    """Return the columns and rows that a picture of this many pixels takes, at least 1 × 1.

    A cell counts as twice as high as wide.
    """
    if width <= 0 or height <= 0:
        return 1, 1
    scale = min(columns / width, rows * 2 / height)
    fitted = max(round(width * scale), 1), max(round(height * scale / 2), 1)
    return min(fitted[0], max(columns, 1)), min(fitted[1], max(rows, 1))


def half_blocks(image: Image.Image, columns: int, rows: int) -> list[Strip]:
    """Return `rows` strips of `columns` cells that show the whole of `image`.

    Neighbours that look alike share a run, so that a picture stays cheap on a slow line.
    """
    small = image.convert("RGB").resize((columns, rows * 2), Image.Resampling.LANCZOS)
    pixels: list[Pixel] = list(_pixels(small.tobytes()))
    most = _BYTES_A_CELL * columns * rows
    tolerances = iter(_TOLERANCES)
    for tolerance in tolerances:
        lines = [list(_runs(pixels, row, columns, tolerance)) for row in range(rows)]
        cost = _cost(lines)
        if cost <= most:
            break
        if cost > _FAR * most:
            next(tolerances, None)
    return [Strip([_segment(run) for run in line], columns) for line in lines]


def _pixels(data: bytes) -> Iterator[Pixel]:
    channels = iter(data)
    return zip(channels, channels, channels, strict=True)


def _runs(pixels: list[Pixel], row: int, columns: int, tolerance: int) -> Iterator[Run]:
    """Yield the runs of one row of cells, each in the colours of its first cell."""
    first = row * 2 * columns
    most, within = tolerance * 7, tolerance * 5
    upper = lower = (0, 0, 0)
    length = 0
    for at in range(first, first + columns):
        up, low = pixels[at], pixels[at + columns]
        if _apart(up, low) <= within:
            up = low = ((up[0] + low[0]) // 2, (up[1] + low[1]) // 2, (up[2] + low[2]) // 2)
        if length and _apart(up, upper) <= most and _apart(low, lower) <= most:
            length += 1
            continue
        if length:
            yield upper, lower, length
        upper, lower, length = up, low, 1
    yield upper, lower, length


def _apart(one: Pixel, other: Pixel) -> int:
    """Return how different two colours look, from 0 to 7 × 255: green counts most, blue least."""
    return 2 * abs(one[0] - other[0]) + 4 * abs(one[1] - other[1]) + abs(one[2] - other[2])


def _cost(lines: list[list[Run]]) -> int:
    return sum(
        _ONE_COLOUR + length if upper == lower else _TWO_COLOURS + 3 * length
        for line in lines
        for upper, lower, length in line
    )


def _segment(run: Run) -> Segment:
    upper, lower, length = run
    if upper == lower:
        return Segment(" " * length, _plain(upper))
    return Segment(_UPPER_HALF * length, _style(upper, lower))


@lru_cache(16_384)
def _style(upper: Pixel, lower: Pixel) -> Style:
    return Style(color=_color(upper), bgcolor=_color(lower))


@lru_cache(4_096)
def _plain(colour: Pixel) -> Style:
    return Style(bgcolor=_color(colour))


@lru_cache(16_384)
def _color(pixel: Pixel) -> Color:
    return Color.from_rgb(*pixel)
