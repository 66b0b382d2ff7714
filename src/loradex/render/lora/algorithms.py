"""What each algorithm does to a weight: W and a strength in, the change of W out.

All take and return float32 (the caller adds and rounds once), at any dimension. `al` is alpha,
`r` the rank; a missing alpha means a scale of 1. The formulas are those of LyCORIS, kohya's OFT
and PEFT. A module's change is linear in the strength except for BOFT; DoRA is interpolated
between the base weight and the weight at strength 1, so that strength 0 is the base.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.errors import LoraMismatch
from loradex.render.lora.rotations import turned_inputs, turned_outputs

if TYPE_CHECKING:
    from torch import Tensor

Tensors = Mapping[str, "Tensor"]

_BIAS = frozenset({"diff_b", "b_norm", "up_bias"})
_PLAIN = frozenset({"down", "up", "alpha"})
_NEEDS_BASE = frozenset({"dora_scale", "magnitude", "oft_blocks", "oft_r", "glora_a1", "weight"})


@dataclass(frozen=True, slots=True)
class Settings:
    """The numbers beside a module's tensors. `exact_turns` is about PEFT's OFT only."""

    alpha: float | None = None
    on_input: bool = False
    exact_turns: bool = False


def weight_change(
    weight: Tensor, tensors: Tensors, settings: Settings, *, strength: float
) -> Tensor:
    """Return what to add to `weight` (float32) for `tensors` at `strength`, in its shape.

    Raises `LoraMismatch` for a set of tensors that is no known algorithm, and torch's own errors
    when shapes do not fit.
    """
    if "oft_blocks" in tensors:
        turned = turned_outputs(weight, tensors, alpha=settings.alpha, strength=strength)
        return turned - weight
    if "oft_r" in tensors:
        turned = turned_inputs(
            weight, tensors["oft_r"], exact=settings.exact_turns, strength=strength
        )
        return turned - weight
    delta = _delta(weight, tensors, settings).reshape(weight.shape)
    if "bias_values" in tensors:
        delta = delta + _sparse_rest(tensors).reshape(weight.shape)
    if "magnitude" in tensors:
        # PEFT's are per output, also a convolution's of the shape (1, o, 1, 1).
        delta = _dora(weight, delta, tensors["magnitude"], axis=0)
    elif "dora_scale" in tensors:
        # LyCORIS' are per output, old kohya's per input: (1, i, ...). A vector is per output.
        per_output = tensors["dora_scale"].shape[0] == weight.shape[0]
        delta = _dora(weight, delta, tensors["dora_scale"], axis=0 if per_output else 1)
    return strength * delta


def bias_change(tensors: Tensors, settings: Settings, *, strength: float) -> Tensor:
    """Return what to add to a bias (float32): a difference, or LoRA's own scaled bias."""
    change: Tensor | None = None
    for role in sorted(_BIAS & tensors.keys()):
        scale = 1.0
        if role == "up_bias" and "down" in tensors:
            scale = _scale(settings.alpha, tensors["down"].shape[0])
        one = strength * scale * tensors[role].flatten()
        change = one if change is None else change + one
    assert change is not None  # noqa: S101 - asked only for modules that touch a bias
    return change


def touches_bias(roles: frozenset[str]) -> bool:
    """Tell whether these roles change the module's bias."""
    return bool(roles & _BIAS)


def touches_weight(roles: frozenset[str]) -> bool:
    """Tell whether these roles change the module's weight."""
    return bool(roles - _BIAS - {"alpha"})


def is_plain(roles: frozenset[str]) -> bool:
    """Tell whether this is LoRA or LoCon of two factors and nothing else."""
    return {"down", "up"} <= roles <= _PLAIN


def needs_base(roles: frozenset[str]) -> bool:
    """Tell whether the change depends on the weight that it changes."""
    return bool(roles & _NEEDS_BASE)


def _delta(weight: Tensor, tensors: Tensors, settings: Settings) -> Tensor:
    """Return the difference at strength 1, before DoRA, in any shape of the right size."""
    for role, rule in _RULES.items():
        if role in tensors:
            return rule(weight, tensors, settings.alpha)
    if "weight" in tensors and "on_input" in tensors:
        return _ia3(weight, tensors["weight"], settings.on_input)
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
    return scale * (up.flatten(1) @ down.flatten(1))


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
    return scale * (halves[0] * halves[1])


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
    if second.dim() == 2 and weight.dim() > 2:
        second = second.reshape(second.shape[0], -1, *weight.shape[2:])
    first = first.reshape(*first.shape, *(1,) * (second.dim() - first.dim()))
    product = torch.kron(first, second.contiguous())
    # Two whole factors have no rank, and their alpha means nothing.
    return product if rank is None else _scale(alpha, rank) * product


def _glora(weight: Tensor, tensors: Tensors, alpha: float | None) -> Tensor:
    """GLoRA: W @ a1 @ a2 over the input, plus b1 @ b2; in its first layout, ranks come first."""
    a1, a2, b1, b2 = (tensors[f"glora_{name}"].flatten(1) for name in ("a1", "a2", "b1", "b2"))
    if a1.shape[0] != weight.shape[1] or b1.shape[0] != weight.shape[0]:
        a1, a2, b1, b2 = a2, a1, b2, b1
    moved = (weight.movedim(1, -1) @ a1 @ a2).movedim(-1, 1)
    return _scale(alpha, a1.shape[1]) * (moved + (b1 @ b2).reshape(weight.shape))


def _full(weight: Tensor, tensors: Tensors, alpha: float | None) -> Tensor:
    """A whole difference; alpha means nothing."""
    return tensors["diff"]


def _norm(weight: Tensor, tensors: Tensors, alpha: float | None) -> Tensor:
    """A difference of a normalisation layer's weight."""
    return tensors["w_norm"]


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


def _sparse_rest(tensors: Tensors) -> Tensor:
    """Return what LyCORIS' extraction found beside the low rank: (2, n) places, n values, size."""
    import torch  # noqa: PLC0415 - heavy

    rows, columns = (int(number) for number in tensors["bias_size"])
    places, values = tensors["bias_indices"].long(), tensors["bias_values"]
    rest = torch.zeros((rows, columns), device=values.device)
    return rest.index_put_((places[0], places[1]), values, accumulate=True)


def _dora(weight: Tensor, delta: Tensor, magnitude: Tensor, *, axis: int) -> Tensor:
    """Return W' - W, where W' is W + delta with its rows or columns at the given lengths."""
    import torch  # noqa: PLC0415 - heavy

    moved = weight + delta
    shape = [1] * weight.dim()
    shape[axis] = weight.shape[axis]
    others = [dim for dim in range(weight.dim()) if dim != axis]
    length = torch.linalg.vector_norm(moved, dim=others, keepdim=True)
    factor: Tensor = magnitude.reshape(shape) / length.clamp_min(torch.finfo(length.dtype).tiny)
    return moved * factor - weight
