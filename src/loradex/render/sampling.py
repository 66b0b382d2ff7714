"""From noise to latents for one batch of cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from loradex.domain.recipe import Recipe
from loradex.render.bases.base import Base, Condition
from loradex.render.denoise import generators_of, go_down
from loradex.render.device import Placed

if TYPE_CHECKING:
    from torch import Tensor


def sample(
    base: Base,
    recipes: Sequence[Recipe],
    conditions: Sequence[Condition],
    placed: Placed,
    *,
    on_step: Callable[[int, int], None],
) -> Tensor:
    """Return the latents of `recipes`, which share size, steps, sampler and schedule.

    Each picture's noise comes from a CPU generator of its own seed, in float32, so that it is
    the same on every device, in every dtype and in any company.
    """
    import torch  # noqa: PLC0415 - heavy

    settings = recipes[0].settings
    width, height = settings.width, settings.height
    generators = generators_of([recipe.seed for recipe in recipes])
    noise = torch.cat([base.noise(one, width, height) for one in generators])
    sampler = f"{settings.sampler} {settings.schedule}".removesuffix(" Automatic")
    schedule = base.schedule(sampler, settings.num_inference_steps, width, height)
    batch = base.join(conditions, width, height)
    latents = schedule.start(noise.to(placed.device, placed.torch_dtype))
    return go_down(base, schedule, latents, batch, generators, on_step=on_step)
