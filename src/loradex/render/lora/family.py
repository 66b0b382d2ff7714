"""Guess, for a message only, which family of checkpoints a LoRA was made for."""

from __future__ import annotations

import re

from loradex.render.safefile import SafeFile

_NAMES = (
    (re.compile(r"to_qkv_mlp_proj|(double|single)_stream_modulation"), "FLUX.2"),
    (re.compile(r"double_blocks|single_transformer_blocks|single_blocks"), "Flux"),
    (re.compile(r"joint_blocks"), "SD 3"),
    (re.compile(r"(diffusion_model\.|lora_unet_+)?blocks[._]\d+[._](self|cross)_attn"), "Wan"),
    (re.compile(r"layers[._]\d+[._](attention|feed_forward)"), "Z-Image or Lumina"),
    (
        re.compile(r"transformer_blocks[._]\d+[._](img_mlp|attn[._]add_q)"),
        "SD 3, Flux or Qwen-Image",
    ),
)
_CONTEXTS = {768: "SD 1.x", 1024: "SD 2.x", 2048: "SDXL", 1280: "the SDXL refiner"}
_CONTEXT_KEY = re.compile(r"attn2[._]to_k\.(lora_down|lora_A|lora\.down)")


def seems_made_for(file: SafeFile) -> str | None:
    """Return the family that tensor names and the width of text attention point to."""
    for key in file.names:
        for pattern, family in _NAMES:
            if pattern.search(key):
                return family
    for key in file.names:
        shape = file.shape(key) if _CONTEXT_KEY.search(key) else ()
        if len(shape) > 1 and shape[1] in _CONTEXTS:
            return _CONTEXTS[shape[1]]
    return None
