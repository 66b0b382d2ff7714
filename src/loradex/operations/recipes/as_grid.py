"""A recipe as a call of `loradex grid` that draws it here, from the models it means."""

from __future__ import annotations

import re

from loradex.domain.generation import ModelRole
from loradex.domain.picture_recipes import RecipeRecord, UsedModel
from loradex.errors import UsageError
from loradex.operations.recipes.sampler_names import a1111_names
from loradex.render.samplers import read_sampler, read_schedule

_TAG = re.compile(r"<(?:lora|lyco|hypernet):[^<>]{0,500}>", re.IGNORECASE)
_OPTIONS = {
    "seed": "--seeds",
    "steps": "--steps",
    "guidance_scale": "--guidance",
    "clip_skip": "--clip-skip",
}


def grid_arguments(recipe: RecipeRecord) -> list[str]:
    """Return the arguments of `loradex grid` for this recipe.

    Models are named by their numbers, LoRAs stand in the prompt. A sampler or schedule that the
    renderer has not got is left out. Raises `UsageError` when the library lacks the checkpoint or a
    LoRA.
    """
    checkpoint = next((m for m in recipe.models if m.role is ModelRole.CHECKPOINT), None)
    loras = [model for model in recipe.models if model.role is ModelRole.LORA]
    lacking = [model.name or model.hash for model in loras if model.content_id is None]
    if checkpoint is None or checkpoint.content_id is None:
        lacking.insert(0, checkpoint.name or checkpoint.hash if checkpoint else "a checkpoint")
    if checkpoint is None or lacking:
        raise UsageError(
            f"This recipe cannot be drawn here: {', '.join(lacking)} is not in the library.",
            hint="`loradex recipe missing` tells where to get it.",
        )
    prompt = " ".join([_TAG.sub("", recipe.prompt).strip(), *map(_tag, loras)]).strip()
    arguments = ["-c", str(checkpoint.content_id), "-p", prompt]
    if recipe.negative_prompt:
        arguments += ["--negative", _TAG.sub("", recipe.negative_prompt).strip()]
    settings = recipe.settings
    if "width" in settings and "height" in settings:
        arguments += ["--size", f"{settings['width']}x{settings['height']}"]
    for name, option in _OPTIONS.items():
        if name in settings:
            arguments += [option, settings[name]]
    sampler, schedule = a1111_names(settings.get("sampler", ""), settings.get("schedule", ""))
    for value, read, option in (
        (sampler, read_sampler, "--sampler"),
        (schedule, read_schedule, "--schedule"),
    ):
        try:
            read(value)
        except UsageError:
            continue
        arguments += [option, value]
    return arguments


def _tag(model: UsedModel) -> str:
    strength = 1.0 if model.strength is None else model.strength
    if model.strength_clip is None:
        return f"<lora:{model.content_id}:{strength:g}>"
    return f"<lora:{model.content_id}:unet={strength:g}:te={model.strength_clip:g}>"
