"""Draw a picture in plain characters: for terminals with few colours, or with none."""

from __future__ import annotations

from PIL import Image, ImageFilter, ImageOps
from rich.segment import Segment
from textual.strip import Strip

_RAMP = " .,:;-=+*oxahd#%@"
"""From the least ink to the most."""
_SPREAD = 2
"""Percent of the darkest and of the lightest pixels that may be lost to contrast."""


def ascii_art(image: Image.Image, columns: int, rows: int, *, dark: bool = True) -> list[Strip]:
    """Return `rows` strips of `columns` cells in the widget's own colours.

    On a `dark` ground ink is light, on a light one it is dark.
    """
    small = image.convert("L").resize((columns, rows), Image.Resampling.LANCZOS)
    small = small.filter(ImageFilter.UnsharpMask(radius=1, percent=60))
    small = ImageOps.autocontrast(small, cutoff=_SPREAD)
    ramp = _RAMP if dark else _RAMP[::-1]
    table = [ramp[level * len(ramp) // 256] for level in range(256)]
    pixels = small.tobytes()
    return [
        Strip([Segment("".join(table[level] for level in pixels[at : at + columns]))], columns)
        for at in range(0, columns * rows, columns)
    ]
