"""The models that a node of ComfyUI loads, told by the names of its inputs.

Hundreds of nodes load models; nearly all name their inputs as ComfyUI's own do. Those that list
several LoRAs (rgthree, Efficiency, Comfyroll, Easy-Use, LoRA Manager) number them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from loradex.domain.generation import ModelRole
from loradex.formats.generation.comfy_graph import Node
from loradex.formats.generation.gathering import Gathered
from loradex.formats.generation.values import mapping, mappings, number_of, text_of

_NAMES = {
    "ckpt_name": ModelRole.CHECKPOINT,
    "ckpt": ModelRole.CHECKPOINT,
    "checkpoint": ModelRole.CHECKPOINT,
    "base_ckpt_name": ModelRole.CHECKPOINT,
    "refiner_ckpt_name": ModelRole.CHECKPOINT,
    "unet_name": ModelRole.CHECKPOINT,
    "unet": ModelRole.CHECKPOINT,
    "diffusion_model": ModelRole.CHECKPOINT,
    "vae_name": ModelRole.VAE,
    "clip_name": ModelRole.TEXT_ENCODER,
    "clip_name1": ModelRole.TEXT_ENCODER,
    "clip_name2": ModelRole.TEXT_ENCODER,
    "clip_name3": ModelRole.TEXT_ENCODER,
    "clip_name4": ModelRole.TEXT_ENCODER,
    "control_net_name": ModelRole.CONTROLNET,
    "controlnet_name": ModelRole.CONTROLNET,
    "hypernetwork_name": ModelRole.HYPERNETWORK,
    "ipadapter_file": ModelRole.IP_ADAPTER,
    "upscale_model": ModelRole.UPSCALER,
}
_FILE = re.compile(r".{1,480}\.(safetensors|ckpt|pt|pth|gguf|sft|bin)", re.IGNORECASE | re.DOTALL)
_LORA_INPUT = re.compile(r"lora(?:_name)?(?:_?(\d{1,3}))?|lora_(\d{1,3})_name", re.IGNORECASE)
_OFF = ("off", "false", "none", "disable", "disabled")


def gather_node(node: Node, found: Gathered) -> None:
    """Gather what a node loads; most load nothing."""
    for name, role in _NAMES.items():
        value = text_of(node.value(name))
        if value and not _builtin(role, value):
            found.model(role, value)
    _model_name(node, found)
    for name, strength, clip in _loras(node):
        if strength == 0 and not clip:
            continue
        found.model(ModelRole.LORA, name, strength=strength, strength_clip=clip)
    _unnamed(node, found)


def _builtin(role: ModelRole, value: str) -> bool:
    return role is ModelRole.VAE and value.casefold() in ("baked vae", "pixel_space")


def _model_name(node: Node, found: Gathered) -> None:
    """Gather `model_name`, `model` and `model_path`, which mean what their node says they mean."""
    for name in ("model_name", "model", "model_path", "gguf_name", "style_model_name"):
        value = text_of(node.value(name))
        kind = node.type.lower()
        if not value or (name == "model" and _FILE.fullmatch(value) is None):
            continue
        if "upscale" in kind:
            found.model(ModelRole.UPSCALER, value)
        elif "controlnet" in kind:
            found.model(ModelRole.CONTROLNET, value)
        elif "ipadapter" in kind or "style" in kind:
            found.model(ModelRole.IP_ADAPTER, value)
        elif "vae" in kind:
            found.model(ModelRole.VAE, value)
        elif "clip" in kind or "encoder" in kind:
            found.model(ModelRole.TEXT_ENCODER, value)
        elif ("checkpoint" in kind or "unet" in kind or "model" in kind) and "load" in kind:
            found.model(ModelRole.CHECKPOINT, value)


def _loras(node: Node) -> Iterator[tuple[str, float | None, float | None]]:
    """Yield name and strengths (None where the node says none) of each LoRA that is switched on."""
    kind = node.type.lower()
    count = number_of(node.value("lora_count")) or number_of(node.value("num_loras"))
    if text_of(node.value("toggle")).lower() in _OFF or node.value("toggle") is False:
        return
    for name, value in node.inputs.items():
        plug = _LORA_INPUT.fullmatch(name)
        if plug is None:
            continue
        number = plug.group(1) or plug.group(2) or ""
        if isinstance(value, dict):
            yield from _switched(value)
        elif isinstance(value, str) and _on(node, number, count):
            yield (value, *_strengths(node, number))
    for entry in _listed(node):
        yield from _switched(entry)
    if "lora" in kind:
        yield from _tagged(node)


def _on(node: Node, number: str, count: float | None) -> bool:
    if number and count is not None and int(number) > count:
        return False
    for name in (f"switch_{number}", f"lora_{number}_on", f"enabled_{number}"):
        value = node.value(name)
        if value is False or text_of(value).lower() in _OFF:
            return False
    return True


def _strengths(node: Node, number: str) -> tuple[float | None, float | None]:
    """Return the strengths of LoRA `number`; an empty number is for nodes with one."""
    tail = f"_{number}" if number else ""
    simple = text_of(node.value("input_mode")).lower() == "simple"
    names: tuple[str, ...] = (
        f"strength_model{tail}", f"model_str{tail}", f"model_weight{tail}",
        f"lora_{number}_model_strength", f"lora_model_strength{tail}", f"strength{tail}",
        f"lora_wt{tail}", f"lora_{number}_strength", f"lora_strength{tail}", f"weight{tail}",
    )  # fmt: skip
    if simple:
        names = (f"lora_wt{tail}", *names)
    clips = () if simple else (
        f"strength_clip{tail}", f"clip_str{tail}", f"clip_weight{tail}",
        f"lora_{number}_clip_strength", f"lora_clip_strength{tail}",
    )  # fmt: skip
    return _first(node, names), _first(node, clips)


def _first(node: Node, names: tuple[str, ...]) -> float | None:
    for name in names:
        number = number_of(node.value(name))
        if number is not None:
            return number
    return None


def _switched(entry: dict[str, object]) -> Iterator[tuple[str, float | None, float | None]]:
    """Yield the LoRA of an object: rgthree's `{on, lora, strength, strengthTwo}`, LoRA Manager's
    `{name, strength, clipStrength, active}`.
    """
    on = entry.get("on", entry.get("active", True))
    name = text_of(entry.get("lora")) or text_of(entry.get("name"))
    if on is False or not name:
        return
    clip = entry.get("strengthTwo", entry.get("clipStrength"))
    yield name, number_of(entry.get("strength")), number_of(clip)


def _listed(node: Node) -> Iterator[dict[str, object]]:
    """Yield the objects of a list of LoRAs, and of values that have no names."""
    for name, value in node.inputs.items():
        if name == "loras":
            yield from mappings(mapping(value).get("__value__", value))
        elif name.startswith("#"):
            if isinstance(value, dict) and "lora" in value:
                yield value
            elif isinstance(value, list) and "lora" in node.type.lower():
                yield from mappings(value)


def _tagged(node: Node) -> Iterator[tuple[str, float | None, float | None]]:
    """Yield what `<lora:…>` in a LoRA node's own text calls, unless it has a list as well."""
    if any(True for _ in _listed(node)):
        return
    tags = Gathered()
    for value in node.inputs.values():
        if isinstance(value, str) and "<lora:" in value.lower():
            tags.tags(value[:100_000])
    for model in tags.models:
        yield model.name, model.strength, model.strength_clip


def _unnamed(node: Node, found: Gathered) -> None:
    """Gather files among values without names, where the kind of node tells what they are."""
    values = [node.inputs[name] for name in node.inputs if name.startswith("#")]
    files = [value for value in values if isinstance(value, str) and _FILE.fullmatch(value)]
    kind = node.type.lower()
    role = next(
        (
            role
            for word, role in (
                ("lora", ModelRole.LORA),
                ("vae", ModelRole.VAE),
                ("controlnet", ModelRole.CONTROLNET),
                ("upscale", ModelRole.UPSCALER),
                ("checkpoint", ModelRole.CHECKPOINT),
                ("unet", ModelRole.CHECKPOINT),
                ("efficient loader", ModelRole.CHECKPOINT),
            )
            if word in kind
        ),
        None,
    )
    if role is None:
        return
    for value in files[:1] if role is ModelRole.CHECKPOINT else files:
        found.model(role, value)
