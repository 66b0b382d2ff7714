"""LoRA modules of every algorithm, with the change that another implementation says they make."""

# ruff: noqa: PLC0415 - torch is imported only by tests that run

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

# LyCORIS merges LoHa and LoKr with alpha / rank squared but runs them with alpha / rank, so only
# a ratio of 1 can be compared.
_ONCE = {"lora_dim": 3, "alpha": 3.0}
_THIN = {"lora_dim": 1, "alpha": 1.0}

LYCORIS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "lora": ("locon.LoConModule", {}),
    "locon tucker": ("locon.LoConModule", {"use_tucker": True}),
    "dora rows": ("locon.LoConModule", {"weight_decompose": True, "wd_on_out": True}),
    "dora columns": ("locon.LoConModule", {"weight_decompose": True, "wd_on_out": False}),
    "loha": ("loha.LohaModule", _ONCE),
    "loha tucker": ("loha.LohaModule", {**_ONCE, "use_tucker": True}),
    "loha dora": ("loha.LohaModule", {**_ONCE, "weight_decompose": True}),
    "lokr": ("lokr.LokrModule", {**_ONCE, "factor": 4}),
    "lokr both factored": ("lokr.LokrModule", {**_THIN, "factor": 4, "decompose_both": True}),
    "lokr whole": ("lokr.LokrModule", {"factor": 4, "full_matrix": True, "alpha": 3.0}),
    "lokr tucker": ("lokr.LokrModule", {**_THIN, "factor": 4, "use_tucker": True}),
    "lokr dora": ("lokr.LokrModule", {**_ONCE, "factor": 4, "weight_decompose": True}),
    "glora": ("glora.GLoRAModule", {}),
    "ia3": ("ia3.IA3Module", {"train_on_input": False}),
    "ia3 on inputs": ("ia3.IA3Module", {"train_on_input": True}),
    "oft": ("diag_oft.DiagOFTModule", {"lora_dim": 4}),
    "oft limited": ("diag_oft.DiagOFTModule", {"lora_dim": 4, "constraint": 0.01}),
    "oft rescaled": ("diag_oft.DiagOFTModule", {"lora_dim": 4, "rescaled": True}),
    "boft": ("boft.ButterflyOFTModule", {"lora_dim": 4}),
}
ALGORITHMS = (*LYCORIS, "full difference")
LORA_ONLY = frozenset({"xlabs", "processors", "diffusers", "diffusers text", "peft default"})
"""Namings that only plain LoRA was ever stored in."""


def module_tensors(algorithm: str, weight: Any, seed: int) -> tuple[dict[str, Any], Any]:
    """Return a LoRA module's tensors by suffix for `weight`, and the weight's change by them."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    if algorithm == "full difference":
        change = 0.1 * torch.randn(weight.shape, generator=generator)
        return {"diff": change, "alpha": torch.tensor(2.0)}, change
    place, options = LYCORIS[algorithm]
    file, name = place.split(".")
    adapter = getattr(import_module(f"lycoris.modules.{file}"), name)
    chosen = {"lora_dim": 3, "alpha": 2.0, **options}
    module = adapter("m", _layer(weight), 1.0, **chosen)
    with torch.no_grad():
        for key, parameter in module.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if key in {"rescale", "dora_scale"}:
                parameter.mul_(1 + 0.2 * noise.abs().clamp(max=1))
            else:
                parameter.copy_(0.3 * noise)
        change = module.get_merged_weight(1.0, shape=weight.shape)[0] - weight
    tensors = {
        key: tensor.detach().clone().contiguous()
        for key, tensor in module.state_dict().items()
        if key != "scalar"
    }
    return tensors, change.detach()


def _layer(weight: Any) -> Any:
    """Return a layer around `weight`, as LyCORIS wants it."""
    import torch

    if weight.dim() == 2:
        layer: Any = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=False)
    else:
        layer = torch.nn.Conv2d(
            weight.shape[1], weight.shape[0], tuple(weight.shape[2:]), bias=False
        )
    with torch.no_grad():
        layer.weight.copy_(weight)
    return layer
