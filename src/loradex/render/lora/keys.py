"""Take a LoRA's tensor name apart: which module it changes, and which role it plays there.

Names come in many dialects (kohya, LyCORIS, PEFT, three generations of diffusers, OneTrainer,
xlabs, ComfyUI); all of them end with one of a few dozen suffixes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

Place = Literal[
    "denoiser", "text_encoder", "text_encoder_2", "text_encoder_3", "clip_l", "clip_g", "t5"
]

_SUFFIXES = {
    ".lora_down.weight": "down",
    ".lora_up.weight": "up",
    ".lora_up.bias": "up_bias",
    ".lora_mid.weight": "mid",
    ".lora_A.weight": "down",
    ".lora_B.weight": "up",
    ".lora_B.bias": "up_bias",
    ".lora_A": "down",
    ".lora_B": "up",
    ".lora.down.weight": "down",
    ".lora.up.weight": "up",
    "_lora.down.weight": "down",
    "_lora.up.weight": "up",
    ".down.weight": "down",
    ".up.weight": "up",
    ".lora_linear_layer.down.weight": "down",
    ".lora_linear_layer.up.weight": "up",
    ".alpha": "alpha",
    ".dora_scale": "dora_scale",
    ".lora_magnitude_vector.weight": "magnitude",
    ".lora_magnitude_vector": "magnitude",
    ".hada_w1_a": "hada_w1_a",
    ".hada_w1_b": "hada_w1_b",
    ".hada_w2_a": "hada_w2_a",
    ".hada_w2_b": "hada_w2_b",
    ".hada_t1": "hada_t1",
    ".hada_t2": "hada_t2",
    ".lokr_w1": "lokr_w1",
    ".lokr_w1_a": "lokr_w1_a",
    ".lokr_w1_b": "lokr_w1_b",
    ".lokr_w2": "lokr_w2",
    ".lokr_w2_a": "lokr_w2_a",
    ".lokr_w2_b": "lokr_w2_b",
    ".lokr_t2": "lokr_t2",
    ".a1.weight": "glora_a1",
    ".a2.weight": "glora_a2",
    ".b1.weight": "glora_b1",
    ".b2.weight": "glora_b2",
    ".on_input": "on_input",
    ".oft_blocks": "oft_blocks",
    ".oft_R.weight": "oft_r",
    ".rescale": "rescale",
    ".diff": "diff",
    ".diff_b": "diff_b",
    ".w_norm": "w_norm",
    ".b_norm": "b_norm",
    ".bias_indices": "bias_indices",
    ".bias_values": "bias_values",
    ".bias_size": "bias_size",
    ".weight": "weight",
}
_LONGEST = max(suffix.count(".") for suffix in _SUFFIXES)
_OLD_DIFFUSERS = tuple(suffix for suffix in _SUFFIXES if suffix.startswith("_"))
_ADAPTER = re.compile(r"(\.(?:lora_[AB]|lora_magnitude_vector|oft_R))\.(?!weight$|bias$)[^.]+")
"""PEFT puts the name of the adapter, nearly always `default`, behind its own."""

_T_LORA = "T-LoRA (what it does depends on the denoising step)"
_REFUSED = {
    ".lambda_layer": _T_LORA,
    ".q_layer.weight": _T_LORA,
    ".p_layer.weight": _T_LORA,
    ".set_weight": "a control LoRA that replaces weights",
    ".reshape_weight": "a control LoRA that reshapes weights",
}

_WRAPPERS = re.compile(r"(base_model\.model\.)+")
_ROOTS: tuple[tuple[str, Place], ...] = (
    ("lora_unet__", "denoiser"),
    ("lora_unet_", "denoiser"),
    ("lora_transformer_", "denoiser"),
    ("oft_unet_", "denoiser"),
    ("lycoris_", "denoiser"),
    ("unet.", "denoiser"),
    ("transformer.", "denoiser"),
    ("model.diffusion_model.", "denoiser"),
    ("diffusion_model.", "denoiser"),
    ("lora_te1_", "text_encoder"),
    ("lora_te2_", "text_encoder_2"),
    ("lora_te3_", "text_encoder_3"),
    ("lora_te_", "text_encoder"),
    ("oft_te1_", "text_encoder"),
    ("oft_te2_", "text_encoder_2"),
    ("oft_te_", "text_encoder"),
    ("text_encoder_3.", "text_encoder_3"),
    ("text_encoder_2.", "text_encoder_2"),
    ("text_encoder.", "text_encoder"),
)
_COMFY_TEXT = re.compile(r"text_encoders\.([^.]+)\.(?:transformer\.)?")
_COMFY_PLACES: dict[str, Place] = {"clip_l": "clip_l", "clip_g": "clip_g", "t5xxl": "t5"}
_OLD_PROCESSOR = re.compile(r"_processor_(to_[qkv]|to_out)$")
_OLD_TEXT = re.compile(r"_self_attn_to_([qkv]|out)$")


def split_key(key: str) -> tuple[str, str] | None:
    """Return the module part of a tensor name and the tensor's role; None for an unknown name."""
    if ".default" in key or "_A." in key or "_B." in key or "_vector." in key or "_R." in key:
        key = _ADAPTER.sub(r"\1", key)
    for suffix in _OLD_DIFFUSERS:
        if key.endswith(suffix):
            return key[: -len(suffix)], _SUFFIXES[suffix]
    # The longest suffix first: what stands before it must keep at least one part.
    parts = key.rsplit(".", _LONGEST)
    for taken in range(1, len(parts)):
        role = _SUFFIXES.get("." + ".".join(parts[taken:]))
        if role is not None:
            module = ".".join(parts[:taken])
            return (module, role) if module else None
    return None


def refused_algorithm(keys: Iterable[str]) -> str | None:
    """Return the name of an algorithm in `keys` that cannot be merged, None without one."""
    endings = tuple(_REFUSED)
    for key in keys:
        if key.endswith(endings):
            return next(name for suffix, name in _REFUSED.items() if key.endswith(suffix))
    return None


def locate(module: str) -> tuple[Place, str]:
    """Return the part of a checkpoint that a module belongs to, and its flattened path.

    Underscores are separators in some dialects and belong to names in all, so paths can only be
    compared with every separator as an underscore. A name without a known root is the
    denoiser's.
    """
    module = _WRAPPERS.sub("", module)
    for root, place in _ROOTS:
        if module.startswith(root):
            return place, flat(module[len(root) :])
    comfy = _COMFY_TEXT.match(module)
    if comfy:
        return _COMFY_PLACES.get(comfy.group(1), "text_encoder"), flat(module[comfy.end() :])
    return "denoiser", flat(module)


def flat(path: str) -> str:
    """Return a module path with underscores only, without parts that carry no information."""
    name = path.replace(".", "_").removeprefix("text_model_")
    found = _OLD_PROCESSOR.search(name)
    if found:
        inner = "to_out_0" if found.group(1) == "to_out" else found.group(1)
        return f"{name[: found.start()]}_{inner}"
    found = _OLD_TEXT.search(name)
    if found:
        return f"{name[: found.start()]}_self_attn_{found.group(1)}_proj"
    return name
