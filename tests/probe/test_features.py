"""What pictures are like in numbers."""

import numpy as np
import pytest
from numpy.typing import NDArray

from loradex.probe.burning import signs
from loradex.probe.effects import unlike
from loradex.probe.features import LARGEST, distance, features, shrunk

Pixels = NDArray[np.float32]


def disc(row: float, column: float, colour: tuple[float, float, float] = (0.8, 0.2, 0.2)) -> Pixels:
    rows, columns = np.mgrid[0:64, 0:64] / 64
    inside = (rows - row) ** 2 + (columns - column) ** 2 < 0.04
    return np.where(inside[:, :, None], colour, (0.2, 0.4, 0.6)).astype(np.float32)


def striped(pixels: Pixels) -> Pixels:
    columns = np.arange(pixels.shape[1])
    waves = 0.25 * np.sign(np.sin(columns / 1.5))[None, :, None]
    return np.clip(pixels + waves, 0, 1).astype(np.float32)


def look_apart(one: Pixels, other: Pixels) -> float:
    return float(np.linalg.norm(features(one).look - features(other).look))


def test_a_distance_counts_steps_of_eight_bits() -> None:
    one = np.full((8, 8, 3), 0.5, np.float32)
    assert distance(one, one) == 0
    assert distance(one, one + np.float32(3 / 255)) == pytest.approx(3, rel=1e-4)


def test_the_look_is_of_how_and_not_of_where() -> None:
    here, there = disc(0.35, 0.35), disc(0.6, 0.55)
    assert distance(here, there) > 20
    assert look_apart(here, there) < 0.1 * look_apart(here, striped(here))
    assert look_apart(here, there) < 0.1 * look_apart(here, disc(0.35, 0.35, (0.2, 0.8, 0.2)))


def test_large_pictures_are_averaged_before_they_are_measured() -> None:
    wide = np.random.default_rng(1).random((300, 1200, 3)).astype(np.float32)
    found = features(wide)
    assert found.pixels.shape == (64, LARGEST, 3)
    assert found.pixels.mean() == pytest.approx(wide.mean(), abs=2e-3)


@pytest.mark.parametrize("shape", [(17, 33, 3), (8, 8, 3), (64, 64, 3)])
def test_any_shape_has_numbers(shape: tuple[int, int, int]) -> None:
    pixels = np.random.default_rng(2).random(shape).astype(np.float32)
    assert np.isfinite(features(pixels).look).all()
    found = signs(pixels)
    assert 0 <= found.clipped <= 1
    assert 0 <= found.fine <= 1


def test_boxes_are_averaged_whole() -> None:
    pixels = np.arange(12, dtype=np.float32).reshape(2, 6, 1).repeat(3, axis=2)
    assert shrunk(pixels, 1, 2)[0, :, 0] == pytest.approx([4.0, 7.0])


def test_unlikeness_goes_by_contrast() -> None:
    here, there = disc(0.35, 0.35), disc(0.6, 0.55)
    pale_here, pale_there = 0.4 + 0.2 * here, 0.4 + 0.2 * there
    assert unlike(pale_here, pale_there) == pytest.approx(unlike(here, there), rel=1e-3)
    assert unlike(here, here) == 0


def test_signs_of_burning() -> None:
    calm = disc(0.5, 0.5)
    harsh = np.clip(0.5 + 6 * (calm - 0.5), 0, 1).astype(np.float32)
    rough = np.random.default_rng(3).random(calm.shape).astype(np.float32)
    assert signs(calm).clipped == 0
    assert signs(harsh).clipped > 0.9
    assert signs(harsh).saturation > signs(calm).saturation
    assert signs(rough).fine > 0.5 > signs(calm).fine
    assert signs(rough).rough > 10 * signs(calm).rough
    assert signs(np.full((32, 32, 3), 0.4, np.float32)).flat
    assert not signs(calm).flat
