"""The noise levels a checkpoint was trained on, and the training step of any level."""

from __future__ import annotations

from collections.abc import Mapping
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


def zero_snr_betas(config: Mapping[str, object]) -> list[float]:
    """Return the betas of a scheduler configuration, rescaled to zero terminal SNR.

    After arXiv 2305.08891, algorithm 1. For diffusers' schedulers that do not know
    `rescale_betas_zero_snr`, and would go down from less noise than the checkpoint was trained on
    without a word. As in those that do, the last level is finite: 2^-24 of the signal is kept.
    """
    given = config.get("trained_betas")
    steps = int(str(config.get("num_train_timesteps", 1000)))
    first, last = (float(str(config.get(name, 0))) for name in ("beta_start", "beta_end"))
    if isinstance(given, (list, tuple, np.ndarray)):
        betas = np.asarray(given, dtype=np.float64)
    elif config.get("beta_schedule") == "scaled_linear":
        betas = np.linspace(first**0.5, last**0.5, steps) ** 2
    else:
        betas = np.linspace(first, last, steps)
    root = np.sqrt(np.cumprod(1 - betas))
    kept = ((root - root[-1]) * root[0] / (root[0] - root[-1])) ** 2
    kept[-1] = 2.0**-24
    alphas = np.append(kept[0], kept[1:] / kept[:-1])
    return [float(beta) for beta in 1 - alphas]
