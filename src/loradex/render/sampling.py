"""From noise, or a picture, to latents for one batch of cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from loradex.domain.recipe import Recipe
from loradex.render.approximations import CACHE
from loradex.render.bases.base import Base
from loradex.render.bases.control import steer
from loradex.render.bases.flow_control import seen_by, steer_flow
from loradex.render.bases.init_picture import begin
from loradex.render.denoise import generators_of, go_down
from loradex.render.inputs import Inputs, steering
from loradex.render.step_cache import StepCache
from loradex.render.texts import Texts

if TYPE_CHECKING:
    from torch import Tensor


def sample(
    base: Base,
    recipes: Sequence[Recipe],
    texts: Texts,
    inputs: Inputs,
    *,
    on_step: Callable[[int, int], None],
) -> Tensor:
    """Return the latents of `recipes`, which share size, steps, sampler and kinds of inputs.

    Their `texts` are encoded already. Each picture's noise comes from a CPU generator of its own
    seed, in float32, so that it is the same on every device, in every dtype and in any company.
    """
    first = recipes[0]
    settings = first.settings
    size = (settings.width, settings.height)
    schedule = base.schedule(
        settings.sampler,
        settings.num_inference_steps,
        *size,
        spacing=settings.schedule,
        strength=first.start.denoising if first.start else 1.0,
    )
    generators = generators_of([recipe.seed for recipe in recipes])
    pictures, masks = inputs.starts(recipes)
    turns = texts.turns(recipes, schedule.calls)
    batches = {}
    for turn in turns:
        if id(turn.conditions) not in batches:
            batches[id(turn.conditions)] = base.join(turn.conditions, *size)
    joined = batches[id(turns[0].conditions)]
    steps = len(schedule.timesteps)
    # Before the noise: what a VAE sees of a steering picture may be drawn from its generator.
    extras = []
    for number, use in enumerate(first.controls):
        control = inputs.control(use)
        shown = [inputs.picture(recipe.controls[number].picture) for recipe in recipes]
        if control.flow:
            seen = seen_by(control.network, base, shown, generators, size)
            extra = steer_flow(control.network, seen, joined, steering(use), steps=steps)
        else:
            extra = steer(control, shown, joined, size, steering(use), steps=steps)
        extras.append(extra)
    begun = begin(base, schedule, joined, generators, size, pictures=pictures, masks=masks)
    batch = replace(begun.batch, extras=(*begun.batch.extras, *extras))
    return go_down(
        base,
        schedule,
        begun.latents,
        batch,
        generators,
        on_step=on_step,
        after_step=begun.after_step,
        later={
            turn.call: replace(batch, arguments=batches[id(turn.conditions)].arguments)
            for turn in turns[1:]
        },
        cache=StepCache(steps) if CACHE in settings.approximate else None,
    )
