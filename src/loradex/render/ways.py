"""The two ways in which a cell can be drawn that are both right, for the noise floor.

`usual` is how grids are drawn. `otherwise` differs in all that must not matter: how many pictures
go through the network at once, and whether plain LoRAs run beside the weights or inside them.
"""

from __future__ import annotations

from typing import Literal

from loradex.domain.recipe import RenderSettings
from loradex.render.device import micro_batch

Way = Literal["usual", "otherwise"]


def at_once(settings: RenderSettings, device: str, way: Way) -> int:
    """Return how many pictures go through the network at once, filled up with copies."""
    usual = micro_batch(settings, device)
    if way == "usual":
        return usual
    return 1 if usual > 1 else 2
