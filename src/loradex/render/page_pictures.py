"""The pictures inside a page: a small one of each cell, and full ones within a budget."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from loradex.domain.grid import RenderedCell

if TYPE_CHECKING:
    from PIL.Image import Image

EMBEDDED = 64_000_000
"""Bytes of full pictures inside a page; the rest is reached by relative links."""
_SMALL_SIDES = ((300, 448), (1500, 320), (4000, 224), (1 << 40, 160))
"""Cells of a grid up to, and then the longest side of a small picture in pixels."""


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A cell's WebP files. `full` is lossless; None where `small` is, or it would not fit."""

    small: bytes
    full: bytes | None


def small_side(count: int) -> int:
    """Return the longest side in pixels of small pictures on a page with `count` of them."""
    return next(side for most, side in _SMALL_SIDES if count <= most)


def page_pictures(
    cells: Sequence[RenderedCell], *, budget: int | None = None
) -> Mapping[str, PagePicture]:
    """Return the pictures of cells by key; a cell whose file cannot be read is left out.

    Full pictures are taken in the order of `cells` until the first that does not fit `budget`
    bytes (`EMBEDDED` unless given).
    """
    side = small_side(len(cells))
    left = EMBEDDED if budget is None else budget
    made: dict[str, PagePicture] = {}
    is_open = True
    workers = min(os.cpu_count() or 1, 8)
    with ThreadPoolExecutor(workers) as pool:
        for some in _batches(cells, workers * 2):
            encode = partial(_encoded, side=side, wants_full=is_open)
            for cell, picture in zip(some, pool.map(encode, some), strict=True):
                if picture is None:
                    continue
                if picture.full is not None:
                    is_open = is_open and len(picture.full) <= left
                    left -= len(picture.full) if is_open else 0
                made[cell.key] = picture if is_open else PagePicture(picture.small, None)
    return made


def _batches(cells: Sequence[RenderedCell], size: int) -> Iterable[Sequence[RenderedCell]]:
    return (cells[start : start + size] for start in range(0, len(cells), size))


def _encoded(cell: RenderedCell, *, side: int, wants_full: bool) -> PagePicture | None:
    from PIL import Image  # noqa: PLC0415 - only when a page is written

    try:
        with Image.open(cell.path, formats=["PNG"]) as opened:
            picture = opened.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    if max(picture.size) <= side:
        return PagePicture(_webp(picture, lossless=True), None)
    full = _webp(picture, lossless=True) if wants_full else None
    picture.thumbnail((side, side))
    return PagePicture(_webp(picture, lossless=False), full)


def _webp(picture: Image, *, lossless: bool) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="WEBP", lossless=lossless, quality=80, method=2)
    return buffer.getvalue()
