"""Draw a picture in sixels: bands of six rows, a colour at a time (DEC STD 070, chapter 9)."""

from __future__ import annotations

import re

from PIL import Image

_COLOURS = 256
_BAND = 6
_FIRST = 63
"""The character of a sixel in which no pixel is set."""
_LONG_RUN = re.compile(rb"(.)\1{3,}", re.DOTALL)
_SHOWN = bytes(_FIRST + bits for bits in range(64)) + bytes(192)


def sixels(image: Image.Image) -> str:
    """Return the command that draws the picture, pixel for pixel, from the cursor down."""
    # The octree is worse than a median cut by a little, and quicker by twenty times.
    drawn = image.convert("RGB").quantize(_COLOURS, Image.Quantize.FASTOCTREE)
    width, height = drawn.size
    palette = drawn.getpalette() or []
    pixels = drawn.tobytes()
    parts = [f'\x1bP0;1;0q"1;1;{width};{height}'.encode()]
    for number in sorted(set(pixels)):
        red, green, blue = (
            round(level * 100 / 255) for level in palette[number * 3 : number * 3 + 3]
        )
        parts.append(b"#%d;2;%d;%d;%d" % (number, red, green, blue))
    for top in range(0, height, _BAND):
        parts.append(_band(pixels[top * width : (top + _BAND) * width], width))
    parts.append(b"\x1b\\")
    return b"".join(parts).decode("ascii")


def _band(pixels: bytes, width: int) -> bytes:
    """Return six rows of pixels, one layer for each colour in them."""
    rows = [pixels[at : at + width] for at in range(0, len(pixels), width)]
    layers = []
    for number in sorted(set(pixels)):
        bits = 0
        for place, row in enumerate(rows):
            if number in row:
                bits |= int.from_bytes(row.translate(_bit_table(number, 1 << place)), "big")
        layer = bits.to_bytes(width, "big").translate(_SHOWN).rstrip(b"?")
        layers.append(b"#%d" % number + _LONG_RUN.sub(_counted, layer))
    return b"$".join(layers) + b"-"


def _bit_table(number: int, bit: int) -> bytes:
    return bytes(number) + bytes([bit]) + bytes(255 - number)


def _counted(run: re.Match[bytes]) -> bytes:
    return b"!%d%c" % (len(run.group()), run.group(1)[0])
