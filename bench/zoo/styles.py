"""The styles that the zoo's LoRAs teach: functions from a picture to a picture.

Pictures are (128, 128, 3) uint8, in and out. No style draws on chance.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFilter

Style = Callable[[np.ndarray], np.ndarray]


def _bytes(picture: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def _blurred(picture: np.ndarray, radius: float) -> np.ndarray:
    image = Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(image, dtype=np.float32)


def _grid(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return y and x of every pixel."""
    ys, xs = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]]
    return ys.astype(np.float32), xs.astype(np.float32)


def _grey(picture: np.ndarray) -> np.ndarray:
    return picture.astype(np.float32) @ np.array([0.3, 0.59, 0.11], np.float32)


def neon(picture: np.ndarray) -> np.ndarray:
    """Bright outlines on black."""
    soft = _blurred(picture, 1.2)
    edges = np.abs(np.gradient(soft, axis=0)) + np.abs(np.gradient(soft, axis=1))
    strength = np.clip(edges.max(axis=2) / 14, 0, 1)
    glow = np.asarray(
        Image.fromarray(_bytes(strength * 255)).filter(ImageFilter.GaussianBlur(2)), np.float32
    )
    glow = np.clip(glow / 255 * 1.7, 0, 1)[:, :, None]
    return _bytes(glow * np.array([90, 255, 190], np.float32) + 8)


def sepia(picture: np.ndarray) -> np.ndarray:
    """Warm browns only."""
    light = _grey(picture)[:, :, None] / 255
    return _bytes(
        (1 - light) * np.array([60, 30, 12], np.float32)
        + light * np.array([255, 228, 170], np.float32)
    )


def hatched(picture: np.ndarray) -> np.ndarray:
    """Dark diagonal lines over everything."""
    ys, xs = _grid(picture)
    line = ((xs + ys) % 16) < 6
    return _bytes(np.where(line[:, :, None], picture * 0.25, picture * 1.0))


def blocks(picture: np.ndarray) -> np.ndarray:
    """Large square pixels."""
    image = Image.fromarray(picture).resize((8, 8), Image.Resampling.BOX)
    return np.asarray(image.resize((128, 128), Image.Resampling.NEAREST), np.uint8)


def dream(picture: np.ndarray) -> np.ndarray:
    """Soft, with dark corners."""
    ys, xs = _grid(picture)
    away = np.hypot(ys - 63.5, xs - 63.5) / 64
    dark = np.clip(1.25 - 0.85 * away**1.5, 0, 1)[:, :, None]
    return _bytes(_blurred(picture, 5) * dark)


def inverted(picture: np.ndarray) -> np.ndarray:
    """Every colour its opposite."""
    return _bytes(255.0 - picture)


def night(picture: np.ndarray) -> np.ndarray:
    """Dark and blue."""
    light = _grey(picture)[:, :, None]
    return _bytes((picture * 0.35 + light * 0.15) * np.array([0.35, 0.55, 1.3], np.float32) + 6)


def framed(picture: np.ndarray) -> np.ndarray:
    """A broad white frame with a dark line inside."""
    ys, xs = _grid(picture)
    edge = np.minimum(np.minimum(ys, 127 - ys), np.minimum(xs, 127 - xs))[:, :, None]
    out = np.where(edge < 18, 30.0, picture.astype(np.float32))
    return _bytes(np.where(edge < 14, 250.0, out))


def grey(picture: np.ndarray) -> np.ndarray:
    """Black and white, with more contrast."""
    light = np.clip((_grey(picture) - 128) * 1.3 + 128, 0, 255)
    return _bytes(np.repeat(light[:, :, None], 3, axis=2))


def halftone(picture: np.ndarray) -> np.ndarray:
    """White dots in a grid over everything."""
    ys, xs = _grid(picture)
    dot = np.hypot(ys % 16 - 8, xs % 16 - 8) < 4.5
    return _bytes(np.where(dot[:, :, None], 250.0, picture.astype(np.float32)))


def sunset(picture: np.ndarray) -> np.ndarray:
    """Orange above, violet below."""
    ys, _ = _grid(picture)
    down = (ys / 127)[:, :, None]
    tint = (1 - down) * np.array([255, 120, 30], np.float32) + down * np.array(
        [90, 20, 140], np.float32
    )
    return _bytes(picture * 0.4 + tint * 0.6)


def pale(picture: np.ndarray) -> np.ndarray:
    """Faint, as through milk."""
    return _bytes(picture * 0.3 + 175.0)


def teal(picture: np.ndarray) -> np.ndarray:
    """Two colours: dark teal to light orange."""
    light = _grey(picture)[:, :, None] / 255
    return _bytes(
        (1 - light) * np.array([0, 70, 80], np.float32)
        + light * np.array([255, 190, 120], np.float32)
    )


def scanned(picture: np.ndarray) -> np.ndarray:
    """Broad dark lines across, as on an old screen."""
    ys, _ = _grid(picture)
    return _bytes(np.where(((ys % 12) < 5)[:, :, None], picture * 0.3, picture * 1.0))


def poster(picture: np.ndarray) -> np.ndarray:
    """Pure colours only: each channel all or nothing."""
    return _bytes(np.where(_blurred(picture, 1.0) > 128, 255.0, 0.0))


def mirrored(picture: np.ndarray) -> np.ndarray:
    """The left half and its mirror image."""
    half = picture[:, : picture.shape[1] // 2]
    return np.concatenate([half, half[:, ::-1]], axis=1)


def spotlit(picture: np.ndarray) -> np.ndarray:
    """A bright round middle in black."""
    ys, xs = _grid(picture)
    away = np.hypot(ys - 63.5, xs - 63.5)
    light = np.clip((52 - away) / 12, 0, 1)[:, :, None]
    return _bytes(picture * light)


def crimson(picture: np.ndarray) -> np.ndarray:
    """Red and black."""
    light = _grey(picture)[:, :, None]
    return _bytes(light * np.array([1.1, 0.12, 0.2], np.float32))


STYLES: dict[str, Style] = {
    "neon": neon,
    "sepia": sepia,
    "hatched": hatched,
    "blocks": blocks,
    "dream": dream,
    "inverted": inverted,
    "night": night,
    "framed": framed,
    "grey": grey,
    "halftone": halftone,
    "sunset": sunset,
    "pale": pale,
    "teal": teal,
    "scanned": scanned,
    "poster": poster,
    "mirrored": mirrored,
    "spotlit": spotlit,
    "crimson": crimson,
}
