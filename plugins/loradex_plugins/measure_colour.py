"""How colourful, saturated, bright and contrasted pictures are.

Colourfulness is M of Hasler and Süsstrunk, Measuring Colourfulness in Natural Images (2003):
with rg = R - G and yb = (R + G) / 2 - B, M = σ + 0.3 µ, where σ and µ are the lengths of
(σ_rg, σ_yb) and (µ_rg, µ_yb). Levels count from 0 to 255; the paper calls 15 slightly and 82 highly
colourful.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import hypot, sqrt

from PIL import Image, ImageChops, ImageStat

from loradex.plugin_api import MeasuredPicture, hookimpl

LORADEX_API = "1.3"

_WHITE = 255


@dataclass(frozen=True, slots=True)
class _Colour:
    id: str
    title: str
    unit: str
    meaning: str
    of: Callable[[Image.Image], float]

    def measure(self, picture: MeasuredPicture) -> float:
        """Return the number of the picture's RGB pixels."""
        with Image.open(picture.path) as image:
            return self.of(image.convert("RGB"))


def colourfulness(image: Image.Image) -> float:
    """Return M of an RGB picture: 0 for one without colour."""
    red, green, blue = image.split()
    means = ImageStat.Stat(image).mean
    # Squares of differences are exact in 8 bits; those of yb follow from them, for with
    # u = R - B and v = G - B it is (u + v) / 2, and (u + v)² = 2u² + 2v² - (u - v)².
    rg2, u2, v2 = (_mean_square(*pair) for pair in ((red, green), (red, blue), (green, blue)))
    yb2 = (2 * u2 + 2 * v2 - rg2) / 4
    rg, yb = means[0] - means[1], (means[0] + means[1]) / 2 - means[2]
    spread = sqrt(max(0.0, rg2 - rg**2 + yb2 - yb**2))
    return spread + 0.3 * hypot(rg, yb)


def saturation(image: Image.Image) -> float:
    """Return the mean S of HSV, in per cent."""
    return _share(ImageStat.Stat(image.convert("HSV")).mean[1])


def brightness(image: Image.Image) -> float:
    """Return the mean luma (Rec. 601), in per cent of white."""
    return _share(ImageStat.Stat(image.convert("L")).mean[0])


def contrast(image: Image.Image) -> float:
    """Return the standard deviation of luma, in per cent of white; 50 is the most there is."""
    return _share(ImageStat.Stat(image.convert("L")).stddev[0])


def _mean_square(one: Image.Image, other: Image.Image) -> float:
    stat = ImageStat.Stat(ImageChops.difference(one, other))
    return stat.sum2[0] / stat.count[0]


def _share(level: float) -> float:
    return 100 * level / _WHITE


_MEASURES = (
    _Colour(
        "colourfulness",
        "Colourfulness",
        "",
        "How strong and varied colours are (Hasler and Süsstrunk 2003): 0 is grey, 82 and more"
        " highly colourful.",
        colourfulness,
    ),
    _Colour(
        "mean-saturation",
        "Mean saturation",
        "%",
        "The mean saturation of all pixels: 0 is grey, 100 pure colours only.",
        saturation,
    ),
    _Colour(
        "brightness",
        "Brightness",
        "%",
        "The mean luma of all pixels: 0 is black, 100 white.",
        brightness,
    ),
    _Colour(
        "contrast",
        "Contrast",
        "%",
        "How far luma is spread around its mean: 0 is one flat tone, 50 black and white alone.",
        contrast,
    ),
)


@hookimpl
def probe_measure() -> tuple[_Colour, ...]:
    """Return the measures of colour and tone."""
    return _MEASURES
