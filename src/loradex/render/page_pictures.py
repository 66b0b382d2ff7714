"""The pictures inside a page: a small one of each cell, and full ones within a budget."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from loradex.domain.grid import RenderedCell

EMBEDDED = 64_000_000
"""Bytes of full pictures inside a page; the rest is reached by relative links."""
_SMALL_SIDES = ((300, 448), (1500, 320), (4000, 224), (1 << 40, 160))
"""Cells of a grid up to, and then the longest side of a small picture in pixels."""


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A cell's small picture as WebP, and its whole file as PNG; None where that would not fit.

    The file as it is costs no encoding, and keeps its parameters when it is saved from the page.
    """

    small: bytes
    full: bytes | None


def small_side(count: int) -> int:
    """Return the longest side in pixels of small pictures on a page with `count` of them."""
    return next(side for most, side in _SMALL_SIDES if count <= most)


def page_pictures(cells: Sequence[RenderedCell]) -> Mapping[str, PagePicture]:
    """Return the pictures of cells by key; a cell whose file cannot be read is left out.

    Files are taken whole in the order of `cells` until the first that does not fit `EMBEDDED`.
    """
    side = small_side(len(cells))
    left = EMBEDDED
    with ThreadPoolExecutor(min(os.cpu_count() or 1, 8)) as pool:
        smalls = list(pool.map(partial(_small, side=side), cells))
    made: dict[str, PagePicture] = {}
    for cell, small in zip(cells, smalls, strict=True):
        if small is None:
            continue
        full = _whole(Path(cell.path), left)
        left = left - len(full) if full is not None else 0
        made[cell.key] = PagePicture(small, full)
    return made


def _whole(path: Path, most: int) -> bytes | None:
    """Return a file's bytes, None when it has more than `most` or cannot be read."""
    try:
        return path.read_bytes() if path.stat().st_size <= most else None
    except OSError:
        return None


def _small(cell: RenderedCell, *, side: int) -> bytes | None:
    """Return a cell's picture made small, None when its file is no PNG that can be read."""
    from PIL import Image  # noqa: PLC0415 - only when a page is written

    buffer = io.BytesIO()
    try:
        with Image.open(cell.path, formats=["PNG"]) as opened:
            picture = opened.convert("RGB")
        picture.thumbnail((side, side))
        picture.save(buffer, format="WEBP", quality=82, method=2)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return buffer.getvalue()
