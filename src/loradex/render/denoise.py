"""The denoising loop, the same for every architecture: latents from noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from loradex.domain.grid import RenderSettings
from loradex.render.bases.base import Base, Batch, Condition
from loradex.render.bases.base import Encoded as BaseEncoded
from loradex.render.bases.schedule import Schedule
from loradex.render.bases.unet import UNetBase
from loradex.render.parts import Parts
from loradex.render.text import Encoded

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image
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
) -> Tensor:
    """Return the latents at the end of `schedule`; they keep their device and dtype.

    `on_step(done, of)` is called after each step and may raise to stop. `after_step` may change
    latents on the way (inpainting).
    """
    import torch  # noqa: PLC0415 - heavy

    dtype, total = latents.dtype, len(schedule.timesteps)
    with torch.inference_mode():
        for number, timestep in enumerate(schedule.timesteps):
            scaled = schedule.scale(latents, timestep)
            predicted = base.predict(scaled, timestep, batch)
            latents = schedule.step(predicted, timestep, latents, generators).to(dtype)
            if after_step is not None:
                latents = after_step(latents, number)
            on_step(number + 1, total)
    return latents


def denoise(
    parts: Parts,
    settings: RenderSettings,
    texts: Sequence[tuple[Encoded, Encoded | None]],
    seeds: Sequence[int],
    *,
    device: str,
    dtype: torch.dtype,
    on_step: OnStep,
) -> Tensor:
    """Return latents (n, 4, height/8, width/8) for n pairs of text and negative text."""
    import torch  # noqa: PLC0415 - heavy

    base = UNetBase(parts)
    width, height = settings.width, settings.height
    generators = generators_of(seeds)
    noise = torch.cat([base.noise(one, width, height) for one in generators])
    schedule = base.schedule(settings.sampler, settings.num_inference_steps, width, height)
    conditions = [
        Condition(
            _encoded(positive),
            None if negative is None else _encoded(negative),
            settings.guidance_scale,
        )
        for positive, negative in texts
    ]
    batch = base.join(conditions, width, height)
    latents = schedule.start(noise.to(device, dtype))
    return go_down(base, schedule, latents, batch, generators, on_step=on_step)


def _encoded(text: Encoded) -> BaseEncoded:
    return BaseEncoded(text.embeds, text.pooled)


def decode(parts: Parts, latents: Tensor) -> Image:
    """Return the picture behind one cell's latents (1, 4, h, w).

    Raises `ArithmeticError` in plain words when the numbers or the picture are useless.
    """
    return UNetBase(parts).decode(latents)
