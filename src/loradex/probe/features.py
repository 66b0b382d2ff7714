"""What a picture is like, as numbers in which styles and things differ.

Two views of one picture: its pixels (what is where), and its look (colours, textures, edges;
nothing of where they are). The look is what a style changes in every picture alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from loradex.probe.pictures import Pixels

    Vector = NDArray[np.float32]

LARGEST = 256
"""Pixels of the longer side at most; larger pictures are averaged down before they are measured."""
_BINS = 4
"""Steps of each colour channel in the histogram of colours."""
_LEVELS = 4
"""Octaves of detail."""


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """One picture's numbers.

    `pixels` are the picture itself, of no more than `LARGEST` a side; `look` are square roots of
    shares and energies, so that all lie about between 0 and 1 and differences add up.
    """

    pixels: Pixels
    look: Vector


def features(pixels: Pixels) -> Features:
    """Return the features of a picture."""
    import numpy as np  # noqa: PLC0415 - heavy

    height, width = pixels.shape[:2]
    share = min(LARGEST / max(height, width), 1.0)
    if share < 1.0:
        pixels = shrunk(pixels, round(height * share), round(width * share))
    look = np.concatenate([_colours(pixels), _tones(pixels), _textures(pixels)])
    return Features(pixels, look.astype(np.float32))


def shrunk(pixels: Pixels, down: int, across: int) -> Pixels:
    """Return the picture averaged over `down` x `across` boxes."""
    import numpy as np  # noqa: PLC0415 - heavy

    height, width = pixels.shape[:2]
    rows = np.linspace(0, height, down + 1).astype(int)
    columns = np.linspace(0, width, across + 1).astype(int)
    sums = np.add.reduceat(np.add.reduceat(pixels, rows[:-1], axis=0), columns[:-1], axis=1)
    boxes = np.maximum(np.diff(rows), 1)[:, None] * np.maximum(np.diff(columns), 1)[None, :]
    return np.asarray(sums / boxes[:, :, None], dtype=np.float32)


def _colours(pixels: Pixels) -> Vector:
    """Return the square roots of how much of the picture each of 64 colours takes.

    Distances of such roots are Hellinger's: a colour that goes from nothing to a little counts.
    A pixel is shared between the neighbouring bins, so that a small shift stays a small change.
    """
    import numpy as np  # noqa: PLC0415 - heavy

    height, width = pixels.shape[:2]
    small = shrunk(pixels, min(64, height), min(64, width)).reshape(-1, 3) * (_BINS - 1)
    low = np.clip(np.floor(small).astype(int), 0, _BINS - 2)
    part = small - low
    counts = np.zeros(_BINS**3)
    for corner in range(8):
        up = np.array([corner >> 2 & 1, corner >> 1 & 1, corner & 1])
        weight = np.prod(np.where(up, part, 1 - part), axis=1)
        at = low + up
        np.add.at(counts, (at[:, 0] * _BINS + at[:, 1]) * _BINS + at[:, 2], weight)
    return np.sqrt(np.maximum(counts, 0) / len(small)).astype(np.float32)


def _tones(pixels: Pixels) -> Vector:
    """Return mean and spread of lightness and of two colour differences (YCbCr, BT.601)."""
    import numpy as np  # noqa: PLC0415 - heavy

    planes = opponent(pixels).reshape(-1, 3)
    return np.concatenate([planes.mean(axis=0), planes.std(axis=0)]).astype(np.float32)


def opponent(pixels: Pixels) -> Pixels:
    """Return lightness and two colour differences, the latter from -0.5 to 0.5 (BT.601)."""
    import numpy as np  # noqa: PLC0415 - heavy

    matrix = np.array(
        [[0.299, 0.587, 0.114], [-0.1687, -0.3313, 0.5], [0.5, -0.4187, -0.0813]], np.float32
    )
    return np.asarray(pixels @ matrix.T, dtype=np.float32)


def _textures(pixels: Pixels) -> Vector:
    """Return how much detail there is by octave and direction, and how peaky it is.

    For each octave the root mean squares of the differences along rows, columns and both
    diagonals, the share of strong edges, and the detail of colour.
    """
    import numpy as np  # noqa: PLC0415 - heavy

    planes = opponent(pixels)
    found: list[float] = []
    for _ in range(_LEVELS):
        if min(planes.shape[:2]) < 8:
            found += [0.0] * 6
            continue
        light = planes[:, :, 0]
        steps = (
            light[:, 1:] - light[:, :-1],
            light[1:] - light[:-1],
            light[1:, 1:] - light[:-1, :-1],
            light[1:, :-1] - light[:-1, 1:],
        )
        found += [float(np.sqrt(np.mean(step**2))) * 3 for step in steps]
        found.append(float(np.mean(np.abs(steps[0]) > 0.1)))
        colour = planes[:, 1:, 1:] - planes[:, :-1, 1:]
        found.append(float(np.sqrt(np.mean(colour**2))) * 3)
        planes = _halved(planes)
    return np.array(found, dtype=np.float32)


def _halved(planes: Pixels) -> Pixels:
    import numpy as np  # noqa: PLC0415 - heavy

    height, width = planes.shape[0] // 2 * 2, planes.shape[1] // 2 * 2
    cut = planes[:height, :width]
    quarters = cut[::2, ::2] + cut[1::2, ::2] + cut[::2, 1::2] + cut[1::2, 1::2]
    return np.asarray(quarters / 4, dtype=np.float32)


def distance(one: Pixels, other: Pixels) -> float:
    """Return the root mean square difference of two pictures in steps of 1/255."""
    import numpy as np  # noqa: PLC0415 - heavy

    return float(np.sqrt(np.mean((one - other) ** 2, dtype=np.float64))) * 255
