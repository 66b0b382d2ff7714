"""Draw a picture in half blocks: two pixels in every cell, one above the other."""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby

from PIL import Image
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

_UPPER_HALF = "▀"
_COLOUR_MASK = 0xFC
"""Six bits a channel: unseen, and many more neighbours become equal and cost no bytes."""

Pixel = tuple[int, int, int]


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
    """Return `rows` strips of `columns` cells that show the whole of `image`."""
    small = image.convert("RGB").resize((columns, rows * 2), Image.Resampling.LANCZOS)
    pixels = [value & _COLOUR_MASK for value in small.tobytes()]
    stride = columns * 3
    strips = []
    for row in range(rows):
        upper, lower = row * 2 * stride, (row * 2 + 1) * stride
        cells = [
            (
                (pixels[upper + x], pixels[upper + x + 1], pixels[upper + x + 2]),
                (pixels[lower + x], pixels[lower + x + 1], pixels[lower + x + 2]),
            )
            for x in range(0, stride, 3)
        ]
        strips.append(
            Strip(
                [
                    Segment(_UPPER_HALF * len(list(run)), _style(*cell))
                    for cell, run in groupby(cells)
                ],
                columns,
            )
        )
    return strips


@lru_cache(16_384)
def _style(upper: Pixel, lower: Pixel) -> Style:
    return Style(color=_color(upper), bgcolor=_color(lower))


@lru_cache(16_384)
def _color(pixel: Pixel) -> Color:
    return Color.from_rgb(*pixel)
