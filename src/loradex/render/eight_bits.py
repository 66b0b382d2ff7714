"""Keep a network's large weights in 8 bits (`fp8`), and compute as before.

Each linear layer and convolution turns its weight back into the dtype it computes in for as long
as it runs. Biases, embeddings and the first and last layers stay as they are: they are small, and
errors there are seen everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

_SMALL = 1 << 12
"""Numbers in a weight below which nothing is gained."""
_ENDS = frozenset({"conv_in", "conv_out", "proj_out"})
"""Paths of first and last layers."""


def keep_in_eight_bits(network: nn.Module) -> int:
    """Round the large weights of `network` to float8 (e4m3), in place; return how many."""
    import torch  # noqa: PLC0415 - heavy
    from torch import nn  # noqa: PLC0415 - heavy

    count = 0
    first = next(network.parameters())
    with torch.no_grad():
        for path, module in network.named_modules():
            if not isinstance(module, nn.Linear | nn.Conv2d) or _stays(path, module):
                continue
            if module.weight is first:  # whose dtype stands for the network's
                continue
            weight = module.weight
            hooks = _Upcast(weight.dtype)
            weight.data = weight.data.to(torch.float8_e4m3fn)
            module.register_forward_pre_hook(hooks.before)
            module.register_forward_hook(hooks.after, prepend=True, always_call=True)
            count += 1
    return count


def computing_dtype(module: nn.Module) -> torch.dtype | None:
    """Return the dtype that a layer kept in 8 bits computes in, None for any other layer."""
    for hook in module._forward_pre_hooks.values():
        owner = getattr(hook, "__self__", None)
        if isinstance(owner, _Upcast):
            return owner.dtype
    return None


def _stays(path: str, module: nn.Linear | nn.Conv2d) -> bool:
    return module.weight.numel() < _SMALL or path in _ENDS or "embed" in path


class _Upcast:
    """The hooks of one layer."""

    def __init__(self, dtype: torch.dtype) -> None:
        self.dtype = dtype
        self._kept: Tensor | None = None

    def before(self, module: nn.Module, _given: object) -> None:
        weight = module._parameters["weight"]
        assert weight is not None  # noqa: S101 - the layer had one when it was rounded
        self._kept = weight.data
        weight.data = weight.data.to(self.dtype)

    def after(self, module: nn.Module, _given: object, _output: object) -> None:
        weight = module._parameters["weight"]
        if weight is not None and self._kept is not None:
            weight.data = self._kept
        self._kept = None
