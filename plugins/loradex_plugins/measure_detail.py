"""How sharp pictures are, and how much of them is edges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageMath

from loradex.plugin_api import MeasuredPicture, hookimpl

LORADEX_API = "1.3"

_EDGE = 10
"""Levels of 255 from one pixel to the next that make an edge."""
_SOBEL = 8
"""The sum of the weights of Sobel's kernel: what turns its answer into levels a pixel."""
_SMALLEST = 3


@dataclass(frozen=True, slots=True)
class _Detail:
    id: str
    title: str
    unit: str
    meaning: str
    of: Callable[[Image.Image], float]

    def measure(self, picture: MeasuredPicture) -> float | None:
        """Return the number of the picture's luma; None for one that has no inner pixels."""
        with Image.open(picture.path) as image:
            return self.of(image.convert("L")) if min(image.size) >= _SMALLEST else None


def sharpness(luma: Image.Image) -> float:
    """Return the variance of the Laplacian over all inner pixels, in squared levels of 255."""
    laplacian = ImageMath.lambda_eval(
        lambda near: near["north"] + near["south"] + near["west"] + near["east"] - 4 * near["here"],
        **_neighbours(luma),
    )
    squares = ImageMath.lambda_eval(lambda at: at["value"] * at["value"], value=laplacian)
    return max(0.0, _mean(squares) - _mean(laplacian) ** 2)


def edge_density(luma: Image.Image) -> float:
    """Return the share of inner pixels whose gradient (Sobel) makes an edge, in per cent."""

    def steep(near: dict[str, Any]) -> Any:  # noqa: ANN401 - Pillow's operands have no type
        across = near["ne"] + 2 * near["east"] + near["se"]
        across -= near["nw"] + 2 * near["west"] + near["sw"]
        down = near["sw"] + 2 * near["south"] + near["se"]
        down -= near["nw"] + 2 * near["north"] + near["ne"]
        return across * across + down * down > (_SOBEL * _EDGE) ** 2

    return 100 * _mean(ImageMath.lambda_eval(steep, **_neighbours(luma)))


def _neighbours(luma: Image.Image) -> dict[str, Image.Image]:
    """Return the picture without its rim, and the same moved by a pixel to all eight sides."""
    whole = luma.convert("F")  # no product of levels is too large for it
    width, height = whole.size
    moves = {
        "nw": (0, 0), "north": (1, 0), "ne": (2, 0),
        "west": (0, 1), "here": (1, 1), "east": (2, 1),
        "sw": (0, 2), "south": (1, 2), "se": (2, 2),
    }  # fmt: skip
    return {
        name: whole.crop((left, top, left + width - 2, top + height - 2))
        for name, (left, top) in moves.items()
    }


def _mean(image: Image.Image) -> float:
    value = image.convert("F").resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    assert isinstance(value, float)  # noqa: S101 - a picture in F has one number a pixel
    return value


_MEASURES = (
    _Detail(
        "sharpness",
        "Sharpness",
        "",
        "The variance of the Laplacian of luma: 0 is flat, blur lowers it, edges, grain and noise"
        " raise it.",
        sharpness,
    ),
    _Detail(
        "edge-density",
        "Edge density",
        "%",
        "The share of pixels where luma changes by more than 10 of 255 levels to the next pixel.",
        edge_density,
    ),
)


@hookimpl
def probe_measure() -> tuple[_Detail, ...]:
    """Return the measures of detail."""
    return _MEASURES
