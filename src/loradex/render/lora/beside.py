"""The low-rank path beside one Linear or convolution, with a factor for each sample."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from loradex.errors import LoraMismatch
from loradex.render.eight_bits import computing_dtype

if TYPE_CHECKING:
    from torch import Tensor, device, dtype, nn

    _Factors = tuple[Tensor, Tensor, float]
    _Runs = tuple[tuple[int, int, float], ...]

_WORTH_A_CALL = 1 << 13
"""Numbers in 16 bits from which on a call of its own is cheaper than factors in a tensor."""


class Beside:
    """A forward hook that adds factor * up(down(x)) for each sample of the batch.

    It holds the factors of several files: down as (files, r, i, *k), up as (files, o, r), ranks
    filled up with zeros to `rank`. A file that does not touch the layer is None and stays zero.
    `device` is where the layer computes, if that is not where its weight lies now.

    Every sample is multiplied by itself, also where all have the same file: a product of the
    whole batch rounds differently, and a sample must not depend on its neighbours.
    """

    def __init__(
        self,
        module: nn.Module,
        files: Sequence[_Factors | None],
        rank: int,
        device: str | None = None,
    ) -> None:
        import torch  # noqa: PLC0415 - heavy
        from torch import nn  # noqa: PLC0415 - heavy

        weight = module._parameters["weight"]
        assert weight is not None  # noqa: S101 - only modules with a weight are listed
        computes = weight.dtype in {torch.float32, torch.bfloat16, torch.float16}
        dtype = computing_dtype(module) or (weight.dtype if computes else torch.bfloat16)
        place = weight.device if device is None else torch.device(device)
        present = [factors for factors in files if factors is not None]
        kernel = () if isinstance(module, nn.Linear) else tuple(weight.shape[2:])
        rank = max(rank, *(down.shape[0] for down, _, _ in present))
        inputs, outputs = present[0][0].shape[1], present[0][1].shape[0]
        alone = len(files) == 1 and len(present[0][0]) == rank
        if alone and dtype not in {one.dtype for one in present[0][:2]}:
            # There is nothing to fill up, and converted they share no memory with the file.
            down, up, _ = present[0]
            self._down = _as(down, place, dtype).reshape(1, rank, inputs, *kernel)
            self._up = _as(up, place, dtype).reshape(1, outputs, rank)
        else:
            self._down = torch.zeros((len(files), rank, inputs, *kernel), dtype=dtype, device=place)
            self._up = torch.zeros((len(files), outputs, rank), dtype=dtype, device=place)
            self._fill(files, dtype)
        self.scales = tuple(0.0 if factors is None else factors[2] for factors in files)
        self._terms: list[tuple[int | Tensor, Tensor, Tensor | None, _Runs]] = []
        self._batch = 0

    def _fill(self, files: Sequence[_Factors | None], kind: dtype) -> None:
        """Put the factors of each file into its place."""
        for number, factors in enumerate(files):
            if factors is not None:
                rank = len(factors[0])
                down, up = (_as(one, self._down.device, kind) for one in factors[:2])
                self._down[number, :rank] = down.reshape(rank, *self._down.shape[2:])
                self._up[number, :, :rank] = up.reshape(-1, rank)

    def clear(self) -> None:
        """Let nothing act."""
        self._terms.clear()
        self._batch = 0

    def add(
        self,
        numbers: tuple[int, ...],
        factors: tuple[float, ...],
        shared: dict[tuple[object, ...], Tensor],
    ) -> None:
        """Let file `numbers[i]` act on sample i with `factors[i]` (strength times scale).

        `shared` keeps the small tensors that layers have in common.
        """
        import torch  # noqa: PLC0415 - heavy

        self._batch = len(factors)
        device = self._down.device
        key = ("factors", device, factors)
        if key not in shared:
            shared[key] = torch.tensor(factors, dtype=torch.float32, device=device)
        idle = ("idle", device, tuple(factor == 0 for factor in factors))
        if idle not in shared:
            shared[idle] = torch.tensor(idle[2], device=device)
        still = shared[idle] if 0 in factors else None
        runs = _runs(factors) if device.type == "cpu" else ()
        acting = {number for number, factor in zip(numbers, factors, strict=True) if factor}
        if len(acting) == 1:
            self._terms.append((acting.pop(), shared[key], still, runs))
            return
        which = ("numbers", device, numbers)
        if which not in shared:
            shared[which] = torch.tensor(numbers, device=device)
        self._terms.append((shared[which], shared[key], still, runs))

    def __call__(self, module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> Tensor:
        """Add every term to the layer's output; a hook for `register_forward_hook`."""
        if not self._terms:
            return output
        x = args[0]
        if len(x) != self._batch:
            raise LoraMismatch(
                f"The batch has {len(x)} samples where strengths were set for {self._batch}."
            )
        if self._down.dtype != x.dtype:
            self._down, self._up = self._down.to(x.dtype), self._up.to(x.dtype)
        for number, factors, still, runs in self._terms:
            down, up = self._down[number], self._up[number]
            if isinstance(number, int):
                down, up = down.expand(len(x), *down.shape), up.expand(len(x), *up.shape)
            added = self._each(module, x, down, up)
            output.add_(_scaled(added, factors, still, runs))
        return output

    def _each(self, module: nn.Module, x: Tensor, down: Tensor, up: Tensor) -> Tensor:
        """Apply to each sample its own factors: down (batch, r, i, *k), up (batch, o, r)."""
        import torch  # noqa: PLC0415 - heavy

        batch, rank = down.shape[:2]
        if down.dim() == 3:
            rows = x.reshape(batch, -1, x.shape[-1])
            inner = torch.bmm(rows, down.transpose(1, 2))
            return torch.bmm(inner, up.transpose(1, 2)).reshape(*x.shape[:-1], up.shape[1])
        joined = _convolve(module, x.reshape(1, -1, *x.shape[2:]), down.flatten(0, 1), groups=batch)
        inner = joined.view(batch, rank, -1)
        return torch.bmm(up, inner).view(batch, up.shape[1], *joined.shape[2:])


def _scaled(added: Tensor, factors: Tensor, still: Tensor | None, runs: _Runs) -> Tensor:
    """Multiply each sample in place by its own factor, in float32, and round once.

    On CPUs a tensor of factors beside 16 bits takes up to thirty times as long as plain numbers,
    which give the same bits; `runs` are the samples that have one factor in common.
    """
    import torch  # noqa: PLC0415 - heavy

    if runs and added.dtype != torch.float32 and added.numel() >= _WORTH_A_CALL * len(runs):
        for first, last, factor in runs:
            part = added[first:last]
            part.mul_(factor) if factor else part.zero_()
        return added
    shape = (-1, *(1,) * (added.dim() - 1))
    added.mul_(factors.view(shape))
    if still is not None and runs:  # nothing times a neighbour's NaN would be NaN
        for first, last, factor in runs:
            if not factor:
                added[first:last].zero_()
    elif still is not None:
        added.masked_fill_(still.view(shape), 0)
    return added


def _runs(factors: tuple[float, ...]) -> _Runs:
    """Return first, one past the last, and the factor of each row of equal factors."""
    runs: list[tuple[int, int, float]] = []
    for factor, row in groupby(factors):
        start = runs[-1][1] if runs else 0
        runs.append((start, start + len(list(row)), factor))
    return tuple(runs)


def _as(factor: Tensor, place: device, kind: dtype) -> Tensor:
    """Return a factor on the device `place`, as numbers of `kind`."""
    import torch  # noqa: PLC0415 - heavy

    moved = factor.to(place)
    if moved.dtype == torch.float16 and kind == torch.bfloat16:
        # The same numbers; on CPUs the direct way takes three times as long.
        moved = moved.float()
    return moved.to(kind)


def _convolve(module: nn.Module, x: Tensor, down: Tensor, *, groups: int) -> Tensor:
    """Return x through `down` with the stride and padding of the layer beside it."""
    from torch.nn import functional  # noqa: PLC0415 - heavy
    from torch.nn.modules.conv import _ConvNd  # noqa: PLC0415 - heavy

    assert isinstance(module, _ConvNd)  # noqa: S101 - what has a kernel
    convolve = functional.conv3d if down.dim() == 5 else functional.conv2d
    return convolve(x, down, None, module.stride, module.padding, module.dilation, groups)
