"""Run a network on a device that has not the memory for it: its blocks come one after another.

The weights stay in the host's memory, pinned where the device can then fetch them by itself. While
a block computes, the next one is on its way; as many blocks as there is room for stay on the
device all the time. What a block computes is the same to the last bit, wherever it rests.

The copying ahead was never run on a GPU so far: on a CPU the same code copies block by block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn
    from torch.utils.hooks import RemovableHandle

_SHARE = 16
"""A module with less than this part of the network's weights is a block; others are taken apart."""
_AHEAD = 2
"""Blocks that are on the device at once while they stream: one computes, one comes."""


def weights_bytes_of(network: nn.Module) -> int:
    """Return how much memory a network's weights and buffers take."""
    tensors = [*network.parameters(), *network.buffers()]
    return sum(one.numel() * one.element_size() for one in tensors)


@dataclass(eq=False)
class _Block:
    """Modules whose weights come and go together. `host` has them where they rest."""

    module: nn.Module
    weights: list[nn.Parameter]
    host: list[Tensor] = field(default_factory=list)
    near: list[Tensor] | None = None
    ready: torch.cuda.Event | None = None

    @property
    def size(self) -> int:
        return sum(one.numel() * one.element_size() for one in self.weights)


class Streamed:
    """Brings a network's blocks to `device` when they compute, and takes them away again.

    `room` is what its weights may take there, in bytes: what fits stays. Embeddings, norms and
    whatever else belongs to no block are always there, also if `room` is less than that.
    """

    def __init__(self, network: nn.Module, device: str, room: float) -> None:
        import torch  # noqa: PLC0415 - heavy

        self._network = network
        self._device = torch.device(device)
        self._handles: list[RemovableHandle] = []
        cuda = self._device.type == "cuda"
        self._ahead = torch.cuda.Stream(self._device) if cuda else None  # type: ignore[no-untyped-call]
        first = next(network.parameters())
        most = weights_bytes_of(network) // _SHARE
        self._blocks = [
            block
            for block in _blocks(network, most)
            # Where the first weight lies stands for where the network is.
            if not any(weight is first for weight in block.weights)
        ]
        streamed = {id(weight) for block in self._blocks for weight in block.weights}
        with torch.no_grad():
            for one in (*network.parameters(), *network.buffers()):
                if id(one) not in streamed:
                    one.data = one.data.to(self._device)
        self._keep(room)
        for number, block in enumerate(self._blocks):
            self._rest(block)
            self._watch(number, block)
        self._handles.append(network.register_forward_pre_hook(self._begin, prepend=True))

    @property
    def streamed(self) -> int:
        """The number of blocks that come and go."""
        return len(self._blocks)

    def close(self) -> None:
        """Take the whole network back to the host's memory; it streams no more."""
        for handle in self._handles:
            handle.remove()
        for block in self._blocks:
            self._leave(block)
        self._blocks = []
        self._network.to("cpu")

    def _begin(self, _network: nn.Module, _given: object) -> None:
        """Forget what an earlier pass left behind when it broke off: it may have changed since."""
        for block in self._blocks:
            self._leave(block)

    def _keep(self, room: float) -> None:
        """Let blocks stay on the device for good, as many as fit beside those that stream."""
        largest = max((block.size for block in self._blocks), default=0)
        total = weights_bytes_of(self._network) - sum(block.size for block in self._blocks)
        left = room - total - _AHEAD * largest
        while self._blocks and self._blocks[0].size <= left:
            block = self._blocks.pop(0)
            left -= block.size
            for weight in block.weights:
                weight.data = weight.data.to(self._device)

    def _rest(self, block: _Block) -> None:
        """Put a block's weights where the device can fetch them by itself."""
        for weight in block.weights:
            data = weight.data.to("cpu")
            weight.data = data.pin_memory() if self._ahead is not None else data
        block.host = [weight.data for weight in block.weights]

    def _watch(self, number: int, block: _Block) -> None:
        def before(_module: nn.Module, _given: object) -> None:
            self._come(block)
            if number + 1 < len(self._blocks) and self._ahead is not None:
                self._fetch(self._blocks[number + 1])

        def after(_module: nn.Module, _given: object, _made: object) -> None:
            self._leave(block)

        self._handles.append(block.module.register_forward_pre_hook(before, prepend=True))
        self._handles.append(block.module.register_forward_hook(after, always_call=True))

    def _fetch(self, block: _Block) -> None:
        """Begin to copy a block to the device, beside what computes there."""
        import torch  # noqa: PLC0415 - heavy

        if block.near is not None:
            return
        # A merge writes into the weights themselves, so that what rests is what was merged.
        block.host = [weight.data for weight in block.weights]
        if self._ahead is None:
            block.near = [one.to(self._device, copy=True) for one in block.host]
            return
        with torch.cuda.stream(self._ahead):
            block.near = [one.to(self._device, non_blocking=True) for one in block.host]
            block.ready = torch.cuda.Event()  # type: ignore[no-untyped-call]
            block.ready.record(self._ahead)

    def _come(self, block: _Block) -> None:
        import torch  # noqa: PLC0415 - heavy

        self._fetch(block)
        if block.ready is not None:
            now = torch.cuda.current_stream(self._device)
            now.wait_event(block.ready)
            for one in block.near or ():
                one.record_stream(now)
        for weight, near in zip(block.weights, block.near or (), strict=True):
            weight.data = near

    def _leave(self, block: _Block) -> None:
        for weight, host in zip(block.weights, block.host, strict=True):
            weight.data = host
        block.near = block.ready = None


def _blocks(network: nn.Module, most: int) -> Iterator[_Block]:
    """Yield the largest modules below `network` of at most `most` bytes that have weights."""
    for child in network.children():
        weights = list(child.parameters())
        if not weights:
            continue
        size = sum(one.numel() * one.element_size() for one in weights)
        if _is_called(child) and (size <= most or not list(child.children())):
            yield _Block(child, weights)
        else:
            yield from _blocks(child, most)


def _is_called(module: nn.Module) -> bool:
    """Tell whether a module computes by itself: lists of modules only hold others."""
    from torch import nn  # noqa: PLC0415 - heavy

    return not isinstance(module, nn.ModuleList | nn.ModuleDict)
