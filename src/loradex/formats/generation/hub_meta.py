"""The `meta` object that CivitAI's API gives of a picture. docs/civitai.md; 9.8 GET /images.

It is flat, or wrapped once or twice, and holds what the site read out of the picture: A1111's
fields under other names, the hub's own resources, and ComfyUI's graph as a text in `comfy`.
"""

from __future__ import annotations

from collections.abc import Iterator

from loradex.domain.generation import Generation, ModelRole
from loradex.formats.generation.comfy import read_comfy
from loradex.formats.generation.gathering import Gathered, merged, renamed
from loradex.formats.generation.infotext_models import gather_hashes, gather_resources
from loradex.formats.generation.values import (
    Json,
    first_text,
    items,
    mapping,
    mappings,
    text_of,
)

_NAMES = {
    "seed": "seed",
    "steps": "steps",
    "sampler": "sampler",
    "cfgScale": "guidance_scale",
    "width": "width",
    "height": "height",
    "Schedule type": "schedule",
    "scheduler": "schedule",
    "Denoising strength": "denoising_strength",
    "denoise": "denoising_strength",
    "clipSkip": "clip_skip",
    "Clip skip": "clip_skip",
    "Version": "version",
}
_MARKS = (
    "cfgScale", "negativePrompt", "resources", "civitaiResources", "hashes", "Model", "Model hash",
    "additionalResources", "comfy",
)  # fmt: skip
_MOST_PICTURES = 1_000


def hub_metas(data: object) -> Iterator[Json]:
    """Yield the `meta` objects of an answer: of one picture, of a list, or bare."""
    if isinstance(data, list):
        waiting: list[object] = data[:_MOST_PICTURES]
    else:
        answer = mapping(data)
        waiting = items(answer.get("items") or answer.get("images"))[:_MOST_PICTURES] or [answer]
    for entry in waiting:
        meta = mapping(entry)
        for _ in range(2):
            inner = meta.get("meta")
            if isinstance(inner, dict):
                meta = inner
        if "prompt" in meta or any(mark in meta for mark in _MARKS):
            yield meta


def read_hub_meta(meta: Json) -> Generation | None:
    """Return what a `meta` object tells, None when it tells nothing."""
    if not any(mark in meta for mark in _MARKS):
        return None
    found = Gathered()
    for name, value in renamed(meta, _NAMES):
        found.set(name, value)
    width, _, height = text_of(meta.get("Size")).partition("x")
    found.set("width", width if width.isdigit() else "")
    found.set("height", height if height.isdigit() else "")
    prompt = first_text(meta, "prompt")
    hashes = mapping(meta.get("hashes"))
    digest = meta.get("Model hash") or hashes.get("model")
    if meta.get("Model") or digest:
        found.model(ModelRole.CHECKPOINT, meta.get("Model"), digest=digest)
    found.tags(prompt)
    for model in mappings(meta.get("resources")):
        gather_resources([model], found)
    gather_hashes(hashes, found)
    gather_resources(meta.get("additionalResources"), found)
    gather_resources(meta.get("civitaiResources"), found)
    told = found.finished("civitai", prompt, first_text(meta, "negativePrompt"))
    comfy = mapping(meta.get("comfy"))
    graph = read_comfy(mapping(comfy.get("prompt")) or mapping(comfy.get("workflow")))
    return told if graph is None else merged(told, graph)
