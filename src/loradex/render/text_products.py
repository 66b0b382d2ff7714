"""What a U-Net makes of the text is the same at every step: compute it once for each batch.

Cross-attention multiplies the encoded text into keys and values, at every step anew though the
text stays as it is. Here they are kept from the first step on: the same numbers to the last bit,
and 140 of SDXL's layers less at every other step.

Imports torch: to be imported only where something is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn


class _Kept(nn.Module):
    """Calls `layer` only when it is given another tensor than the last time."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer
        self._given: Tensor | None = None
        self._made: Tensor | None = None

    def forward(self, given: Tensor) -> Tensor:
        """Return what the layer, with all that hangs on it, makes of `given`."""
        if self._made is None or given is not self._given:
            self._given, self._made = given, self.layer(given)
        return self._made


@contextmanager
def text_products_kept(unet: nn.Module) -> Iterator[None]:
    """Keep keys and values of the text inside the block; neither weights nor LoRAs may change.

    Networks without cross-attention of their own (`attn2`) are left alone.
    """
    changed: list[tuple[nn.Module, str, nn.Module]] = []
    for path, module in list(unet.named_modules()):
        if path.rpartition(".")[2] == "attn2":
            for name in ("to_k", "to_v"):
                layer = module._modules.get(name)
                if layer is not None:
                    changed.append((module, name, layer))
    try:
        for parent, name, layer in changed:
            parent._modules[name] = _Kept(layer)
        yield
    finally:
        for parent, name, layer in changed:
            parent._modules[name] = layer
