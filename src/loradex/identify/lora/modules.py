"""What one LoRA module says: its algorithm, its rank, the size of the layer it changes."""

from __future__ import annotations

from collections.abc import Mapping
from math import isqrt

from loradex.domain.header import Tensor
from loradex.identify.view import Size

Shape = tuple[int, ...]


def _dim(tensor: Tensor | None, index: int) -> int | None:
    if tensor is None or len(tensor.shape) <= index:
        return None
    return tensor.shape[index]


def _times(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else left * right


def algorithm(roles: Mapping[str, Tensor]) -> str | None:
    """Return the algorithm of one module; None for a module with nothing but an alpha.

    `norm` also stands for a difference on a vector: both only accompany another algorithm.
    """
    if "hada_w1_a" in roles or "hada_w2_a" in roles:
        return "loha"
    if "lokr_w1" in roles or "lokr_w1_a" in roles or "lokr_w2" in roles or "lokr_w2_a" in roles:
        return "lokr"
    if "a1" in roles or "b1" in roles:
        return "glora"
    if "on_input" in roles:
        return "ia3"
    if "oft_blocks" in roles:
        return "boft" if len(roles["oft_blocks"].shape) == 4 else "oft"
    if "oft_r" in roles:
        return "oft"
    if "down" in roles or "up" in roles or "q_layer" in roles:
        return "lora"
    if "diff" in roles:
        return "full" if len(roles["diff"].shape) > 1 else "norm"
    return "norm" if "w_norm" in roles or "diff_b" in roles else None


def rank(roles: Mapping[str, Tensor], kind: str) -> int | None:
    """Return the module's rank (the block size for OFT); None where the algorithm has none."""
    if kind == "lora":
        down = _dim(roles.get("down"), 0) or _dim(roles.get("q_layer"), 0)
        return down or _dim(roles.get("up"), 1)
    if kind == "loha":
        return _dim(roles.get("hada_w1_b"), 0)
    if kind == "lokr":
        return _dim(roles.get("lokr_w2_b"), 0)
    if kind == "glora":
        return _dim(roles.get("a1"), 1)
    if kind in ("oft", "boft"):
        blocks = roles.get("oft_blocks")
        return blocks.shape[-1] if blocks and blocks.shape else _oft_block(roles.get("oft_r"))
    return None


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
    kind = algorithm(roles)
    if kind == "lora":
        down = roles.get("down") or roles.get("q_layer")
        return _dim(roles.get("up") or roles.get("p_layer"), 0), _dim(down, 1)
    if kind == "loha":
        tucker = "hada_t1" in roles
        return _dim(roles.get("hada_w1_a"), 1 if tucker else 0), _dim(roles.get("hada_w1_b"), 1)
    if kind == "lokr":
        return _lokr_size(roles)
    if kind == "glora":
        return _dim(roles.get("b1"), 0), _dim(roles.get("a1"), 0)
    if kind in ("oft", "boft"):
        return _oft_size(roles, kind)
    if kind == "ia3":
        return _dim(roles.get("ia3"), 0), None
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


def _oft_size(roles: Mapping[str, Tensor], kind: str) -> Size:
    blocks = roles.get("oft_blocks")
    if blocks is not None:
        return _times(_dim(blocks, 1 if kind == "boft" else 0), blocks.shape[-1]), None
    return None, _times(_dim(roles.get("oft_r"), 0), _oft_block(roles.get("oft_r")))


def convolves(roles: Mapping[str, Tensor]) -> bool:
    """Return whether the module changes a convolution wider than one pixel."""
    down = roles.get("down")
    return "mid" in roles or (down is not None and any(side > 1 for side in down.shape[2:]))


def flat_kernel(roles: Mapping[str, Tensor]) -> int | None:
    """Return the number of dimensions of the changed weight, None where that is not kept."""
    kept = roles.get("down") or roles.get("diff")
    return len(kept.shape) if kept else None
