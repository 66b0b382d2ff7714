"""Take a LoRA's tensor name apart: which module it changes, and which role it plays there.

Names come in many dialects (kohya, LyCORIS, PEFT, three generations of diffusers); all of them
end with one of a few dozen suffixes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_SUFFIXES = {
    ".lora_down.weight": "down",
    ".lora_up.weight": "up",
    ".lora_mid.weight": "mid",
    ".lora_A.weight": "down",
    ".lora_B.weight": "up",
    ".lora_A.default.weight": "down",
    ".lora_B.default.weight": "up",
    ".lora_A": "down",
    ".lora_B": "up",
    ".lora.down.weight": "down",
    ".lora.up.weight": "up",
    "_lora.down.weight": "down",
    "_lora.up.weight": "up",
    ".lora_linear_layer.down.weight": "down",
    ".lora_linear_layer.up.weight": "up",
    ".alpha": "alpha",
    ".dora_scale": "dora_scale",
    ".lora_magnitude_vector.weight": "dora_scale",
    ".lora_magnitude_vector": "dora_scale",
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
    ".rescale": "rescale",
    ".diff": "diff",
    ".diff_b": "diff_b",
    ".w_norm": "w_norm",
    ".b_norm": "b_norm",
    ".weight": "weight",
}
_BY_LENGTH = sorted(_SUFFIXES, key=len, reverse=True)

_REFUSED = {
    ".lambda_layer": "T-LoRA (its strength changes with every step)",
    ".q_layer.weight": "T-LoRA (its strength changes with every step)",
    ".p_layer.weight": "T-LoRA (its strength changes with every step)",
    ".oft_R.weight": "OFT as PEFT stores it",
    ".set_weight": "a control LoRA that replaces weights",
    ".reshape_weight": "a control LoRA that reshapes weights",
    ".bias_values": "LyCORIS with a sparse rest",
    ".lora_B.bias": "LoRA with a bias of its own",
}

_WRAPPERS = re.compile(r"(base_model\.model\.)+")
_ROOTS = (
    ("lora_unet__", "unet"),
    ("lora_unet_", "unet"),
    ("oft_unet_", "unet"),
    ("lycoris_", "unet"),
    ("unet.", "unet"),
    ("model.diffusion_model.", "unet"),
    ("diffusion_model.", "unet"),
    ("lora_te1_", "text_encoder"),
    ("lora_te2_", "text_encoder_2"),
    ("lora_te_", "text_encoder"),
    ("oft_te1_", "text_encoder"),
    ("oft_te2_", "text_encoder_2"),
    ("oft_te_", "text_encoder"),
    ("text_encoder_2.", "text_encoder_2"),
    ("text_encoder.", "text_encoder"),
    ("text_encoders.clip_l.transformer.", "text_encoder"),
    ("text_encoders.clip_g.transformer.", "text_encoder_2"),
)
_OLD_PROCESSOR = re.compile(r"_processor_(to_[qkv]|to_out)$")


def split_key(key: str) -> tuple[str, str] | None:
    """Return the module part of a tensor name and the tensor's role; None for an unknown name."""
    for suffix in _BY_LENGTH:
        if key.endswith(suffix) and len(key) > len(suffix):
            return key[: -len(suffix)], _SUFFIXES[suffix]
    return None


def refused_algorithm(keys: Iterable[str]) -> str | None:
    """Return the name of an algorithm in `keys` that cannot be merged, None without one."""
    for key in keys:
        for suffix, name in _REFUSED.items():
            if key.endswith(suffix):
                return name
    return None


def locate(module: str) -> tuple[str, str]:
    """Return the part a module belongs to (a diffusers folder name) and its flattened path.

    Underscores are separators in some dialects and belong to names in all, so paths can only be
    compared with every separator as an underscore. A name without a known root is the U-Net's.
    """
    module = _WRAPPERS.sub("", module)
    for root, part in _ROOTS:
        if module.startswith(root):
            return part, flat(module[len(root) :])
    return "unet", flat(module)


def flat(path: str) -> str:
    """Return a module path with underscores only, without parts that carry no information."""
    name = path.replace(".", "_").removeprefix("text_model_")
    found = _OLD_PROCESSOR.search(name)
    if found:
        inner = "to_out_0" if found.group(1) == "to_out" else found.group(1)
        return f"{name[: found.start()]}_{inner}"
    return name
