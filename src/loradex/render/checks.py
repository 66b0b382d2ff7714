"""What makes a grid impossible, said before anything is loaded."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from loradex.domain.grid import GridSpec
from loradex.domain.recipe import Recipe, RenderSettings
from loradex.errors import UsageError
from loradex.render.prompts.editing import is_edited

MOST_CELLS = 10_000
STRONGEST = 10.0
LARGEST_SEED = 2**63 - 1
DTYPES = ("auto", "float32", "bfloat16", "float16")
_DEVICE = re.compile(r"auto|cpu|cuda(:\d{1,3})?")
_LONGEST_PROMPT = 20_000


def check_spec(spec: GridSpec) -> None:
    """Raise `UsageError` for a grid without values, or with more places than can be drawn."""
    for axis in spec.axes:
        if not axis.values:
            raise UsageError(f"The axis {axis.kind} has no value.")
    check_count(spec.lengths)
    if sorted((*spec.layout.x, *spec.layout.y, *spec.layout.pages)) != list(range(len(spec.axes))):
        raise UsageError("Every axis of a grid goes across, down or on pages, and only once.")


def check_count(lengths: Sequence[int]) -> None:
    """Raise `UsageError` for axes of these lengths that make more pictures than can be drawn."""
    total = math.prod(lengths)
    if total > MOST_CELLS:
        raise UsageError(
            f"This grid has {total:,} pictures; {MOST_CELLS:,} is the most.",
            hint="Ask for fewer values on an axis, or split it into several grids.",
        )


def check_recipe(recipe: Recipe) -> None:
    """Raise `UsageError` for the first thing that no engine could draw."""
    for use in recipe.loras:
        for strength in (use.strength, use.strength_clip):
            _check_strength(strength)
    if not 0 <= recipe.seed <= LARGEST_SEED:
        raise UsageError(f"The seed {recipe.seed} is not between 0 and {LARGEST_SEED}.")
    for prompt in (recipe.prompt, recipe.negative_prompt):
        if len(prompt) > _LONGEST_PROMPT:
            raise UsageError(f"A prompt has {len(prompt):,} characters; that is too long.")
        if is_edited(prompt):
            raise UsageError(
                f"The prompt {prompt[:60]!r} changes over the steps, which is not drawn.",
                hint="Take [from:to:when] and [one|other] out, or escape the bracket as \\[.",
            )
    if recipe.start is not None and not 0 < recipe.start.denoising <= 1:
        raise UsageError(
            f"The denoising strength {recipe.start.denoising:g} cannot be used.",
            hint="It lies above 0 and goes up to 1 (noise alone); 0.75 is usual.",
        )
    for control in recipe.controls:
        if not 0 <= control.start < control.end <= 1:
            raise UsageError("A ControlNet starts before it ends, between 0 and 1 of the steps.")
        _check_strength(control.strength)
    check_settings(recipe.settings)


def _check_strength(strength: float) -> None:
    if not (math.isfinite(strength) and abs(strength) <= STRONGEST):
        raise UsageError(
            f"The strength {strength} cannot be used.",
            hint=f"Strengths lie between -{STRONGEST:g} and {STRONGEST:g}.",
        )


def check_settings(settings: RenderSettings) -> None:
    """Raise `UsageError` for a setting that no engine could use."""
    for name, size in (("width", settings.width), ("height", settings.height)):
        if size % 8 or not 64 <= size <= 4096:
            raise UsageError(
                f"The {name} {size} cannot be drawn.",
                hint="Width and height are multiples of 8 from 64 to 4096 pixels.",
            )
    if not 1 <= settings.num_inference_steps <= 1000:
        raise UsageError(
            f"{settings.num_inference_steps} steps cannot be drawn.",
            hint="Between 1 and 1000 steps; 20 to 30 is usual.",
        )
    if not (math.isfinite(settings.guidance_scale) and 0 <= settings.guidance_scale <= 100):
        raise UsageError(
            f"The guidance scale {settings.guidance_scale} cannot be used.",
            hint="It lies between 0 and 100; 7 is usual.",
        )
    if not 1 <= settings.clip_skip <= 12:
        raise UsageError(
            f"Clip skip {settings.clip_skip} cannot be used.",
            hint="It counts from 1 (the last layer) to 12.",
        )
    if settings.dtype not in DTYPES:
        raise UsageError(
            f"There is no dtype called {settings.dtype!r}.", hint=f"One of: {', '.join(DTYPES)}."
        )
    if not _DEVICE.fullmatch(settings.device):
        raise UsageError(
            f"There is no device called {settings.device!r}.",
            hint="One of: auto, cpu, cuda, cuda:0, cuda:1 …",
        )
