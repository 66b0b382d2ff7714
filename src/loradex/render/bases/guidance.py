"""Classifier-free guidance for a batch whose pictures may each have their own strength."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def guide(without: Tensor, with_text: Tensor, guidance: Sequence[float]) -> Tensor:
    """Return `without + guidance * (with_text - without)`, a picture at a time where they differ.

    A picture whose guidance is at most 1 gets `with_text` alone. Each one's result is the same
    to the last bit whatever the guidance of its neighbours, since the factor is always a plain
    number: a tensor of factors would round, or promote, differently in 16 bits.
    """
    import torch  # noqa: PLC0415 - heavy

    if len(set(guidance)) == 1 and guidance[0] > 1:
        return without + guidance[0] * (with_text - without)
    rows = [
        apart + factor * (guided - apart) if factor > 1 else guided
        for apart, guided, factor in zip(without, with_text, guidance, strict=True)
    ]
    return torch.stack(rows)


def any_guided(guidance: Sequence[float]) -> bool:
    """Tell whether any picture needs its negative text."""
    return any(factor > 1 for factor in guidance)
