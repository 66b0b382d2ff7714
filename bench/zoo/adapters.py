"""Trainable changes of a frozen network's weights, in the algorithms LoRA files come in.

An adapter is a parametrization: it takes a layer's weight W (o, i, *k) and returns the changed
one. Tensors and formulas are those that
loradex.render.lora reads; the names in the files are LyCORIS's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

Algorithm = Literal["lora", "locon", "loha", "lokr", "dora"]

_UNET_LINEAR = (
    "to_q",
    "to_k",
    "to_v",
    "to_out.0",
    "ff.net.0.proj",
    "ff.net.2",
    "proj_in",
    "proj_out",
)
_UNET_CONV = ("conv1", "conv2", "conv_shortcut", "samplers.0.conv")
_TEXT = ("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2")


class Adapter(nn.Module):
    """A change of one weight; the base class is plain LoRA, of linear and conv layers."""

    def __init__(self, weight: Tensor, rank: int) -> None:
        super().__init__()
        self.rank = min(rank, weight.shape[0], weight[0].numel())
        self.make(weight)

    def make(self, weight: Tensor) -> None:
        """Make the trainable tensors; the change is nothing at first."""
        self.down = nn.Parameter(_spread(self.rank, *weight.shape[1:]))
        self.up = nn.Parameter(torch.zeros(weight.shape[0], self.rank))

    def delta(self, weight: Tensor) -> Tensor:
        """Return what is added to `weight` at strength 1."""
        return (self.up @ self.down.flatten(1)).view_as(weight)

    def forward(self, weight: Tensor) -> Tensor:
        """Return the changed weight."""
        return weight + self.delta(weight)

    def kohya(self) -> Iterator[tuple[str, Tensor]]:
        """Yield the tensors by their endings in a kohya-named file."""
        up = self.up.detach()
        yield "lora_down.weight", self.down.detach()
        yield "lora_up.weight", up.view(*up.shape, *(1,) * (self.down.dim() - 2))
        yield "alpha", torch.tensor(float(self.rank))

    def peft(self) -> Iterator[tuple[str, Tensor]]:
        """Yield the tensors by their endings in a PEFT-named file."""
        for name, tensor in self.kohya():
            if name != "alpha":
                yield {"lora_down": "lora_A", "lora_up": "lora_B"}[name[:-7]] + ".weight", tensor


class Dora(Adapter):
    """LoRA whose result has a trained length for each output row."""

    def make(self, weight: Tensor) -> None:
        super().make(weight)
        self.length = nn.Parameter(_lengths(weight))

    def delta(self, weight: Tensor) -> Tensor:
        whole = weight + super().delta(weight)
        shape = (-1, *(1,) * (weight.dim() - 1))
        return whole * (self.length / _lengths(whole)).view(shape) - weight

    def kohya(self) -> Iterator[tuple[str, Tensor]]:
        yield from super().kohya()
        yield "dora_scale", self.length.detach().view(-1, *(1,) * (self.down.dim() - 1))

    def peft(self) -> Iterator[tuple[str, Tensor]]:
        for name, tensor in Adapter.kohya(self):
            if name != "alpha":
                yield {"lora_down": "lora_A", "lora_up": "lora_B"}[name[:-7]] + ".weight", tensor
        yield "lora_magnitude_vector.weight", self.length.detach()


class Loha(Adapter):
    """The product, number by number, of two plain LoRA changes."""

    def make(self, weight: Tensor) -> None:
        outputs, inputs = weight.shape[0], weight[0].numel()
        self.w1_a = nn.Parameter(torch.randn(outputs, self.rank) * 0.3)
        self.w1_b = nn.Parameter(torch.randn(self.rank, inputs) * 0.6)
        self.w2_a = nn.Parameter(torch.zeros(outputs, self.rank))
        self.w2_b = nn.Parameter(torch.randn(self.rank, inputs) * 0.3)

    def delta(self, weight: Tensor) -> Tensor:
        return ((self.w1_a @ self.w1_b) * (self.w2_a @ self.w2_b)).view_as(weight)

    def kohya(self) -> Iterator[tuple[str, Tensor]]:
        for name in ("w1_a", "w1_b", "w2_a", "w2_b"):
            yield f"hada_{name}", getattr(self, name).detach()
        yield "alpha", torch.tensor(float(self.rank))


class Lokr(Adapter):
    """The Kronecker product of a small full matrix and a larger low-rank one."""

    def make(self, weight: Tensor) -> None:
        a, b = _factor(weight.shape[0]), _factor(weight.shape[1])
        c, d = weight.shape[0] // a, weight.shape[1] // b
        self.w1 = nn.Parameter(torch.randn(a, b) * 0.4)
        self.w2_a = nn.Parameter(torch.zeros(c, self.rank))
        self.w2_b = nn.Parameter(_spread(self.rank, d * weight[0, 0].numel()))

    def delta(self, weight: Tensor) -> Tensor:
        inner = (self.w2_a @ self.w2_b).view(
            weight.shape[0] // self.w1.shape[0], -1, *weight.shape[2:]
        )
        outer = self.w1.view(*self.w1.shape, *(1,) * (weight.dim() - 2))
        return torch.kron(outer, inner.contiguous())

    def kohya(self) -> Iterator[tuple[str, Tensor]]:
        for name in ("w1", "w2_a", "w2_b"):
            yield f"lokr_{name}", getattr(self, name).detach()
        yield "alpha", torch.tensor(float(self.rank))


_CLASSES: Mapping[str, type[Adapter]] = {
    "lora": Adapter,
    "locon": Adapter,
    "dora": Dora,
    "loha": Loha,
    "lokr": Lokr,
}


def _spread(*shape: int) -> Tensor:
    fan = torch.Size(shape[1:]).numel()
    return torch.randn(shape) / fan**0.5


def _lengths(weight: Tensor) -> Tensor:
    return weight.flatten(1).norm(dim=1)


def _factor(size: int) -> int:
    return 4 if size % 4 == 0 else 1


class Adapters:
    """The adapters on a U-Net, and on a text encoder if that is given, by layer name."""

    def __init__(
        self, unet: nn.Module, text: nn.Module | None, *, algorithm: Algorithm, rank: int
    ) -> None:
        conv = algorithm in {"locon", "loha", "lokr"}
        self.algorithm: Algorithm = algorithm
        self.rank = rank
        self.layers: dict[tuple[str, str], nn.Module] = {}
        self.items: dict[tuple[str, str], Adapter] = {}
        endings = _UNET_LINEAR + (_UNET_CONV if conv else ())
        for part, network, ends in (("unet", unet, endings), ("text_encoder", text, _TEXT)):
            for name, layer in network.named_modules() if network is not None else ():
                if name.endswith(ends) and isinstance(getattr(layer, "weight", None), Tensor):
                    self.layers[part, name] = layer
        for key, layer in self.layers.items():
            adapter = _CLASSES[algorithm](layer.get_parameter("weight").detach(), rank)
            self.items[key] = adapter
            parametrize.register_parametrization(layer, "weight", adapter, unsafe=True)

    def parameters(self) -> list[nn.Parameter]:
        """Return what is trained."""
        return [one for adapter in self.items.values() for one in adapter.parameters()]

    def remove(self) -> None:
        """Give the networks their own weights back."""
        for layer in self.layers.values():
            parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
