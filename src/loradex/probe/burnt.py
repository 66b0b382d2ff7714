"""Whether pictures burn: signs of the LoRA's pictures beside those of the base's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from loradex.probe.effects import Place
from loradex.probe.samples import Samples


@dataclass(frozen=True, slots=True)
class Burning:
    """How the signs differ from the base's, by name, and whether that is burning."""

    numbers: Mapping[str, float] = field(default_factory=dict)
    burns: bool = False
    why: str = ""


def burning(samples: Samples, place: Place) -> Burning:
    """Return what the pictures of a place show of burning."""
    return Burning()
