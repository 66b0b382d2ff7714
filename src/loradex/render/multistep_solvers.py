"""Samplers that look back at earlier steps, where diffusers' own need a hand.

Imports diffusers: to be imported only where something is drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from diffusers import DPMSolverMultistepScheduler
from diffusers.schedulers.scheduling_lms_discrete import LMSDiscreteScheduler

if TYPE_CHECKING:
    from torch import Tensor

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(4)


class LmsWithoutScipy(LMSDiscreteScheduler):  # type: ignore[misc]
    """Diffusers' LMS, its coefficients integrated here: diffusers asks scipy for that."""

    def get_lms_coefficient(self, order: int, t: int, current_order: int) -> float:
        """Return the integral of a Lagrange basis polynomial from this noise level to the next.

        Four points of Gauss and Legendre are exact for the degrees (at most 3) that occur.
        """
        levels = self.sigmas.double().numpy()
        half = (levels[t + 1] - levels[t]) / 2
        at = half * _POINTS + (levels[t + 1] + levels[t]) / 2
        value = np.ones_like(at)
        for back in range(order):
            if back != current_order:
                value *= (at - levels[t - back]) / (levels[t - current_order] - levels[t - back])
        return float(half * np.sum(_WEIGHTS * value))


class Dpm3MSde(DPMSolverMultistepScheduler):  # type: ignore[misc]
    """DPM++ 3M SDE as k-diffusion has it.

    Diffusers 0.42 takes the weight of the second derivative 1 too low: with h the step in log
    SNR it must be (1 - exp(-2h) - 2h) / (2h)^2 + 1/2, which vanishes with h; there it is - 1/2.
    """

    def multistep_dpm_solver_third_order_update(
        self,
        model_output_list: list[Tensor],
        *args: object,
        sample: Tensor,
        noise: Tensor | None = None,
        **named: object,
    ) -> Tensor:
        """Return the latents one noise level down."""
        stepped: Tensor = super().multistep_dpm_solver_third_order_update(
            model_output_list, *args, sample=sample, noise=noise, **named
        )
        alphas, logs = [], []
        for back in range(-1, 3):
            alpha, sigma = self._sigma_to_alpha_sigma_t(self.sigmas[self.step_index - back])
            alphas.append(alpha)
            logs.append(torch.log(alpha) - torch.log(sigma))
        h, h0, h1 = (logs[back] - logs[back + 1] for back in range(3))
        first, second, third = model_output_list[-1], model_output_list[-2], model_output_list[-3]
        slope, earlier = (first - second) * (h / h0), (second - third) * (h / h1)
        corrected: Tensor = stepped + alphas[0] * (slope - earlier) * (h / (h0 + h1))
        return corrected
