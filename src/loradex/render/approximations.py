"""What makes a grid faster or smaller and its pictures others: only when asked for, always told."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from loradex.domain.axes import Draft
from loradex.domain.recipe import Recipe
from loradex.errors import UsageError
from loradex.render.sampler_table import SAMPLERS

TAESD, FP8, CACHE, FEW_STEPS = "taesd", "fp8", "cache", "few-steps"
APPROXIMATIONS: Mapping[str, str] = {
    TAESD: "decoded by the tiny autoencoder {vae}, not by the VAE",
    FP8: "the denoiser's weights rounded to 8 bits",
    CACHE: "every other step in the middle guessed from those before it",
    FEW_STEPS: "distilled to few steps by {few}",
}
"""Their names, and what each does to a picture."""


def read_approximations(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names that a person may ask for, each once; raise `UsageError` for others."""
    asked = dict.fromkeys(text.strip().casefold() for text in texts if text.strip())
    known = [name for name in APPROXIMATIONS if name != FEW_STEPS]
    for name in asked:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            raise UsageError(
                f"There is no approximation called {name!r}.",
                hint=f"Did you mean {near[0]}?" if near else f"One of: {', '.join(known)}.",
            )
    return tuple(name for name in known if name in asked)


def approximation_notes(draft: Draft) -> tuple[str, ...]:
    """Return what is printed on a grid's sheet and page; nothing for exact pictures."""
    names = {
        "vae": draft.vae.name if draft.vae else "",
        "few": draft.few_steps.name if draft.few_steps else "",
    }
    return tuple(
        f"Approximate: {APPROXIMATIONS[name].format(**names)}."
        for name in draft.settings.approximate
    )


def check_approximations(recipe: Recipe) -> None:
    """Raise `UsageError` where an approximation cannot be had for this picture."""
    settings = recipe.settings
    for name in settings.approximate:
        if name not in APPROXIMATIONS:
            raise UsageError(f"There is no approximation called {name!r}.")
    if CACHE not in settings.approximate:
        return
    if recipe.controls:
        raise UsageError("Steps cannot be guessed while a ControlNet or adapter steers.")
    sampler = SAMPLERS.get(settings.sampler)
    if sampler is not None and sampler.calls > 1:
        raise UsageError(
            f"{settings.sampler} asks the network twice a step, so no step can be guessed.",
            hint="Take another sampler, or leave the approximation `cache` out.",
        )
