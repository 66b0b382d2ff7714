"""A noise schedule on its way: diffusers' scheduler behind one face for all families."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING

from loradex.errors import UsageError

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from loradex.render.parts import Scheduler


class Schedule:
    """Wraps a scheduler whose timesteps are set. Serves one batch, once: schedulers keep state."""

    def __init__(self, scheduler: Scheduler, *, strength: float = 1.0, flow: bool = False) -> None:
        """Start at `strength` of the way (1: pure noise). Raises `UsageError` outside (0, 1]."""
        if not 0 < strength <= 1:
            raise UsageError(f"The denoising strength has to be above 0 and at most 1: {strength}.")
        self._scheduler = scheduler
        self._flow = flow
        self._strength = strength
        order = int(getattr(scheduler, "order", 1))
        steps = int(getattr(scheduler, "num_inference_steps", len(scheduler.timesteps)))
        # Both cut off fractions, one of the steps done and one of those left out.
        left_out = int(steps - steps * strength) if flow else steps - int(steps * strength)
        self._skipped = max(0, left_out) * order
        if self._skipped and self._skipped >= len(scheduler.timesteps):
            raise UsageError(f"{steps} steps at denoising strength {strength:g} draw nothing.")
        if self._skipped:
            scheduler.set_begin_index(self._skipped)
        self._seeded = "generator" in inspect.signature(scheduler.step).parameters

    @property
    def is_whole(self) -> bool:
        """Whether it starts from noise alone, with nothing left of an init picture."""
        return self._strength == 1

    @property
    def calls(self) -> int:
        """How often the whole way asks the network, with what an init picture leaves out."""
        return len(self._scheduler.timesteps)

    @property
    def timesteps(self) -> Tensor:
        """The timesteps to go through, in order."""
        return self._scheduler.timesteps[self._skipped :]

    def start(self, noise: Tensor, init: Tensor | None = None) -> Tensor:
        """Return the first latents: noise alone, or mixed into `init`."""
        if init is not None:
            return self.noised(init, noise, self.timesteps[:1])
        return noise if self._flow else noise * self._scheduler.init_noise_sigma

    def noised(self, clean: Tensor, noise: Tensor, timestep: Tensor) -> Tensor:
        """Return `clean` latents with `noise` mixed in as it is at `timestep` (one number)."""
        if hasattr(self._scheduler, "scale_noise"):
            return self._scheduler.scale_noise(clean, timestep, noise)
        return self._scheduler.add_noise(clean, noise, timestep)

    def scale(self, latents: Tensor, timestep: Tensor) -> Tensor:
        """Return latents as the denoiser wants them at this timestep."""
        plain = not hasattr(self._scheduler, "scale_model_input")
        return latents if plain else self._scheduler.scale_model_input(latents, timestep)

    def step(
        self, predicted: Tensor, timestep: Tensor, latents: Tensor, generators: Sequence[Generator]
    ) -> Tensor:
        """Go one noise level down; some samplers draw more noise from the generators."""
        if self._seeded:
            return self._scheduler.step(
                predicted, timestep, latents, return_dict=False, generator=list(generators)
            )[0]
        return self._scheduler.step(predicted, timestep, latents, return_dict=False)[0]
