"""DPM++ SDE and DPM++ 2S a: samplers that look once at half of each step.

Algorithm 1 of DPM-Solver++ (arXiv 2211.01095) with r = 1/2, made stochastic by ancestral steps, as
k-diffusion has them. Unlike diffusers' `DPMSolverSDEScheduler` they need no torchsde, and every
picture's noise comes from its own generator.

Imports diffusers: to be imported only where something is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from diffusers import EulerDiscreteScheduler
from diffusers.utils.torch_utils import randn_tensor

from loradex.render.trained_levels import times_of, trained_levels

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from loradex.render.schedules import Levels


class DpmSde(EulerDiscreteScheduler):  # type: ignore[misc]
    """DPM++ SDE. Noise is added at the middle of a step, too."""

    order = 2
    sigmas: Tensor
    timesteps: Tensor
    noise_in_the_middle = True
    _begun: tuple[Tensor, Tensor] | None = None
    """Latents at the start of the step, and the noise added at its middle."""

    def set_timesteps(
        self,
        num_inference_steps: int,
        device: str | torch.device | None = None,
        **named: object,
    ) -> None:
        """Choose the noise levels: 2n - 1 calls of the network for n steps."""
        super().set_timesteps(num_inference_steps, device=device, **named)
        levels: Levels = self.sigmas.double().cpu().numpy()[:-1]
        middles = self._middles(levels[:-1], levels[1:])
        if self._times_are_logs():
            between = 0.25 * np.log(middles)
        else:
            between = times_of(middles, trained_levels(self))
        self.timesteps = _mixed(self.timesteps.double().cpu().numpy(), between).to(device)
        self.sigmas = torch.cat([_mixed(levels, middles), torch.zeros(1)])
        self._begun = None

    def step(
        self,
        model_output: Tensor,
        timestep: float | Tensor,
        sample: Tensor,
        *,
        generator: Sequence[Generator] | Generator | None = None,
        return_dict: bool = False,
    ) -> tuple[Tensor]:
        """Go to the middle of a step, or from its start to its end."""
        if self.step_index is None:
            self._init_step_index(timestep)
        at = self.step_index
        self._step_index += 1
        level = float(self.sigmas[at])
        denoised = self._denoised(model_output.float(), sample.float(), level)

        def noise() -> Tensor:
            drawn: Tensor = randn_tensor(
                sample.shape, generator=generator, device=sample.device, dtype=torch.float32
            )
            return drawn

        if self._begun is not None:
            latents = self._to_end(self._begun, denoised, self.sigmas[at - 1 : at + 2], noise())
            self._begun = None
        elif at + 2 >= len(self.sigmas):
            latents = denoised
        else:
            added = noise() if self.noise_in_the_middle else torch.zeros_like(denoised)
            self._begun = (sample.float(), added)
            middle = float(self.sigmas[at + 1])
            down, up = _ancestral(level, middle) if self.noise_in_the_middle else (middle, 0.0)
            latents = _towards(denoised, sample.float(), down / level) + up * added
        return (latents.to(model_output.dtype),)

    def _to_end(
        self, begun: tuple[Tensor, Tensor], denoised: Tensor, levels: Tensor, fresh: Tensor
    ) -> Tensor:
        """Go from the start of a step to its end with what the middle denoises to."""
        latents, added = begun
        start, middle, end = (float(level) for level in levels)
        down, up = _ancestral(start, end)
        noise = fresh
        if self.noise_in_the_middle:
            # Over the whole step the noise goes on from what it was at the middle.
            noise = added * (start - middle) ** 0.5 + fresh * (middle - end) ** 0.5
            noise = noise / (start - end) ** 0.5
        return _towards(denoised, latents, down / start) + up * noise

    def _middles(self, starts: Levels, ends: Levels) -> Levels:
        """Return the levels half way, by their logarithm, to where the network's part ends."""
        if not self.noise_in_the_middle:
            pairs = zip(starts, ends, strict=True)
            ends = np.array([_ancestral(start, end)[0] for start, end in pairs])
        middles: Levels = np.sqrt(starts * ends)
        return middles

    def _denoised(self, output: Tensor, latents: Tensor, level: float) -> Tensor:
        kind = self.config.prediction_type
        clean: Tensor = output
        if kind == "epsilon":
            clean = latents - level * output
        elif kind == "v_prediction":
            clean = latents / (level**2 + 1) - output * (level / (level**2 + 1) ** 0.5)
        return clean

    def _times_are_logs(self) -> bool:
        continuous = self.config.timestep_type == "continuous"
        return bool(continuous and self.config.prediction_type == "v_prediction")


class Dpm2SAncestral(DpmSde):
    """DPM++ 2S a. Noise is added at the end of a step only."""

    noise_in_the_middle = False


def _ancestral(start: float, end: float) -> tuple[float, float]:
    """Return the level to go down to and the noise to add, to come out at `end`.

    Ancestral sampling with eta 1, as k-diffusion splits it.
    """
    up = min(end, (end**2 * (start**2 - end**2) / start**2) ** 0.5)
    return (end**2 - up**2) ** 0.5, up


def _towards(denoised: Tensor, latents: Tensor, share: float) -> Tensor:
    """Return what of `latents` is left when their noise has fallen to `share` of it."""
    return share * latents + (1 - share) * denoised


def _mixed(whole: Levels, between: Levels) -> Tensor:
    """Return a tensor with a value of `between` after each of `whole` but the last."""
    mixed = np.empty(len(whole) + len(between))
    mixed[::2], mixed[1::2] = whole, between
    return torch.from_numpy(mixed).float()
