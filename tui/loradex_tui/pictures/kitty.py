"""Draw pictures by kitty's graphics protocol, standing in the text as characters of its own.

The terminal gets the pixels once, under a number. Cells with the placeholder U+10EEEE show parts of
it: their colour is the number, their combining marks say which row and column. So a picture scrolls
and is cut like text. <https://sw.kovidgoyal.net/kitty/graphics-protocol/#unicode-placeholders>
"""

from __future__ import annotations

import io
import itertools
import os
from base64 import b64encode

from PIL import Image
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

_PLACEHOLDER = "\U0010eeee"
_CHUNK = 4096
"""Most characters of base64 in one command."""
_MARKS = (
    "305 30d-30e 310 312 33d-33f 346 34a-34c 350-352 357 35b 363-36f 483-487 592-595 597-599"
    " 59c-5a1 5a8-5a9 5ab-5ac 5af 5c4 610-617 657-65b 65d-65e 6d6-6dc 6df-6e2 6e4 6e7-6e8 6eb-6ec"
    " 730 732-733 735-736 73a 73d 73f-741 743 745 747 749-74a 7eb-7f1 7f3 816-819 81b-823 825-827"
    " 829-82d 951 953-954 f82-f83 f86-f87 135d-135f 17dd 193a 1a17 1a75-1a7c 1b6b 1b6d-1b73"
    " 1cd0-1cd2 1cda-1cdb 1ce0 1dc0-1dc1 1dc3-1dc9 1dcb-1dcc 1dd1-1de6 1dfe 20d0-20d1 20d4-20d7"
    " 20db-20dc 20e1 20e7 20e9 20f0 2cef-2cf1 2de0-2dff a66f a67c-a67d a6f0-a6f1 a8e0-a8f1 aab0"
    " aab2-aab3 aab7-aab8 aabe-aabf aac1 fe20-fe26 10a0f 10a38 1d185-1d189 1d1aa-1d1ad 1d242-1d244"
)
"""Code points that stand for 0, 1, 2 …: kitty's rowcolumn-diacritics.txt, runs joined."""


def _expanded(runs: str) -> list[str]:
    marks: list[str] = []
    for run in runs.split():
        first, _, last = run.partition("-")
        marks += map(chr, range(int(first, 16), int(last or first, 16) + 1))
    return marks


_NUMERALS = _expanded(_MARKS)
MOST_CELLS = len(_NUMERALS)
"""Most columns, and rows, of one picture."""

# Other programs in the same window number pictures too, so ours start anywhere.
_numbers = itertools.count(1 << 16 | int.from_bytes(os.urandom(2), "big") << 7)


def new_number() -> int:
    """Return a number for a picture that no other of ours has; it fits a colour."""
    return next(_numbers) & 0xFFFFFF or next(_numbers)


def sent(image: Image.Image, number: int, columns: int, rows: int) -> str:
    """Return what hands the terminal a picture that fills so many cells; it answers nothing."""
    file = io.BytesIO()
    few = image.convert("RGB").quantize(256, Image.Quantize.FASTOCTREE)
    few.save(file, "PNG", compress_level=4)
    data = b64encode(file.getvalue()).decode("ascii")
    chunks = [data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK)]
    head = f"a=T,U=1,q=2,f=100,i={number},c={columns},r={rows},"
    return "".join(
        f"\x1b_G{head if place == 0 else ''}m={int(place < len(chunks) - 1)};{chunk}\x1b\\"
        for place, chunk in enumerate(chunks)
    )


def forgotten(number: int) -> str:
    """Return what lets the terminal free a picture."""
    return f"\x1b_Ga=d,d=I,i={number},q=2\x1b\\"


def placeholders(number: int, columns: int, rows: int) -> list[Strip]:
    """Return the cells that show the picture of this number."""
    style = Style(color=Color.from_rgb(number >> 16, number >> 8 & 255, number & 255))
    return [
        Strip(
            [
                Segment(
                    "".join(
                        _PLACEHOLDER + _NUMERALS[row] + _NUMERALS[column]
                        for column in range(columns)
                    ),
                    style,
                )
            ],
            columns,
        )
        for row in range(rows)
    ]
