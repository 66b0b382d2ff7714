"""A cell's key: the digest of all that determines its picture."""

from __future__ import annotations

import hashlib
import json

from loradex.domain.recipe import ControlUse, LoraUse, Recipe, StartUse


def cell_key(recipe: Recipe, engine: str) -> str:
    """Return the SHA-256, in hex, of all that determines one picture.

    `engine` names our version, the libraries, device and dtype. Names and paths are left out: a
    moved or renamed file draws the same. So is what has no effect: a negative prompt without
    guidance.
    """
    facts = {"what": "loradex cell 2", "engine": engine, **facts_of(recipe)}
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def facts_of(recipe: Recipe) -> dict[str, object]:
    """Return what determines the picture, files by their digests, as JSON can hold it.

    What a recipe does not use is not in it, so that a new choice does not change old keys.
    """
    settings = recipe.settings
    facts: dict[str, object] = {
        "checkpoint": recipe.checkpoint.digest,
        "prompt": recipe.prompt,
        "negative_prompt": recipe.negative_prompt if settings.guidance_scale > 1 else "",
        "seed": recipe.seed,
        "size": [settings.width, settings.height],
        "steps": settings.num_inference_steps,
        "guidance_scale": float(settings.guidance_scale),
        "sampler": settings.sampler,
        "schedule": settings.schedule,
        "clip_skip": settings.clip_skip,
    }
    if recipe.checkpoint.prediction:
        facts["prediction"] = recipe.checkpoint.prediction
    if recipe.loras:
        facts["loras"] = [_lora(use) for use in recipe.loras]
    if recipe.vae is not None:
        facts["vae"] = recipe.vae.digest
    if recipe.companions:
        facts["companions"] = sorted(model.digest for model in recipe.companions)
    if recipe.embeddings:
        facts["embeddings"] = sorted([key, model.digest] for key, model in recipe.embeddings)
    if recipe.start is not None:
        facts["start"] = _start(recipe.start)
    if settings.approximate:
        facts["approximate"] = sorted(settings.approximate)
    if recipe.controls:
        facts["controls"] = [_control(control) for control in recipe.controls]
    return facts


def _lora(use: LoraUse) -> list[object]:
    plain: list[object] = [use.model.digest, float(use.strength), float(use.strength_clip)]
    return [*plain, use.blocks] if use.blocks else plain


def _start(start: StartUse) -> list[object]:
    mask = start.mask.digest if start.mask else None
    return [start.picture.digest, float(start.denoising), mask]


def _control(control: ControlUse) -> list[object]:
    numbers = [float(control.strength), float(control.start), float(control.end)]
    return [control.model.digest, control.picture.digest, *numbers]
