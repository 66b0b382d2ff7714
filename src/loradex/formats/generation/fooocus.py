"""Fooocus: `parameters` as JSON with `fooocus_scheme: fooocus`; its other scheme is infotext."""

from __future__ import annotations

import re

from loradex.domain.generation import Generation, ModelRole
from loradex.formats.generation.gathering import Gathered, renamed
from loradex.formats.generation.values import Json, first_text, items, number_of, text_of

_NAMES = {
    "seed": "seed",
    "steps": "steps",
    "guidance_scale": "guidance_scale",
    "sampler": "sampler",
    "scheduler": "schedule",
    "clip_skip": "clip_skip",
    "version": "version",
    "performance": "performance",
    "sharpness": "sharpness",
    "adm_guidance": "adm_guidance",
    "styles": "styles",
}
_SIZE = re.compile(r"\D*(\d{2,5})\D+(\d{2,5})\D*")
_COMBINED = re.compile(r"lora_combined_\d{1,2}")


def looks_like_fooocus(data: Json) -> bool:
    """Say whether an object has Fooocus' names."""
    return "base_model" in data and ("metadata_scheme" in data or "performance" in data)


def read_fooocus(data: Json) -> Generation | None:
    """Return what Fooocus' JSON tells, None when it is not Fooocus'."""
    if not looks_like_fooocus(data):
        return None
    found = Gathered()
    for name, value in renamed(data, _NAMES):
        found.set(name, value)
    size = _SIZE.fullmatch(text_of(data.get("resolution")))
    if size is not None:
        found.set("width", size.group(1))
        found.set("height", size.group(2))
    found.model(
        ModelRole.CHECKPOINT, data.get("base_model"), digest=text_of(data.get("base_model_hash"))
    )
    for entry in items(data.get("loras"))[:50]:
        if isinstance(entry, list) and len(entry) >= 2:
            found.model(
                ModelRole.LORA,
                entry[0],
                strength=number_of(entry[1]),
                digest=entry[2] if len(entry) > 2 else "",
            )
    for key, value in data.items():
        if _COMBINED.fullmatch(key):
            *switch, name, weight = ["", *text_of(value).split(" : ")[-3:]]
            if "False" not in switch:
                found.model(ModelRole.LORA, name, strength=number_of(weight))
    found.model(
        ModelRole.CHECKPOINT,
        data.get("refiner_model"),
        digest=text_of(data.get("refiner_model_hash")),
    )
    found.model(ModelRole.VAE, _vae(data))
    prompt = first_text(data, "prompt")
    negative = first_text(data, "negative_prompt")
    found.tags(prompt)
    return found.finished("fooocus", prompt, negative)


def _vae(data: Json) -> str:
    name = first_text(data, "vae", "vae_name")
    return "" if name.lower().startswith("default") else name
