"""What one LoRA module says: its algorithm, its rank, the size of the layer it changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isqrt

from loradex.domain.header import Tensor
from loradex.identify.view import Size

_NOTHING = Tensor("", ())


def _dim(tensor: Tensor | None, index: int) -> int | None:
    if tensor is None or not -len(tensor.shape) <= index < len(tensor.shape):
        return None
    return tensor.shape[index]


def _times(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else left * right


# A role that only one algorithm has.
_ALGORITHMS: dict[str, str] = {
    "down": "lora",
    "up": "lora",
    "q_layer": "lora",
    "hada_w1_a": "loha",
    "hada_w2_a": "loha",
    "lokr_w1": "lokr",
    "lokr_w1_a": "lokr",
    "lokr_w2": "lokr",
    "lokr_w2_a": "lokr",
    "a1": "glora",
    "b1": "glora",
    "on_input": "ia3",
    "ia3": "ia3",
    "oft_blocks": "oft",
    "oft_r": "oft",
    "diff": "full",
    "w_norm": "norm",
}


def algorithm(roles: Mapping[str, Tensor]) -> str | None:
    """Return the algorithm of one module; None for a module with nothing but an alpha.

    `norm` also stands for a difference on a vector: both only accompany another algorithm.
    """
    name = next((_ALGORITHMS[role] for role in roles if role in _ALGORITHMS), None)
    if name == "oft" and len(roles.get("oft_blocks", _NOTHING).shape) == 4:
        return "boft"
    if name == "full" and len(roles["diff"].shape) < 2:
        return "norm"
    return "norm" if name is None and "diff_b" in roles else name


def rank(roles: Mapping[str, Tensor], kind: str) -> int | None:
    """Return the module's rank (the block size for OFT); None where the algorithm has none."""
    if kind == "lora":
        down = roles.get("down") or roles.get("q_layer")
        return _dim(down, 0) or _dim(roles.get("up"), 1)
    if kind in ("oft", "boft"):
        return _dim(roles.get("oft_blocks"), -1) or _oft_block(roles.get("oft_r"))
    role, side = _RANKS.get(kind, ("", 0))
    return _dim(roles.get(role), side)


_RANKS: dict[str, tuple[str, int]] = {
    "loha": ("hada_w1_b", 0),
    "lokr": ("lokr_w2_b", 0),
    "glora": ("a1", 1),
}
"""Which dimension of which tensor is the rank."""


def _oft_block(tensor: Tensor | None) -> int | None:
    """PEFT keeps the upper triangle: `b (b - 1) / 2` numbers a block of size b."""
    if tensor is None or len(tensor.shape) < 2:
        return None
    if len(tensor.shape) > 2:
        return tensor.shape[-1]
    root = isqrt(1 + 8 * max(tensor.shape[1], 0))
    return (1 + root) // 2


def size(roles: Mapping[str, Tensor]) -> Size:
    """Return out and in features of the layer a module changes, None where it does not tell."""
    return _SIZES.get(algorithm(roles) or "", _full_size)(roles)


def _lora_size(roles: Mapping[str, Tensor]) -> Size:
    down = roles.get("down") or roles.get("q_layer")
    return _dim(roles.get("up") or roles.get("p_layer"), 0), _dim(down, 1)


def _loha_size(roles: Mapping[str, Tensor]) -> Size:
    tucker = "hada_t1" in roles
    return _dim(roles.get("hada_w1_a"), 1 if tucker else 0), _dim(roles.get("hada_w1_b"), 1)


def _glora_size(roles: Mapping[str, Tensor]) -> Size:
    return _dim(roles.get("b1"), 0), _dim(roles.get("a1"), 0)


def _ia3_size(roles: Mapping[str, Tensor]) -> Size:
    vector = roles.get("ia3")
    return (max(vector.shape) if vector and vector.shape else None), None


def _full_size(roles: Mapping[str, Tensor]) -> Size:
    diff = roles.get("diff") or roles.get("w_norm")
    return _dim(diff, 0), _dim(diff, 1)


def _lokr_size(roles: Mapping[str, Tensor]) -> Size:
    tucker = "lokr_t2" in roles
    out1 = _dim(roles.get("lokr_w1") or roles.get("lokr_w1_a"), 0)
    in1 = _dim(roles.get("lokr_w1") or roles.get("lokr_w1_b"), 1)
    if "lokr_w2" in roles:
        out2, in2 = _dim(roles["lokr_w2"], 0), _dim(roles["lokr_w2"], 1)
    else:
        out2 = _dim(roles.get("lokr_w2_a"), 1 if tucker else 0)
        in2 = _dim(roles.get("lokr_w2_b"), 1)
    return _times(out1, out2), _times(in1, in2)


def _oft_size(roles: Mapping[str, Tensor]) -> Size:
    blocks = roles.get("oft_blocks")
    if blocks is not None:
        side = 1 if len(blocks.shape) == 4 else 0
        return _times(_dim(blocks, side), _dim(blocks, side + 1)), None
    return None, _times(_dim(roles.get("oft_r"), 0), _oft_block(roles.get("oft_r")))


_SIZES: dict[str, Callable[[Mapping[str, Tensor]], Size]] = {
    "lora": _lora_size,
    "loha": _loha_size,
    "lokr": _lokr_size,
    "glora": _glora_size,
    "oft": _oft_size,
    "boft": _oft_size,
    "ia3": _ia3_size,
}


def convolves(roles: Mapping[str, Tensor]) -> bool:
    """Return whether the module changes a convolution wider than one pixel."""
    down = roles.get("down")
    if down is None or len(down.shape) < 3:
        return "mid" in roles
    return "mid" in roles or max(down.shape[2:]) > 1


def dims(roles: Mapping[str, Tensor]) -> int | None:
    """Return the number of dimensions of the changed weight, None where that is not kept."""
    kept = roles.get("down") or roles.get("diff")
    return len(kept.shape) if kept else None
