"""InvokeAI: `invokeai_metadata` (version 3 and later), `sd-metadata` and `dream` (before).

The keys are those of InvokeAI's core metadata; what it draws from a saved workflow has fewer.
"""

from __future__ import annotations

import re

from loradex.domain.generation import Generation, ModelRole
from loradex.formats.generation.gathering import Gathered, renamed
from loradex.formats.generation.values import (
    Json,
    first_text,
    items,
    mapping,
    mappings,
    number_of,
    text_of,
)

_NAMES = {
    "seed": "seed",
    "steps": "steps",
    "scheduler": "sampler",
    "cfg_scale": "guidance_scale",
    "guidance": "distilled_guidance_scale",
    "width": "width",
    "height": "height",
    "strength": "denoising_strength",
    "clip_skip": "clip_skip",
    "app_version": "version",
    "generation_mode": "generation_mode",
    "rand_device": "rand_device",
}
_OLD_NAMES = {
    "seed": "seed",
    "steps": "steps",
    "sampler": "sampler",
    "cfg_scale": "guidance_scale",
    "width": "width",
    "height": "height",
    "strength": "denoising_strength",
}
_PARTS = {
    "vae": ModelRole.VAE,
    "t5_encoder": ModelRole.TEXT_ENCODER,
    "clip_embed_model": ModelRole.TEXT_ENCODER,
    "qwen3_encoder": ModelRole.TEXT_ENCODER,
    "refiner_model": ModelRole.CHECKPOINT,
}
_ADDED = {
    "controlnets": ("control_model", ModelRole.CONTROLNET),
    "t2iAdapters": ("t2i_adapter_model", ModelRole.CONTROLNET),
    "ipAdapters": ("ip_adapter_model", ModelRole.IP_ADAPTER),
}
_SWITCHES = {
    "-s": "steps",
    "-S": "seed",
    "-W": "width",
    "-H": "height",
    "-C": "guidance_scale",
    "-A": "sampler",
    "-f": "denoising_strength",
}
_DREAM = re.compile(r'\s*"((?:\\.|[^\\"])*)"(.*)', re.DOTALL)
_SWITCH = re.compile(r"(-[A-Za-z])\s*([\w.+-]+)")
_TRIGGER = re.compile(r"<([\w .-]{1,200})>")


def read_invokeai(data: Json) -> Generation | None:
    """Return what `invokeai_metadata` tells, None when it tells nothing."""
    if not any(key in data for key in ("positive_prompt", "model", "seed", "generation_mode")):
        return None
    found = Gathered()
    for name, value in renamed(data, _NAMES):
        found.set(name, value)
    _model(data.get("model"), ModelRole.CHECKPOINT, found)
    for entry in mappings(data.get("loras")):
        inner = entry.get("model") or entry.get("lora")
        weight = number_of(entry.get("weight"))
        _model(inner, ModelRole.LORA, found, 1.0 if weight is None else weight)
    for key, role in _PARTS.items():
        _model(data.get(key), role, found)
    for key, (inside, role) in _ADDED.items():
        for entry in mappings(data.get(key)):
            weight = number_of(entry.get("control_weight", entry.get("weight")))
            _model(entry.get(inside), role, found, weight)
    prompt = text_of(data.get("positive_prompt"))
    negative = text_of(data.get("negative_prompt"))
    _embeddings(f"{prompt} {negative}", found)
    return found.finished("invokeai", prompt, negative)


def read_sd_metadata(data: Json) -> Generation | None:
    """Return what version 2's `sd-metadata` tells, None when it tells nothing."""
    image = mapping(data.get("image"))
    if not image:
        return None
    found = Gathered()
    found.model(
        ModelRole.CHECKPOINT, data.get("model_weights"), digest=text_of(data.get("model_hash"))
    )
    for name, value in renamed(image, _OLD_NAMES):
        found.set(name, value)
    found.set("version", data.get("app_version"))
    prompt = _old_prompt(image.get("prompt"))
    positive, negative = _bracketed(prompt)
    _embeddings(prompt, found)
    return found.finished("invokeai", positive, negative)


def read_dream(text: str) -> Generation | None:
    """Return what version 1's command line tells: `"a cat" -s 50 -S 42 -W 512 -H 512 -C 7.5`."""
    match = _DREAM.fullmatch(text[:100_000])
    if match is None:
        return None
    found = Gathered()
    for switch, value in _SWITCH.findall(match.group(2)):
        if switch in _SWITCHES:
            found.set(_SWITCHES[switch], value)
    positive, negative = _bracketed(match.group(1))
    return found.finished("invokeai", positive, negative)


def _model(value: object, role: ModelRole, found: Gathered, strength: float | None = None) -> None:
    """Gather a model: an object of any version, or a plain name."""
    if isinstance(value, str):
        found.model(role, value, strength=strength)
        return
    data = mapping(value)
    name = first_text(data, "name", "model_name")
    digest = text_of(data.get("hash"))
    if digest.startswith("random:"):  # what InvokeAI calls models it was told not to hash
        digest = ""
    found.model(role, name, digest=digest, strength=strength)


def _embeddings(prompt: str, found: Gathered) -> None:
    for name in _TRIGGER.findall(prompt)[:50]:
        found.model(ModelRole.EMBEDDING, name)


def _old_prompt(value: object) -> str:
    """Return the prompt, which may be a list of weighted parts."""
    parts = [text_of(mapping(part).get("prompt")) for part in items(value)]
    return ", ".join(part for part in parts if part) or text_of(value)


def _bracketed(prompt: str) -> tuple[str, str]:
    """Return positive and negative prompt of one text: what stands in brackets is not wanted."""
    negative = re.findall(r"\[([^\[\]]*)\]", prompt)
    return re.sub(r"\[[^\[\]]*\]", "", prompt).strip(), ", ".join(negative)
