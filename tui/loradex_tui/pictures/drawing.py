"""One way to draw for all modes that draw in cells: strips, and what the terminal needs first."""

from __future__ import annotations

import fcntl
import struct
import sys
import termios
from dataclasses import dataclass, field

from PIL import Image
from rich.segment import Segment
from textual.strip import Strip

from loradex_tui.pictures import kitty
from loradex_tui.pictures.ascii_art import ascii_art
from loradex_tui.pictures.choice import PictureMode
from loradex_tui.pictures.halfblock import fit_cells, half_blocks

_USUAL_CELL = (10, 20)
"""Pixels of a cell where the terminal does not tell: those of a VT340."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture in cells. `first` has to reach the terminal before the strips do, and only once."""

    strips: list[Strip] = field(default_factory=list)
    first: str = ""
    last: str = ""
    """What frees what `first` has put into the terminal."""


def draw_cells(
    image: Image.Image, mode: PictureMode, columns: int, rows: int, *, dark: bool = True
) -> Drawing:
    """Return the whole picture in exactly so many cells, whatever that does to its shape.

    Sixels cannot stand in cells: for them, and for `OFF`, half blocks are drawn.
    """
    if mode is PictureMode.ASCII:
        return Drawing(ascii_art(image, columns, rows, dark=dark))
    if mode is not PictureMode.KITTY:
        return Drawing(half_blocks(image, columns, rows))
    columns, rows = min(columns, kitty.MOST_CELLS), min(rows, kitty.MOST_CELLS)
    number = kitty.new_number()
    return Drawing(
        kitty.placeholders(number, columns, rows),
        kitty.sent(fit_pixels(image, columns, rows), number, columns, rows),
        kitty.forgotten(number),
    )


def draw_within(
    image: Image.Image, mode: PictureMode, columns: int, rows: int, *, dark: bool = True
) -> Drawing:
    """Return the picture in its own shape in the middle of so many cells."""
    width, height = fit_cells(image.width, image.height, columns, rows)
    drawing = draw_cells(image, mode, width, height, dark=dark)
    left, top = (columns - width) // 2, (rows - height) // 2
    blank = Strip.blank(columns)
    middle = [
        Strip(
            [
                Segment(" " * left),
                *strip,
                Segment(" " * (columns - left - strip.cell_length)),
            ],
            columns,
        )
        for strip in drawing.strips
    ]
    below = [blank] * (rows - top - len(middle))
    return Drawing([blank] * top + middle + below, drawing.first, drawing.last)


def fit_pixels(image: Image.Image, columns: int, rows: int) -> Image.Image:
    """Return the picture in as many pixels as so many cells of the terminal have."""
    width, height = cell_pixels()
    return image.convert("RGB").resize((columns * width, rows * height), Image.Resampling.LANCZOS)


def cell_pixels() -> tuple[int, int]:
    """Return width and height of a cell in pixels."""
    for stream in (sys.__stderr__, sys.__stdout__):
        try:
            size = fcntl.ioctl(stream or -1, termios.TIOCGWINSZ, bytes(8))
        except (OSError, ValueError, TypeError):
            continue
        rows, columns, width, height = struct.unpack("HHHH", size)
        if rows and columns and width >= columns and height >= rows:
            return width // columns, height // rows
    return _USUAL_CELL
