"""Signs that a picture is burned: numbers that mean nothing alone, only beside the base's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.probe.features import opponent

if TYPE_CHECKING:
    from loradex.probe.pictures import Pixels

_DARK, _BRIGHT = 2.5 / 255, 252.5 / 255
_FLAT = 1.5 / 255
"""Where no channel spreads wider than this, a picture is one colour all over."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What may mean burning, of one picture.

    `clipped` is the share of pixels with a channel at its end, `saturation` the mean of max minus
    min of a pixel's channels, `fine` the share of the spectral energy of lightness above half the
    Nyquist frequency, `rough` the mean square of the Laplacian of lightness, `contrast` the
    spread of lightness. `latent_std` is None for pictures that never said theirs.
    """

    clipped: float
    saturation: float
    fine: float
    rough: float
    contrast: float
    flat: bool
    latent_std: float | None = None
    latent_max: float | None = None


def signs(
    pixels: Pixels, *, latent_std: float | None = None, latent_max: float | None = None
) -> Signs:
    """Return the signs of a picture."""
    import numpy as np  # noqa: PLC0415 - heavy

    light = opponent(pixels)[:, :, 0]
    least, most = pixels.min(axis=2), pixels.max(axis=2)
    inner = light[1:-1, 1:-1]
    laplacian = light[:-2, 1:-1] + light[2:, 1:-1] + light[1:-1, :-2] + light[1:-1, 2:] - 4 * inner
    contrast = float(light.std())
    return Signs(
        clipped=float(np.mean((least <= _DARK) | (most >= _BRIGHT))),
        saturation=float(np.mean(most - least)),
        fine=_fine_share(light),
        rough=float(np.mean(laplacian**2)),
        contrast=contrast,
        flat=float(pixels.reshape(-1, 3).std(axis=0).max()) < _FLAT,
        latent_std=latent_std,
        latent_max=latent_max,
    )


def _fine_share(light: Pixels) -> float:
    """Return the share of spectral energy above half Nyquist, the mean taken out first.

    A window keeps the picture's borders from counting as edges.
    """
    import numpy as np  # noqa: PLC0415 - heavy

    height, width = light.shape
    window = np.outer(np.hanning(height), np.hanning(width))
    energy = np.abs(np.fft.rfft2((light - light.mean()) * window)) ** 2
    rows = np.abs(np.fft.fftfreq(height))[:, None]
    columns = np.fft.rfftfreq(width)[None, :]
    high = np.maximum(rows, columns) > 0.25
    total = float(energy.sum())
    return float(energy[high].sum()) / total if total > 0 else 0.0
