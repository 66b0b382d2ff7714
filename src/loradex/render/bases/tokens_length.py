"""Make texts of different length fit into one batch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def same_length(embeds: Sequence[Tensor]) -> list[Tensor]:
    """Return texts (1, tokens, width) repeated until all have equally many tokens.

    Repeating a whole text changes nothing for cross-attention: every token gets the same share
    of attention, split over its copies.
    """
    tokens = math.lcm(*(one.shape[1] for one in embeds))
    return [one.repeat(1, tokens // one.shape[1], 1) for one in embeds]
