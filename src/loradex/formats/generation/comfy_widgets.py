"""Names for the values of nodes in the editor's form, which has them in a list.

Newer editors name each value among the node's inputs. For older files the order of the nodes that
matter is known here, as their definitions in ComfyUI have it; a seed is followed by what to do with
it after each run.
"""

from __future__ import annotations

from loradex.formats.generation.values import Json, mappings, text_of

_AFTER_SEED = frozenset({"fixed", "increment", "decrement", "randomize"})
_SEEDS = ("seed", "noise_seed")
_ORDERS: dict[str, tuple[str, ...]] = {
    "KSampler": ("seed", "steps", "cfg", "sampler_name", "scheduler", "denoise"),
    "KSamplerAdvanced": (
        "add_noise", "noise_seed", "steps", "cfg", "sampler_name", "scheduler", "start_at_step",
        "end_at_step",
    ),
    "SamplerCustom": ("add_noise", "noise_seed", "cfg"),
    "RandomNoise": ("noise_seed",),
    "KSamplerSelect": ("sampler_name",),
    "BasicScheduler": ("scheduler", "steps", "denoise"),
    "CFGGuider": ("cfg",),
    "FluxGuidance": ("guidance",),
    "CheckpointLoaderSimple": ("ckpt_name",),
    "CheckpointLoader": ("config_name", "ckpt_name"),
    "unCLIPCheckpointLoader": ("ckpt_name",),
    "ImageOnlyCheckpointLoader": ("ckpt_name",),
    "UNETLoader": ("unet_name", "weight_dtype"),
    "UnetLoaderGGUF": ("unet_name",),
    "LoraLoader": ("lora_name", "strength_model", "strength_clip"),
    "LoraLoaderModelOnly": ("lora_name", "strength_model"),
    "VAELoader": ("vae_name",),
    "CLIPLoader": ("clip_name",),
    "DualCLIPLoader": ("clip_name1", "clip_name2"),
    "TripleCLIPLoader": ("clip_name1", "clip_name2", "clip_name3"),
    "CLIPTextEncode": ("text",),
    "ControlNetLoader": ("control_net_name",),
    "UpscaleModelLoader": ("model_name",),
    "EmptyLatentImage": ("width", "height"),
    "EmptySD3LatentImage": ("width", "height"),
    "PrimitiveStringMultiline": ("value",),
    "LoRA Stacker": ("input_mode", "lora_count"),
}  # fmt: skip


def named_widgets(kind: str, node: Json) -> dict[str, object]:
    """Return a node's values by name; those that cannot be named are called `#0`, `#1` …"""
    values = node.get("widgets_values")
    if isinstance(values, dict):
        return {str(name)[:200]: value for name, value in list(values.items())[:400]}
    if not isinstance(values, list):
        return {}
    rest = values[:400]
    names = [
        text_of(plug.get("name"))[:200]
        for plug in mappings(node.get("inputs"))
        if isinstance(plug.get("widget"), dict)
    ]
    ordered = _ORDERS.get(kind, ())
    if len(ordered) > len(names):
        names = list(ordered)
    named: dict[str, object] = {}
    for name in names:
        if not rest:
            break
        named[name] = rest.pop(0)
        if name in _SEEDS and rest and rest[0] in _AFTER_SEED:
            rest.pop(0)
    for place, value in enumerate(rest):
        named[f"#{place}"] = value
    return named
