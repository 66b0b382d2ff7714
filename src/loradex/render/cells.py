"""Finished cells: lossless PNGs that say in themselves how they were made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from loradex.domain.grid import Cell, RenderedCell
from loradex.render.infotext import infotext_of
from loradex.render.keys import facts_of
from loradex.render.whole_file import whole_file

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor


class LatentSpan(NamedTuple):
    """The spread and the largest absolute value of a cell's latents."""

    std: float
    most: float


def span_of(latents: Tensor) -> LatentSpan:
    """Return the span of latents, to six digits: the rest may differ between runs."""
    exact = latents.double()
    std, most = float(exact.std(correction=0)), float(exact.abs().max())
    return LatentSpan(float(f"{std:.6g}"), float(f"{most:.6g}"))


def cell_path(folder: Path, key: str) -> Path:
    """Return where the cell with `key` lies under `folder`."""
    return folder / key[:2] / f"{key}.png"


def is_intact(path: Path, key: str) -> bool:
    """Tell whether `path` is a whole PNG, written by us, of the cell with `key`."""
    return read_cell(path, key) is not None


def read_cell(path: Path, key: str) -> RenderedCell | None:
    """Return the finished cell that `path` holds; None unless it is a whole PNG of ours of it.

    How long it took is not in it: `seconds` is 0.
    """
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - beside its use

    try:
        with Image.open(path, formats=["PNG"]) as picture:
            facts = json.loads(picture.info.get("loradex", "null"))
            text = picture.info.get("parameters", "")
            width, height = picture.size
            picture.verify()
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError):
        return None
    if not isinstance(facts, dict) or facts.get("key") != key or not isinstance(text, str):
        return None
    spread, most = _number(facts.get("latent_std")), _number(facts.get("latent_max"))
    return RenderedCell(key, str(path), width, height, 0.0, text, spread, most)


def save_picture(
    picture: Image, path: Path, cell: Cell, *, engine: str, span: LatentSpan | None = None
) -> str:
    """Write the PNG to `path`, whole or not at all; return its parameter text.

    `span` is that of the latents behind it, None when they are not known. The same cell gives the
    same bytes: no time and no path is written into it.
    """
    from PIL.PngImagePlugin import PngInfo  # noqa: PLC0415 - beside its use

    text = infotext_of(cell.recipe, engine=engine)
    facts = {
        "key": cell.key,
        "engine": engine,
        "names": _names(cell),
        **facts_of(cell.recipe),
    }
    if span is not None:
        facts |= {"latent_std": span.std, "latent_max": span.most}
    info = PngInfo()
    info.add_text("parameters", text)
    info.add_text("loradex", json.dumps(facts, sort_keys=True))
    with whole_file(path) as file:
        # Level 1 is four times as fast as the usual 6, for a tenth more bytes.
        picture.save(file, format="PNG", pnginfo=info, compress_level=1)
    return text


def _names(cell: Cell) -> dict[str, str]:
    """Return what each file behind the picture was called, by its digest."""
    return {model.digest: model.name for model in cell.recipe.models}


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
