"""The settings that suit a checkpoint of the catalog."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.preferences import KnownPreferences
from loradex.domain.recipe import RenderSettings


def usual_settings(catalog: Catalog, checkpoint: int) -> RenderSettings:
    """Return what a person gets who asks for nothing, by what is known of the checkpoint."""
    from loradex.render.defaults import defaults_for  # noqa: PLC0415 - beside its use
    from loradex.render.trained_size import claimed_size, folder_size  # noqa: PLC0415

    details = catalog.details(checkpoint)
    suits = defaults_for(
        details.row.base,
        name=details.row.name,
        variant=details.variant,
        derivative=details.row.derivative,
        prediction=details.prediction,
    )
    # What it says itself counts before what is usual for its base: some are trained smaller.
    size = (
        folder_size(Path(details.row.path))
        if details.format == "diffusers"
        else claimed_size(details.metadata)
    )
    width, height = size or (suits.width, suits.height)
    usual = RenderSettings(
        width=width,
        height=height,
        num_inference_steps=suits.steps,
        guidance_scale=suits.guidance,
        sampler=suits.sampler,
        schedule=suits.schedule,
        clip_skip=suits.clip_skip,
    )
    return _preferred(usual, details.preferences)


def usual_strength(catalog: Catalog, loras: Sequence[int]) -> float:
    """Return the strength at which these LoRAs act unless told: what is preferred of all, else 1.

    LoRAs that are liked at different strengths are compared at 1.
    """
    known = catalog.preferences.known(loras)
    liked = {known[id_].effective.usual_strength if id_ in known else None for id_ in loras}
    strength = liked.pop() if len(liked) == 1 else None
    return 1.0 if strength is None else strength


def _preferred(usual: RenderSettings, known: KnownPreferences) -> RenderSettings:
    """Put what is preferred over the usual settings, as far as it can be drawn.

    Samplers are taken from the person alone: what sidecars call them is often another tool's name.
    """
    best, own = known.effective, known.own
    sides = [side for side in (best.width, best.height) if side is not None and side % 8 == 0]
    width, height = sides if len(sides) == 2 else (usual.width, usual.height)
    return replace(
        usual,
        width=width,
        height=height,
        num_inference_steps=best.steps or usual.num_inference_steps,
        guidance_scale=(
            usual.guidance_scale if best.guidance_scale is None else best.guidance_scale
        ),
        sampler=own.sampler or usual.sampler,
        schedule=own.schedule or ("Automatic" if own.sampler else usual.schedule),
        clip_skip=best.clip_skip or usual.clip_skip,
    )
