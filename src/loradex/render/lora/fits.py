"""Whether the tensors of a LoRA module have the shapes that its target needs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from loradex.errors import LoraMismatch
from loradex.render.lora.algorithms import is_plain, touches_bias, touches_weight
from loradex.render.lora.patch import Group
from loradex.render.safefile import SafeFile

if TYPE_CHECKING:
    from torch import Tensor

_SPARSE = frozenset({"bias_indices", "bias_values", "bias_size"})


def fits(file: SafeFile, group: Group) -> bool:
    """Tell whether the shapes fit. Only what is not two plain factors needs arithmetic for it."""
    alpha = group.settings.alpha
    if alpha is not None and not math.isfinite(alpha):
        return False
    if is_plain(group.roles):
        return _factors_fit(
            file.shape(group.tensors["down"]), file.shape(group.tensors["up"]), group.shape
        )
    return _result_fits(file, group)


def _factors_fit(down: tuple[int, ...], up: tuple[int, ...], weight: tuple[int, ...]) -> bool:
    """Compare (r, i, *k) and (o, r, ...) with (o, i, *k); a 1x1 kernel may be left out."""
    if len(down) < 2 or len(up) < 2 or len(weight) < 2 or down[0] < 1:
        return False
    return (
        up[0] == weight[0]
        and math.prod(up[1:]) == down[0]
        and _without_ones(down[1:]) == _without_ones(weight[1:])
    )


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the input width and the kernel, with a kernel of 1x1 left out."""
    return shape[:1] if all(size == 1 for size in shape[1:]) else shape


def _result_fits(file: SafeFile, group: Group) -> bool:
    """Do the arithmetic without numbers (meta tensors) and look whether it can be done."""
    import torch  # noqa: PLC0415 - heavy

    made = {
        role: torch.empty(file.shape(key), device="meta")
        for role, key in group.tensors.items()
        if role not in _SPARSE
    }
    shape = group.shape
    try:
        if touches_bias(group.roles) and not _bias_fits(group, made):
            return False
        if touches_weight(group.roles):
            if _SPARSE & group.roles and not _sparse_fits(file, group):
                return False
            blank = torch.empty(shape, device="meta")
            return group.weight_change(blank, made, strength=1.0).shape == shape
    except (RuntimeError, IndexError, KeyError, ValueError, ZeroDivisionError, LoraMismatch):
        return False
    return True


def _bias_fits(group: Group, made: dict[str, Tensor]) -> bool:
    if any(piece.module._parameters.get("bias") is None for piece in group.pieces):
        return False
    return group.bias_change(made, strength=1.0).numel() == group.shape[0]


def _sparse_fits(file: SafeFile, group: Group) -> bool:
    """Tell whether a sparse rest is of the weight's size and lies inside it."""
    if not group.roles >= _SPARSE:
        return False
    size = file.tensor(group.tensors["bias_size"])
    places = file.tensor(group.tensors["bias_indices"])
    values = file.shape(group.tensors["bias_values"])
    if size.numel() != 2 or places.dim() != 2 or tuple(places.shape) != (2, *values):
        return False
    rows, columns = (int(number) for number in size)
    if rows != group.shape[0] or rows * columns != math.prod(group.shape):
        return False
    limit = size.long().reshape(2, 1)
    return bool(((places.long() >= 0) & (places.long() < limit)).all())
