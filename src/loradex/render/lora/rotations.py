"""Turns of a weight: OFT and BOFT as LyCORIS and kohya store them, OFT as PEFT stores it.

All return the turned weight in float32, at a strength between the untouched weight (0) and the
file's own turn (1): each turn R becomes s*R + (1-s)*I.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def turned_outputs(
    weight: Tensor, tensors: Mapping[str, Tensor], *, alpha: float | None, strength: float
) -> Tensor:
    """Turn groups of output rows: `oft_blocks` (n, b, b) for OFT, (m, n, b, b) for BOFT."""
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


def turned_inputs(weight: Tensor, upper: Tensor, *, exact: bool, strength: float) -> Tensor:
    """Turn groups of flattened inputs by PEFT's `oft_R` (groups, b*(b-1)/2).

    Each row holds the upper triangle of a skew matrix Q; one row serves all groups. PEFT's own
    default is a series of five terms, I + 2Q + 2Q^2 + 2Q^3 + Q^4; `exact` (its
    `use_cayley_neumann=False`) is (I - Q)(I + Q)^-1.
    """
    import torch  # noqa: PLC0415 - heavy

    size = _block_size(upper.shape[1])
    rows, columns = torch.triu_indices(size, size, 1, device=upper.device)
    skew = upper.new_zeros(upper.shape[0], size, size)
    skew[:, rows, columns] = upper
    skew = skew - skew.transpose(-1, -2)
    eye = torch.eye(size, device=upper.device)
    if exact:
        turns = torch.linalg.solve(eye + skew, eye - skew, left=False)
    else:
        square = skew @ skew
        turns = eye + 2 * skew + 2 * square + 2 * (square @ skew) + square @ square
    turns = strength * turns + (1 - strength) * eye
    grouped = weight.reshape(weight.shape[0], -1, size)
    turns = turns.expand(grouped.shape[1], size, size)
    return torch.einsum("gij,ogj->ogi", turns, grouped).reshape(weight.shape)


def _block_size(elements: int) -> int:
    """Return b for b*(b-1)/2 elements; raise ValueError when there is none."""
    size = (1 + math.isqrt(1 + 8 * elements)) // 2
    if size * (size - 1) // 2 != elements or elements == 0:
        raise ValueError(f"{elements} numbers are no triangle")
    return size
