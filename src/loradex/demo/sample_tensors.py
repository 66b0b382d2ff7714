"""Names and shapes of tensors, in the words that the sample networks are written in.

The networks follow the published architectures, a few loops over blocks each. Widths are the real
ones, because identification goes by them; depths are cut where more blocks would only be more of
the same and cost seconds to hash (`sample_shelf` says which).
"""

from __future__ import annotations

from collections.abc import Iterator

Shape = tuple[int, ...]
Tensors = Iterator[tuple[str, Shape]]


def layer(name: str, out: int, *rest: int) -> Tensors:
    """Weight and bias of a linear or convolution; without `rest`, of a norm."""
    yield f"{name}.weight", (out, *rest)
    yield f"{name}.bias", (out,)


def under(prefix: str, tensors: Tensors) -> Tensors:
    """The same tensors under a prefix."""
    return ((prefix + name, shape) for name, shape in tensors)
