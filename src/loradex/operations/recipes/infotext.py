"""A recipe as A1111's parameter text again, to be pasted into any tool that reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loradex.domain.generation import ModelRole, name_key
from loradex.domain.infotext import Infotext, format_infotext
from loradex.domain.picture_recipes import RecipeRecord, UsedModel
from loradex.operations.recipes.sampler_names import a1111_names

_FIELDS = {
    "steps": "Steps",
    "sampler": "Sampler",
    "schedule": "Schedule type",
    "guidance_scale": "CFG scale",
    "distilled_guidance_scale": "Distilled CFG Scale",
    "seed": "Seed",
}


def recipe_infotext(recipe: RecipeRecord) -> str:
    """Return the parameter text of a recipe.

    LoRAs stand in the prompt, under the names that the picture has for them. What A1111 has no
    field for is left out.
    """
    settings = dict(recipe.settings)
    names = a1111_names(settings.get("sampler", ""), settings.get("schedule", ""))
    settings |= {
        key: name for key, name in zip(("sampler", "schedule"), names, strict=True) if name
    }
    fields = {theirs: settings[ours] for ours, theirs in _FIELDS.items() if ours in settings}
    if "width" in settings and "height" in settings:
        fields["Size"] = f"{settings['width']}x{settings['height']}"
    hashes = _models(recipe.models, fields)
    for ours, theirs in (("denoising_strength", "Denoising strength"), ("clip_skip", "Clip skip")):
        if settings.get(ours, "1") != "1":
            fields[theirs] = settings[ours]
    loras = [model for model in recipe.models if model.role is ModelRole.LORA and model.name]
    _add_hashes("Lora hashes", loras, fields)
    _add_hashes("TI hashes", [m for m in recipe.models if m.role is ModelRole.EMBEDDING], fields)
    tags = [_tag(model) for model in loras if f"<lora:{_called(model)}:" not in recipe.prompt]
    prompt = " ".join([recipe.prompt, *tags]).strip()
    return format_infotext(Infotext(prompt, recipe.negative_prompt, fields, hashes))


def _models(models: Sequence[UsedModel], fields: dict[str, str]) -> Mapping[str, str]:
    """Add the checkpoint and the VAE to the fields; return the table of digests."""
    hashes: dict[str, str] = {}
    for role, name in ((ModelRole.CHECKPOINT, "Model"), (ModelRole.VAE, "VAE")):
        for model in models:
            if model.role is role:
                if model.hash:
                    fields[f"{name} hash"] = hashes[name.lower()] = model.hash[:10]
                if model.name:
                    fields[name] = plain_name(model.name)
                break
    return hashes


def plain_name(name: str) -> str:
    """Return a name without folders and ending, in its own case, as A1111 writes it."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return last[: len(name_key(name))]


def _add_hashes(name: str, models: Sequence[UsedModel], fields: dict[str, str]) -> None:
    pairs = [f"{_called(model)}: {model.hash[:12]}" for model in models if model.hash]
    if pairs:
        fields[name] = ", ".join(pairs)


def _called(model: UsedModel) -> str:
    name = plain_name(model.name)
    return "".join("_" if char in ":<>," else char for char in name)


def _tag(model: UsedModel) -> str:
    strength = 1.0 if model.strength is None else model.strength
    if model.strength_clip is None:
        return f"<lora:{_called(model)}:{strength:g}>"
    return f"<lora:{_called(model)}:{model.strength_clip:g}:{strength:g}>"
