"""The parameter text of a cell, as A1111 writes it, so that other tools know what was used."""

from __future__ import annotations

from pathlib import Path

from loradex.domain.infotext import Infotext, format_infotext
from loradex.domain.recipe import GridModel, LoraUse, Recipe


def infotext_of(recipe: Recipe, *, engine: str) -> str:
    """Return the A1111 parameter text; LoRAs stand in the prompt as there.

    Hashes are AutoV2 (the first ten digits of the SHA-256), which CivitAI and A1111 look up.
    """
    settings = recipe.settings
    sampler, schedule = settings.sampler, settings.schedule
    fields = {
        "Steps": str(settings.num_inference_steps),
        "Sampler": sampler,
        "Schedule type": schedule,
        "CFG scale": f"{settings.guidance_scale:g}",
        "Seed": str(recipe.seed),
        "Size": f"{settings.width}x{settings.height}",
    }
    hashes: dict[str, str] = {}
    if _is_file(recipe.checkpoint):
        fields["Model hash"] = hashes["model"] = _short(recipe.checkpoint)
    fields["Model"] = recipe.checkpoint.name
    if recipe.vae is not None:
        fields["VAE hash"] = hashes["vae"] = _short(recipe.vae)
        fields["VAE"] = recipe.vae.name
    if recipe.start is not None:
        fields["Denoising strength"] = f"{recipe.start.denoising:g}"
        if recipe.start.mask is not None:
            fields["Masked content"] = "original"
    for number, control in enumerate(recipe.controls):
        fields[f"ControlNet {number}"] = (
            f"Model: {control.model.name}, Weight: {control.strength:g}, "
            f"Guidance Start: {control.start:g}, Guidance End: {control.end:g}"
        )
    if settings.approximate:
        fields["Approximate"] = ", ".join(settings.approximate)
    if settings.clip_skip > 1:
        fields["Clip skip"] = str(settings.clip_skip)
    fields["RNG"] = "CPU"
    prompt = recipe.prompt
    if recipe.loras:
        prompt = " ".join([prompt, *(_tag(use) for use in recipe.loras)]).strip()
        fields["Lora hashes"] = ", ".join(
            f"{_tag_name(use.model)}: {_short(use.model)}" for use in recipe.loras
        )
        hashes |= {f"lora:{_tag_name(use.model)}": _short(use.model) for use in recipe.loras}
    if recipe.embeddings:
        fields["TI hashes"] = ", ".join(
            f"{_tag_name(model)}: {_short(model)}" for _, model in recipe.embeddings
        )
        hashes |= {f"embed:{_tag_name(model)}": _short(model) for _, model in recipe.embeddings}
    fields["Version"] = engine.partition(";")[0]
    return format_infotext(Infotext(prompt, recipe.negative_prompt, fields, hashes))


def _tag(use: LoraUse) -> str:
    """Return `<lora:NAME:STRENGTH>`, with words for what A1111's order of numbers would twist."""
    text = f"{_tag_name(use.model)}:{use.strength:g}"
    if use.strength_clip != use.strength:
        text = f"{_tag_name(use.model)}:te={use.strength_clip:g}:unet={use.strength:g}"
    return f"<lora:{text}:lbw={use.blocks}>" if use.blocks else f"<lora:{text}>"


def _tag_name(model: GridModel) -> str:
    return model.name.replace(":", "_").replace("<", "_").replace(">", "_").replace(",", "_")


def _short(model: GridModel) -> str:
    return model.digest[:10]


def _is_file(model: GridModel) -> bool:
    """Tell whether the digest is that of a file: a folder's names a listing, which only we know."""
    return not Path(model.path).is_dir()
