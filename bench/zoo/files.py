"""Write adapters as LoRA files, in the namings and with the headers of the usual trainers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from bench.zoo.adapters import Adapters
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

_LINEAR = ("lora_up.weight", "lora_B.weight", "hada_w2_a", "lokr_w2_a")
"""The one tensor of each algorithm that its change is proportional to."""
Naming = Literal["kohya", "peft"]
_MODULES = {
    "lora": ("networks.lora", None),
    "dora": ("lycoris.kohya", {"algo": "locon", "dora_wd": "True"}),
    "locon": ("lycoris.kohya", {"algo": "locon"}),
    "loha": ("lycoris.kohya", {"algo": "loha"}),
    "lokr": ("lycoris.kohya", {"algo": "lokr"}),
}


def write_adapters(
    path: Path,
    adapters: Adapters,
    *,
    naming: Naming,
    tags: Mapping[str, int],
    seed: int,
    steps: int,
) -> None:
    """Write `adapters` to `path` in float16. `tags` counts the captions' tags for the header."""
    named = _kohya if naming == "kohya" else _peft
    tensors = {name: tensor.half().contiguous() for name, tensor in named(adapters)}
    header = {"format": "pt"}
    if naming == "kohya":
        header = _kohya_header(path.stem, adapters, tags, seed, steps)
    save_file(tensors, path, metadata=header)


def write_scaled(path: Path, parent: Path, factor: float) -> None:
    """Write the LoRA in `parent` with its change multiplied by `factor`, under its own name."""
    with safe_open(parent, framework="pt") as file:
        header = dict(file.metadata())
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    for name, tensor in tensors.items():
        if name.endswith(_LINEAR):
            tensors[name] = (tensor.float() * factor).half()
    named = {name: path.stem for name in ("ss_output_name", "modelspec.title") if name in header}
    save_file(tensors, path, metadata=header | named)


def _kohya(adapters: Adapters) -> Iterator[tuple[str, Tensor]]:
    roots = {"unet": "lora_unet", "text_encoder": "lora_te"}
    for (part, name), adapter in adapters.items.items():
        flat = f"{roots[part]}_{_path(part, name).replace('.', '_')}"
        yield from ((f"{flat}.{ending}", tensor) for ending, tensor in adapter.kohya())


def _peft(adapters: Adapters) -> Iterator[tuple[str, Tensor]]:
    for (part, name), adapter in adapters.items.items():
        for ending, tensor in adapter.peft():
            yield f"{part}.{_path(part, name)}.{ending}", tensor


def _path(part: str, name: str) -> str:
    """Return a layer's name; files say `text_model.`, which new versions of CLIP left out."""
    return name if part == "unet" else f"text_model.{name.removeprefix('text_model.')}"


def _kohya_header(
    title: str, adapters: Adapters, tags: Mapping[str, int], seed: int, steps: int
) -> dict[str, str]:
    module, arguments = _MODULES[adapters.algorithm]
    header = {
        "ss_network_module": module,
        "ss_network_dim": str(adapters.rank),
        "ss_network_alpha": str(adapters.rank),
        "ss_output_name": title,
        "ss_base_model_version": "sd_v1-5",
        "ss_sd_model_name": "base.safetensors",
        "ss_resolution": "(128, 128)",
        "ss_seed": str(seed),
        "ss_max_train_steps": str(steps),
        "ss_tag_frequency": json.dumps({"1_zoo": dict(tags)}),
        "modelspec.sai_model_spec": "1.0.0",
        "modelspec.architecture": "stable-diffusion-v1/lora",
        "modelspec.title": title,
    }
    return header if arguments is None else header | {"ss_network_args": json.dumps(arguments)}
