"""Schedulers over diffusers' own: samplers that it lacks, and schedules it has no option for.

Imports diffusers: to be imported only where something is drawn.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import diffusers
import numpy as np
import torch

from loradex.render import multistep_solvers, two_stage_solvers
from loradex.render.samplers import Choice
from loradex.render.schedules import noise_levels
from loradex.render.trained_levels import times_of, trained_levels, zero_snr_betas

if TYPE_CHECKING:
    from torch import Tensor

    from loradex.render.parts import Scheduler
    from loradex.render.schedules import Levels


def build(choice: Choice, config: Mapping[str, object], *, sdxl: bool) -> Scheduler:
    """Return a fresh scheduler for `choice` over a checkpoint's scheduler configuration."""
    ours = choice.sampler.ours
    kind: Any = _OURS[choice.scheduler] if ours else getattr(diffusers, choice.scheduler)
    if choice.levels_are_ours:
        following = _FollowingAncestral if choice.name == "Euler a" else _Following
        facts = {
            "followed": choice.followed,
            "sdxl": sdxl,
            "drops_last": choice.sampler.drops_last,
        }
        kind = type(kind.__name__, (following, kind), facts)
    known = dict(config)
    flag = "rescale_betas_zero_snr"
    if known.get(flag) and flag not in inspect.signature(kind.__init__).parameters:
        known["trained_betas"] = zero_snr_betas(known)
    scheduler: Scheduler = kind.from_config(known, **choice.options)
    return scheduler


def build_flow(choice: Choice, config: Mapping[str, object], *, shift: float | None) -> Scheduler:
    """Return a fresh scheduler for a model trained by flow matching."""
    kind = getattr(diffusers, choice.scheduler)
    known = dict(config)
    if shift is not None:
        known |= {"shift": shift, "use_dynamic_shifting": False}
    scheduler: Scheduler
    if choice.scheduler.startswith("FlowMatch"):
        if choice.levels_are_ours:
            facts = {"followed": choice.followed, "sdxl": False, "drops_last": False}
            kind = type(kind.__name__, (_Following, kind), facts)
        scheduler = kind.from_config(known, **choice.options)
        return scheduler
    scheduler = kind(
        num_train_timesteps=known.get("num_train_timesteps", 1000),
        prediction_type="flow_prediction",
        use_flow_sigmas=True,
        flow_shift=known.get("shift", 1.0),
        **choice.options,
    )
    return scheduler


class _Following:
    """Put before a scheduler, it makes it follow a schedule by our own formula.

    All of diffusers' schedulers that have noise levels ask one method for exponential ones.
    """

    followed: str
    sdxl: bool
    drops_last: bool
    sigmas: Tensor
    timesteps: Tensor

    def _convert_to_exponential(self, in_sigmas: Levels, num_inference_steps: int) -> Levels:
        trained = trained_levels(self) if hasattr(self, "alphas_cumprod") else np.sort(in_sigmas)
        steps = num_inference_steps + self.drops_last
        levels = noise_levels(self.followed, steps, trained, sdxl=self.sdxl)
        return levels[:num_inference_steps]

    def set_timesteps(self, *args: object, **named: object) -> None:
        """Choose the noise levels; the network is told of each exactly, not cut to whole steps."""
        super().set_timesteps(*args, **named)  # type: ignore[misc]
        if not self.timesteps.is_floating_point():
            levels = self.sigmas[: len(self.timesteps)]
            times = times_of(levels.double().numpy(), trained_levels(self))
            self.timesteps = torch.from_numpy(times).to(self.timesteps.device, torch.float32)


class _FollowingAncestral:
    """The same for the one scheduler that has no such method."""

    followed: str
    sdxl: bool

    def set_timesteps(self, num_inference_steps: int, device: str | None = None) -> None:
        """Choose the noise levels."""
        super().set_timesteps(num_inference_steps, device=device)  # type: ignore[misc]
        trained = trained_levels(self)
        levels = noise_levels(self.followed, num_inference_steps, trained, sdxl=self.sdxl)
        self.sigmas = torch.from_numpy(np.append(levels, 0.0)).float()
        self.timesteps = torch.from_numpy(times_of(levels, trained)).to(device, torch.float32)


_OURS = {
    "LmsWithoutScipy": multistep_solvers.LmsWithoutScipy,
    "Dpm3MSde": multistep_solvers.Dpm3MSde,
    "DpmSde": two_stage_solvers.DpmSde,
    "Dpm2SAncestral": two_stage_solvers.Dpm2SAncestral,
}
