"""Put together what several ControlNets and adapters add inside a U-Net."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def added(before: object, more: object) -> object:
    """Return the sum of two additions: tensors, or rows of tensors in the same places.

    `before` may be None for nothing yet.
    """
    if before is None:
        return more
    if isinstance(before, list | tuple) and isinstance(more, list | tuple):
        return _summed(before, more)
    return before + more  # type: ignore[operator]


def _summed(first: Sequence[Tensor], second: Sequence[Tensor]) -> list[Tensor]:
    return [one + other for one, other in zip(first, second, strict=True)]
