"""A network that knows its answer: what it would have learned from pictures of pure noise.

When every number of the data is N(0, 1), the best prediction is known in closed form, and any
sampler that is right turns noise into numbers of N(0, 1) again.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import torch

CONFIG: dict[str, object] = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "prediction_type": "epsilon",
    "timestep_spacing": "leading",
    "steps_offset": 1,
    "set_alpha_to_one": False,
    "clip_sample": False,
}
_KEPT = np.cumprod(1 - np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2)
_LEVELS = ((1 - _KEPT) / _KEPT) ** 0.5


def level_at(timestep: Any) -> float:
    return float(np.exp(np.interp(float(timestep), np.arange(1000), np.log(_LEVELS))))


def predict(scaled: torch.Tensor, timestep: Any, prediction: str) -> torch.Tensor:
    """Return what the perfect network says to latents scaled to variance-preserving form."""
    level = level_at(timestep)
    latents = scaled * (1 + level**2) ** 0.5
    noise = latents * (level / (1 + level**2))
    if prediction == "epsilon":
        return noise
    clean = latents / (1 + level**2)
    return (noise - level * clean) / (1 + level**2) ** 0.5


def draw(
    scheduler: Any,
    steps: int,
    *,
    seeds: tuple[int, ...] = (0,),
    side: int = 64,
    prediction: str = "epsilon",
    scale: float = 1.0,
) -> torch.Tensor:
    """Return latents (len(seeds), 4, side, side); `scale` makes the network less than perfect."""
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    noise = torch.cat([torch.randn(1, 4, side, side, generator=one) for one in generators])
    scheduler.set_timesteps(steps, device="cpu")
    latents = noise * scheduler.init_noise_sigma
    seeded = "generator" in inspect.signature(scheduler.step).parameters
    extra = {"generator": generators} if seeded else {}
    for timestep in scheduler.timesteps:
        scaled = scheduler.scale_model_input(latents, timestep)
        said = predict(scaled, timestep, prediction) * scale
        latents = scheduler.step(said, timestep, latents, return_dict=False, **extra)[0]
    return latents


def draw_flow(
    scheduler: Any, steps: int, *, seeds: tuple[int, ...] = (0,), side: int = 64
) -> torch.Tensor:
    """The same for flow matching: latents (1 - t) data + t noise, the network says noise - data."""
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    latents = torch.cat([torch.randn(1, 4, side, side, generator=one) for one in generators])
    scheduler.set_timesteps(steps, device="cpu")
    seeded = "generator" in inspect.signature(scheduler.step).parameters
    extra = {"generator": generators} if seeded else {}
    for timestep in scheduler.timesteps:
        level = float(timestep) / 1000
        said = latents * ((2 * level - 1) / ((1 - level) ** 2 + level**2))
        latents = scheduler.step(said, timestep, latents, return_dict=False, **extra)[0]
    return latents
