"""The settings that suit a checkpoint of the catalog."""

from __future__ import annotations

from loradex.catalog.catalog import Catalog
from loradex.domain.recipe import RenderSettings


def usual_settings(catalog: Catalog, checkpoint: int) -> RenderSettings:
    """Return what a person gets who asks for nothing, by what is known of the checkpoint."""
    from loradex.render.defaults import defaults_for  # noqa: PLC0415 - beside its use

    details = catalog.details(checkpoint)
    suits = defaults_for(
        details.row.base,
        name=details.row.name,
        variant=details.variant,
        derivative=details.row.derivative,
        prediction=details.prediction,
    )
    return RenderSettings(
        width=suits.width,
        height=suits.height,
        num_inference_steps=suits.steps,
        guidance_scale=suits.guidance,
        sampler=suits.sampler,
        schedule=suits.schedule,
        clip_skip=suits.clip_skip,
    )
