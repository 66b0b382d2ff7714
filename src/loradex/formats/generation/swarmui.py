"""SwarmUI: a JSON text with `sui_image_params`, `sui_extra_data` and `sui_models`."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from loradex.domain.generation import Generation, ModelRole, name_key
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
    "cfgscale": "guidance_scale",
    "fluxguidancescale": "distilled_guidance_scale",
    "sampler": "sampler",
    "scheduler": "schedule",
    "width": "width",
    "height": "height",
    "clipstopatlayer": "clip_stop_at_layer",
    "swarm_version": "version",
}
_PARTS = {
    "vae": ModelRole.VAE,
    "refinermodel": ModelRole.CHECKPOINT,
    "controlnetmodel": ModelRole.CONTROLNET,
    "clipgmodel": ModelRole.TEXT_ENCODER,
    "cliplmodel": ModelRole.TEXT_ENCODER,
    "t5xxlmodel": ModelRole.TEXT_ENCODER,
    "qwenmodel": ModelRole.TEXT_ENCODER,
}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def read_swarmui(data: Json) -> Generation | None:
    """Return what a picture of SwarmUI tells, None when it is none of SwarmUI's."""
    params = mapping(data.get("sui_image_params"))
    if not params:
        return None
    found = Gathered()
    for name, value in renamed(params, _NAMES):
        found.set(name, value)
    digests = {
        name_key(text_of(entry.get("name"))): text_of(entry.get("hash"))
        for entry in mappings(data.get("sui_models"))
    }
    model = text_of(params.get("model"))
    found.model(ModelRole.CHECKPOINT, model, digest=digests.get(name_key(model)))
    _loras(params, digests, found)
    for key, role in _PARTS.items():
        name = text_of(params.get(key))
        found.model(role, name, digest=digests.get(name_key(name)))
    prompt = text_of(params.get("prompt"))
    negative = text_of(params.get("negativeprompt"))
    for text in (prompt, negative):
        found.tags(text)
    for name in re.findall(r"<embed(?:ding)?:([^<>]{1,300})>", f"{prompt} {negative}")[:50]:
        found.model(ModelRole.EMBEDDING, name, digest=digests.get(name_key(name)))
    return found.finished("swarmui", prompt, negative, made_at=_made_at(data))


def _loras(params: Json, digests: dict[str, str], found: Gathered) -> None:
    """Gather the LoRAs; names and weights are lists, or texts with commas."""
    names = _list(params.get("loras"))
    weights = _list(params.get("loraweights"))
    text_weights = _list(params.get("loratencweights"))
    for place, entry in enumerate(names[:100]):
        inner = mapping(entry)
        name = first_text(inner, "model", "name") if inner else text_of(entry)
        strength = _at(weights, place)
        if strength is None:
            strength = number_of(inner.get("weight")) if inner else 1.0
        found.model(
            ModelRole.LORA,
            name,
            digest=digests.get(name_key(name)),
            strength=strength,
            strength_clip=_at(text_weights, place),
        )


def _list(value: object) -> list[object]:
    if isinstance(value, str) and not value.lstrip().startswith("["):
        return [part.strip() for part in value.split(",")]
    return items(value)


def _at(values: list[object], place: int) -> float | None:
    return number_of(values[place]) if place < len(values) else None


def _made_at(data: Json) -> float | None:
    """Return when it was made: SwarmUI writes the day only, which counts from its noon in UTC."""
    extra = mapping(data.get("sui_extra_data"))
    day = first_text(extra, "date") or text_of(mapping(data.get("sui_image_params")).get("date"))
    if _DATE.fullmatch(day) is None:
        return None
    try:
        return datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
