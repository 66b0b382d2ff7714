"""What makes a grid impossible, said before anything is loaded."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from loradex.domain.grid import GridSpec
from loradex.domain.recipe import Recipe, RenderSettings
from loradex.errors import UsageError
from loradex.render.approximations import check_approximations
from loradex.render.prompts.editing import stages
from loradex.render.recipes import FLOW_BASES

MOST_CELLS = 10_000
STRONGEST = 10.0
SMALLEST_SIDE = 64
LARGEST_SIDE = 4096
MULTIPLE = 8
"""Pixels of a latent: what width and height of an SD picture are multiples of."""
FLOW_MULTIPLE = 16
"""The transformers' patches are two latents wide; FLUX.2's VAE has latents of 16 pixels."""
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
        # Raises for edits that are nested deeper than anybody means.
        stages(prompt, 1)
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
    check_approximations(recipe)
    multiple = FLOW_MULTIPLE if recipe.checkpoint.base in FLOW_BASES else MULTIPLE
    check_size(recipe.settings, multiple, recipe.checkpoint.name)


def check_size(settings: RenderSettings, multiple: int, checkpoint: str) -> None:
    """Raise `UsageError` with the nearest sizes unless both sides are multiples of `multiple`.

    Nothing is rounded in silence, as other tools do: the picture would not be what its label says.
    """
    width, height = settings.width, settings.height
    if width % multiple == 0 and height % multiple == 0:
        return
    rounded = [
        (_multiple_near(width, multiple, up=up), _multiple_near(height, multiple, up=up))
        for up in (False, True)
    ]
    sizes = " or ".join(f"{wide}x{high}" for wide, high in rounded)
    raise UsageError(
        f"{checkpoint} cannot draw {width}x{height}: its sides are multiples of {multiple} pixels.",
        hint=f"The nearest sizes are {sizes}.",
    )


def _multiple_near(side: int, multiple: int, *, up: bool) -> int:
    """Return the multiple next to `side` on one side of it, within what can be drawn."""
    rounded = -(-side // multiple) * multiple if up else side // multiple * multiple
    return min(max(rounded, SMALLEST_SIDE), LARGEST_SIDE)


def _check_strength(strength: float) -> None:
    if not (math.isfinite(strength) and abs(strength) <= STRONGEST):
        raise UsageError(
            f"The strength {strength} cannot be used.",
            hint=f"Strengths lie between -{STRONGEST:g} and {STRONGEST:g}.",
        )


def check_settings(settings: RenderSettings) -> None:
    """Raise `UsageError` for a setting that no engine could use."""
    for name, size in (("width", settings.width), ("height", settings.height)):
        if not SMALLEST_SIDE <= size <= LARGEST_SIDE:
            raise UsageError(
                f"The {name} {size} cannot be drawn.",
                hint=f"Width and height lie between {SMALLEST_SIDE} and {LARGEST_SIDE} pixels.",
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
