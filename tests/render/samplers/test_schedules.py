"""Noise levels and the distribution behind one of them."""

# ruff: noqa: PLC0415 - numpy comes with the render extra

from __future__ import annotations

import math

import pytest

from loradex.render.beta_distribution import beta_quantile
from loradex.render.schedules import AUTOMATIC, SCHEDULES, noise_levels

pytestmark = pytest.mark.render


@pytest.fixture(scope="module")
def trained() -> object:
    """The noise levels of SD 1.x and SDXL."""
    np = pytest.importorskip("numpy")
    kept = np.cumprod(1 - np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2)
    return ((1 - kept) / kept) ** 0.5


@pytest.mark.parametrize("schedule", [name for name in SCHEDULES if name != AUTOMATIC])
@pytest.mark.parametrize("steps", [1, 2, 7, 20, 30, 1000])
def test_levels_fall_within_what_was_trained(schedule: str, steps: int, trained: object) -> None:
    import numpy as np

    assert isinstance(trained, np.ndarray)
    levels = noise_levels(schedule, steps, trained, sdxl=False)
    assert len(levels) == steps
    assert (np.diff(levels) < 0).all()
    assert levels[0] <= 14.6155
    assert levels[-1] >= trained[0] - 1e-3


def test_steps_on_trained_levels(trained: object) -> None:
    import numpy as np

    assert isinstance(trained, np.ndarray)

    def rows(schedule: str, steps: int) -> list[int]:
        levels = noise_levels(schedule, steps, trained, sdxl=False)
        return [int(np.argmin(abs(trained - level))) for level in levels]

    assert rows("Simple", 4) == [999, 749, 499, 249]
    assert rows("DDIM", 4) == [751, 501, 251, 1]
    assert rows("SGM Uniform", 3) == [999, 666, 333]
    assert rows("Normal", 4) == rows("Uniform", 4) == [999, 666, 333, 0]


def test_align_your_steps_has_a_table_for_each_kind(trained: object) -> None:
    import numpy as np

    assert isinstance(trained, np.ndarray)
    levels = [noise_levels("Align Your Steps", 11, trained, sdxl=sdxl) for sdxl in (False, True)]
    assert [list(one[:3]) for one in levels] == [
        pytest.approx([14.615, 6.475, 3.861]),
        pytest.approx([14.615, 6.315, 3.771]),
    ]


@pytest.mark.parametrize("share", [0.0, 1e-6, 0.1, 0.37, 0.5, 0.9, 0.999, 1.0])
def test_quantiles_where_they_are_known(share: float) -> None:
    assert beta_quantile(share, 1, 1) == pytest.approx(share, abs=1e-12)
    assert beta_quantile(share, 2, 1) == pytest.approx(share**0.5, abs=1e-9)
    assert beta_quantile(share, 1, 3) == pytest.approx(1 - (1 - share) ** (1 / 3), abs=1e-9)
    arcsine = math.sin(math.pi * share / 2) ** 2
    assert beta_quantile(share, 0.5, 0.5) == pytest.approx(arcsine, abs=1e-9)


def test_quantiles_of_the_schedule_are_symmetric() -> None:
    for share in (0.05, 0.2, 0.4):
        assert beta_quantile(share, 0.6, 0.6) == pytest.approx(
            1 - beta_quantile(1 - share, 0.6, 0.6)
        )
    # scipy.stats.beta.ppf(0.25, 0.6, 0.6)
    area, steps = 0.0, 200_000
    end = beta_quantile(0.25, 0.6, 0.6)
    for number in range(steps):
        # With x = u^(5/2) the density's pole at 0 cancels.
        u = (number + 0.5) / steps * end**0.4
        x = u**2.5
        area += x**-0.4 * (1 - x) ** -0.4 * 2.5 * u**1.5 * end**0.4 / steps
    whole = math.gamma(0.6) ** 2 / math.gamma(1.2)
    assert area / whole == pytest.approx(0.25, abs=1e-6)
