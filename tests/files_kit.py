"""Small real model files: true names and shapes of a few layers, and bytes that differ."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Mapping
from pathlib import Path

Tensors = Mapping[str, tuple[int, ...]]


def write_safetensors(
    path: Path, tensors: Tensors, *, metadata: Mapping[str, str] | None = None, seed: int = 0
) -> Path:
    """Write a healthy F16 safetensors file whose body is random from `seed`."""
    header: dict[str, object] = {}
    if metadata:
        header["__metadata__"] = dict(metadata)
    offset = 0
    for name, shape in tensors.items():
        size = 2
        for part in shape:
            size *= part
        header[name] = {
            "dtype": "F16",
            "shape": list(shape),
            "data_offsets": [offset, offset + size],
        }
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text + random.Random(seed).randbytes(offset))
    return path


def lora(
    path: Path,
    *,
    text_width: int = 2048,
    rank: int = 4,
    seed: int = 0,
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """Write a kohya-named LoRA of one cross-attention: 768 is SD 1.5, 2048 SDXL."""
    block = "input_blocks_4_1" if text_width == 2048 else "down_blocks_0_attentions_0"
    width = 640 if text_width == 2048 else 320
    module = f"lora_unet_{block}_transformer_blocks_0_attn2_to_k"
    tensors = {
        f"{module}.lora_down.weight": (rank, text_width),
        f"{module}.lora_up.weight": (width, rank),
        f"{module}.alpha": (),
    }
    return write_safetensors(path, tensors, seed=seed, metadata=metadata)
