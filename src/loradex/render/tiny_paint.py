"""Weights for tiny models: from a seed, chosen so that pictures are colourful and differ."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Generator, Tensor, nn


def paint(module: nn.Module, *, seed: int) -> None:
    """Fill every weight of `module` from `seed`, rounded to values that float16 holds exactly."""
    import torch  # noqa: PLC0415 - heavy

    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in module.named_parameters():
            weight.copy_(_values(name, weight, generator).half().float())


def _values(name: str, weight: Tensor, generator: Generator) -> Tensor:
    import torch  # noqa: PLC0415 - heavy

    if weight.dim() == 1:
        fill = 1.0 if "norm" in name and name.endswith("weight") else 0.0
        jitter = 0.1 * torch.randn(weight.shape, generator=generator)
        return jitter + fill
    inputs = weight[0].numel()
    values = torch.randn(weight.shape, generator=generator) / math.sqrt(inputs)
    return values * _gain(name)


def _gain(name: str) -> float:
    if "embedding" in name and "time" not in name and "add" not in name:
        return 4.0
    return 1.0
