"""The noise levels a checkpoint was trained on, and the training step of any level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from loradex.render.schedules import Levels


def trained_levels(scheduler: object) -> Levels:
    """Return the noise levels of a diffusers scheduler's training steps, rising."""
    kept: Levels = scheduler.alphas_cumprod.double().numpy()  # type: ignore[attr-defined]
    levels: Levels = ((1 - kept) / kept) ** 0.5
    return levels


def times_of(levels: Levels, trained: Levels) -> Levels:
    """Return the fractional training steps of noise levels, by their logarithm."""
    times: Levels = np.interp(np.log(levels), np.log(trained), np.arange(len(trained)))
    return times
