"""What each algorithm does to a weight: W and a strength in, the changed W out.

All take and return float32 (the caller rounds once), at any dimension. `al` is alpha, `r` the
rank; a missing alpha means a scale of 1. The formulas are those of LyCORIS, kohya's OFT and
PEFT. A module's change is linear in the strength except for BOFT; DoRA is interpolated between
the base weight and the weight at strength 1, so that strength 0 is the base.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from loradex.errors import LoraMismatch

if TYPE_CHECKING:
    from torch import Tensor

Tensors = Mapping[str, "Tensor"]


def changed_weight(
    weight: Tensor, tensors: Tensors, *, alpha: float | None, on_input: bool, strength: float
) -> Tensor:
    """Return `weight` (float32) after the module's `tensors` acted with `strength`.

    Raises `LoraMismatch` for a set of tensors that is no known algorithm, and torch's own errors
    when shapes do not fit.
    """
    if "oft_blocks" in tensors:
        return _orthogonal(weight, tensors, alpha=alpha, strength=strength)
    delta = _delta(weight, tensors, alpha, on_input)
    if "dora_scale" in tensors:
        delta = _dora(weight, delta, tensors["dora_scale"])
    return weight + strength * delta.reshape(weight.shape)


def changed_bias(bias: Tensor, tensors: Tensors, *, strength: float) -> Tensor:
    """Return `bias` (float32) after the module's `tensors` acted with `strength`."""
    return bias + strength * tensors["diff_b" if "diff_b" in tensors else "b_norm"]


def touches_bias(roles: frozenset[str]) -> bool:
    """Tell whether these roles change the module's bias."""
    return bool(roles & {"diff_b", "b_norm"})


def touches_weight(roles: frozenset[str]) -> bool:
    """Tell whether these roles change the module's weight."""
    return bool(roles - {"diff_b", "b_norm", "alpha"})


def _delta(weight: Tensor, tensors: Tensors, alpha: float | None, on_input: bool) -> Tensor:
    """Return the difference at strength 1, before DoRA, in any shape of the right size."""
    for role, rule in _RULES.items():
        if role in tensors:
            return rule(weight, tensors, alpha)
    if "weight" in tensors and "on_input" in tensors:
        return _ia3(weight, tensors["weight"], on_input)
    roles = ", ".join(sorted(tensors))
    raise LoraMismatch(f"No known algorithm stores the tensors {roles} together.")


def _scale(alpha: float | None, rank: int) -> float:
    return 1.0 if alpha is None else alpha / rank


def _lora(weight: Tensor, tensors: Tensors, alpha: float | None) -> Tensor:
    """LoRA and LoCon: up @ down; with `mid` the Tucker form of a convolution."""
    import torch  # noqa: PLC0415 - heavy

    down, up = tensors["down"], tensors["up"]
    scale = _scale(alpha, down.shape[0])
    if "mid" in tensors:
        return scale * torch.einsum(
            "mn...,im,nj->ij...", tensors["mid"], up.flatten(1), down.flatten(1)
        )
    return (scale * (up.flatten(1) @ down.flatten(1))).reshape(weight.shape)


def _loha(weight: Tensor, tensors: Tensors, alpha: float | None) -> Tensor:
    """LoHa: the elementwise product of two low-rank matrices, or of two Tucker forms."""
    import torch  # noqa: PLC0415 - heavy

    halves = []
    for half in "12":
        first, second = tensors[f"hada_w{half}_a"], tensors[f"hada_w{half}_b"]
        if f"hada_t{half}" in tensors:
            core = tensors[f"hada_t{half}"]
            halves.append(torch.einsum("ij...,ip,jr->pr...", core, first, second))
        else:
            halves.append(first @ second)
    scale = _scale(alpha, tensors["hada_w1_b"].shape[0])
    return scale * (halves[0] * halves[1]).reshape(weight.shape)


def _lokr(weight: Tensor, tensors: Tensors, alpha: float | None) -> Tensor:
    """LoKr: the Kronecker product of two factors, each whole or decomposed."""
    import torch  # noqa: PLC0415 - heavy

    rank = None
    if "lokr_w1" in tensors:
        first = tensors["lokr_w1"]
    else:
        first = tensors["lokr_w1_a"] @ tensors["lokr_w1_b"]
        rank = tensors["lokr_w1_b"].shape[0]
    if "lokr_w2" in tensors:
        second = tensors["lokr_w2"]
    else:
        left, right = tensors["lokr_w2_a"], tensors["lokr_w2_b"]
        rank = right.shape[0]
        if "lokr_t2" in tensors:
            second = torch.einsum("ij...,ip,jr->pr...", tensors["lokr_t2"], left, right)
        else:
            second = left @ right.flatten(1)
    if second.dim() == 2 and weight.dim() == 4:
        second = second.reshape(second.shape[0], -1, *weight.shape[2:])
    first = first.reshape(*first.shape, *(1,) * (second.dim() - first.dim()))
    product = torch.kron(first, second.contiguous()).reshape(weight.shape)
    # Two whole factors have no rank, and their alpha means nothing.
    return product if rank is None else _scale(alpha, rank) * product


def _glora(weight: Tensor, tensors: Tensors, alpha: float | None) -> Tensor:
    """GLoRA: W @ a1 @ a2 over the input, plus b1 @ b2."""
    a1, a2, b1, b2 = (tensors[f"glora_{name}"] for name in ("a1", "a2", "b1", "b2"))
    if a1.shape[0] != weight.shape[1] or b1.shape[0] != weight.shape[0]:
        raise LoraMismatch("This GLoRA file is of the first, abandoned layout.")
    inner = a1.flatten(1) @ a2.flatten(1)
    moved = (weight.movedim(1, -1) @ inner).movedim(-1, 1)
    scale = _scale(alpha, a1.shape[1])
    return scale * (moved + (b1.flatten(1) @ b2.flatten(1)).reshape(weight.shape))


def _full(weight: Tensor, tensors: Tensors, alpha: float | None) -> Tensor:
    """A whole difference; alpha means nothing."""
    return tensors["diff"].reshape(weight.shape)


def _norm(weight: Tensor, tensors: Tensors, alpha: float | None) -> Tensor:
    """A difference of a normalisation layer's weight."""
    return tensors["w_norm"].reshape(weight.shape)


def _ia3(weight: Tensor, factor: Tensor, on_input: bool) -> Tensor:
    """(IA)^3: the weight itself times a vector along its input or output."""
    axis = 1 if on_input else 0
    shape = [1] * weight.dim()
    shape[axis] = weight.shape[axis]
    return weight * factor.reshape(shape)


_RULES: Mapping[str, Callable[[Tensor, Tensors, float | None], Tensor]] = {
    "down": _lora,
    "hada_w1_a": _loha,
    "lokr_w1": _lokr,
    "lokr_w1_a": _lokr,
    "glora_a1": _glora,
    "diff": _full,
    "w_norm": _norm,
}


def _dora(weight: Tensor, delta: Tensor, magnitude: Tensor) -> Tensor:
    """Return W' - W, where W' is W + delta with its rows or columns at the given lengths.

    The magnitude has one number per output row (LyCORIS, PEFT) or per input column (old kohya);
    its shape tells which, and a bare vector that fits both is per row.
    """
    import torch  # noqa: PLC0415 - heavy

    moved = weight + delta.reshape(weight.shape)
    per_row = magnitude.shape[0] == weight.shape[0]
    axis = 0 if per_row else 1
    shape = [1] * weight.dim()
    shape[axis] = weight.shape[axis]
    others = [dim for dim in range(weight.dim()) if dim != axis]
    length = torch.linalg.vector_norm(moved, dim=others, keepdim=True)
    factor: Tensor = magnitude.reshape(shape) / length.clamp_min(torch.finfo(length.dtype).tiny)
    return moved * factor - weight


def _orthogonal(
    weight: Tensor, tensors: Tensors, *, alpha: float | None, strength: float
) -> Tensor:
    """OFT (3-D blocks) and BOFT (4-D): turn groups of output rows by rotations."""
    import torch  # noqa: PLC0415 - heavy

    blocks = tensors["oft_blocks"]
    skew = blocks - blocks.transpose(-1, -2)
    eye = torch.eye(blocks.shape[-1], device=blocks.device)
    if alpha and alpha > 0:
        # The training limit on the turn, which the stored blocks may exceed.
        norm = torch.linalg.vector_norm(skew)
        limit = torch.tensor(alpha * weight.shape[0], device=skew.device)
        skew = skew * (torch.minimum(norm, limit) / norm.clamp_min(1e-12))
    turns = torch.linalg.solve(eye - skew, eye + skew, left=False)
    turns = strength * turns + (1 - strength) * eye
    turned = _butterfly(weight, turns) if blocks.dim() == 4 else _blockwise(weight, turns)
    if "rescale" in tensors:
        rescale = tensors["rescale"].reshape(-1, *(1,) * (weight.dim() - 1))
        turned = turned * (1 + strength * (rescale - 1))
    return turned


def _blockwise(weight: Tensor, turns: Tensor) -> Tensor:
    import torch  # noqa: PLC0415 - heavy

    count, size, _ = turns.shape
    grouped = weight.reshape(count, size, *weight.shape[1:])
    return torch.einsum("knm,kn...->km...", turns, grouped).reshape(weight.shape)


def _butterfly(weight: Tensor, turns: Tensor) -> Tensor:
    """Apply one block-diagonal turn per level, each over rows further apart."""
    import torch  # noqa: PLC0415 - heavy

    size = turns.shape[-1]
    rest = weight.shape[1:]
    for level, turn in enumerate(turns):
        stride = 2**level * size // 2
        paired = weight.reshape(-1, 2, stride, *rest).transpose(1, 2)
        grouped = paired.reshape(-1, size, *rest)
        moved = torch.einsum("bij,bj...->bi...", turn, grouped)
        weight = moved.reshape(-1, stride, 2, *rest).transpose(1, 2).reshape(-1, *rest)
    return weight
