"""Write a LoRA file for a tiny checkpoint, in either of the two common namings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.render.whole_file import whole_file

if TYPE_CHECKING:
    from torch import Generator, Tensor, nn

    from loradex.render.tiny import LoraNaming, TinyShape

_UNET_TARGETS = (
    "to_q",
    "to_k",
    "to_v",
    "to_out.0",
    "ff.net.0.proj",
    "ff.net.2",
    "proj_in",
    "proj_out",
)
_TEXT_TARGETS = ("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2")


def write_lora(
    path: Path,
    modules: Mapping[str, nn.Module],
    *,
    shape: TinyShape,
    naming: LoraNaming,
    rank: int,
    seed: int,
    gain: float,
    metadata: Mapping[str, str],
) -> None:
    """Write a rank-`rank` LoRA over the attention and feed-forward layers of `modules`."""
    import torch  # noqa: PLC0415 - heavy
    from safetensors.torch import save  # noqa: PLC0415 - heavy

    generator = torch.Generator().manual_seed(seed + 77)
    tensors: dict[str, Tensor] = {}
    for part, module in modules.items():
        for name, weight in _targets(part, module):
            down, up = _pair(weight, rank, gain, generator)
            tensors |= _named(part, name, down, up, shape=shape, naming=naming, rank=rank)
    header = _kohya_metadata(path.stem, shape, rank) if naming == "kohya" else {"format": "pt"}
    with whole_file(path) as file:
        file.write(save(tensors, header | dict(metadata)))


def _targets(part: str, module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Yield the module paths a LoRA covers, with their weights, in a fixed order."""
    endings = _UNET_TARGETS if part == "unet" else _TEXT_TARGETS
    for name, child in module.named_modules():
        weight = getattr(child, "weight", None)
        if weight is not None and name.endswith(endings):
            yield name, weight


def _pair(weight: Tensor, rank: int, gain: float, generator: Generator) -> tuple[Tensor, Tensor]:
    """Return down and up whose product is `gain` x 0.7 times as large as the weight itself."""
    import torch  # noqa: PLC0415 - heavy

    down = torch.randn((rank, *weight.shape[1:]), generator=generator)
    up = torch.randn((weight.shape[0], rank, *(1,) * (weight.dim() - 2)), generator=generator)
    norm = torch.linalg.vector_norm(up.flatten(1) @ down.flatten(1))
    scale = (0.7 * gain * torch.linalg.vector_norm(weight.float()) / norm).sqrt()
    return (down * scale).half(), (up * scale).half()


def _named(
    part: str,
    name: str,
    down: Tensor,
    up: Tensor,
    *,
    shape: TinyShape,
    naming: LoraNaming,
    rank: int,
) -> dict[str, Tensor]:
    import torch  # noqa: PLC0415 - heavy

    from loradex.render.naming import plain_clip_name  # noqa: PLC0415 - beside its use
    from loradex.render.tiny import unet_name  # noqa: PLC0415 - imports us

    if part != "unet":
        name = f"text_model.{plain_clip_name(name)}"
    if naming == "peft":
        return {f"{part}.{name}.lora_A.weight": down, f"{part}.{name}.lora_B.weight": up}
    if part == "unet":
        root = "lora_unet"
        name = unet_name(name, shape) if shape == "sdxl" else name
    else:
        root = "lora_te" if shape == "sd1" else f"lora_te{1 if part == 'text_encoder' else 2}"
    flat = f"{root}_{name.replace('.', '_')}"
    return {
        f"{flat}.lora_down.weight": down,
        f"{flat}.lora_up.weight": up,
        f"{flat}.alpha": torch.tensor(float(rank)),
    }


def _kohya_metadata(title: str, shape: TinyShape, rank: int) -> dict[str, str]:
    """Return what kohya's trainer would have written about such a file."""
    return {
        "ss_network_module": "networks.lora",
        "ss_network_dim": str(rank),
        "ss_network_alpha": str(rank),
        "ss_output_name": title,
        "ss_base_model_version": "sd_v1-5" if shape == "sd1" else "sdxl_base_v1-0",
        "ss_tag_frequency": json.dumps({"10_sample": {title: 10}}),
        "modelspec.sai_model_spec": "1.0.0",
        "modelspec.architecture": "stable-diffusion-v1/lora"
        if shape == "sd1"
        else "stable-diffusion-xl-v1-base/lora",
        "modelspec.title": title,
    }
