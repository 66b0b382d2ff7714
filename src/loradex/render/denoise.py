"""The denoising loop, the same for every architecture: latents from noise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from loradex.render.bases.base import Base, Batch
from loradex.render.bases.schedule import Schedule
from loradex.render.step_cache import StepCache

if TYPE_CHECKING:
    from torch import Generator, Tensor

OnStep = Callable[[int, int], None]
AfterStep = Callable[["Tensor", int], "Tensor"]
"""From latents and the number of the step just done to the latents to go on with."""


def generators_of(seeds: Sequence[int]) -> list[Generator]:
    """Return a CPU generator for each seed: the same on every device, dtype and in any company."""
    import torch  # noqa: PLC0415 - heavy

    return [torch.Generator("cpu").manual_seed(seed) for seed in seeds]


def go_down(
    base: Base,
    schedule: Schedule,
    latents: Tensor,
    batch: Batch,
    generators: Sequence[Generator],
    *,
    on_step: OnStep,
    after_step: AfterStep | None = None,
    later: Mapping[int, Batch] = MappingProxyType({}),
    cache: StepCache | None = None,
) -> Tensor:
    """Return the latents at the end of `schedule`; they keep their device and dtype.

    `later` has the batches that take over from `batch`, by the number of the timestep, where
    prompts change on the way. `on_step(done, of)` is called after each step and may raise to
    stop. `after_step` may change latents on the way (inpainting); `cache` answers
    for the network at some steps.
    """
    import torch  # noqa: PLC0415 - heavy

    dtype, total = latents.dtype, len(schedule.timesteps)
    with torch.inference_mode():
        for number, timestep in enumerate(schedule.timesteps):
            batch = later.get(number, batch)
            scaled = schedule.scale(latents, timestep)
            predicted = cache.guess(number, timestep) if cache else None
            if predicted is None:
                predicted = base.predict(scaled, timestep, batch)
                if cache:
                    cache.keep(timestep, predicted)
            latents = schedule.step(predicted, timestep, latents, generators).to(dtype)
            if after_step is not None:
                latents = after_step(latents, number)
            on_step(number + 1, total)
    return latents
