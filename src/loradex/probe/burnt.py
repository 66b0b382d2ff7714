"""Whether pictures burn: signs of the LoRA's pictures beside those of the base's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log2

from loradex.probe.burning import Signs
from loradex.probe.effects import Place
from loradex.probe.samples import Samples

_LEAST = 1e-4
"""Added to shares before they are compared as ratios: next to nothing is nothing."""


@dataclass(frozen=True, slots=True)
class Burning:
    """How the signs differ from the base's, by name, and whether that is burning."""

    numbers: Mapping[str, float] = field(default_factory=dict)
    burns: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """When a sign speaks for burning: its name in `Signs`, and how far above the base's.

    `ratio` compares in doublings (1.0 is twice as much), else by difference.
    """

    name: str
    ratio: bool
    most: float
    words: str


LIMITS = (
    Limit("clipped", ratio=False, most=0.35, words="clip"),
    Limit("saturation", ratio=False, most=0.35, words="over-saturate"),
    Limit("fine", ratio=True, most=2.0, words="break up into fine detail"),
    Limit("rough", ratio=True, most=3.0, words="get harsh edges"),
    Limit("latent_std", ratio=True, most=0.6, words="leave the range of latents"),
)
AT_ONCE = 2
"""Signs that have to speak together: a style may be saturated, or dark, or of fine detail."""


def burning(samples: Samples, place: Place) -> Burning:
    """Return what the pictures of a place show of burning.

    They burn when half of them are broken, or several signs at once are beyond their limits.
    """
    pairs = samples.pairs(place.strength, place.words)
    broken = samples.broken(place.strength, place.words)
    if broken and 2 * broken >= len(pairs):
        return Burning(
            {"broken": broken, "pairs": len(pairs)},
            burns=True,
            why=f"{broken} of {len(pairs)} pictures are one flat colour or out of range",
        )
    both = []
    for pair in samples.whole(place.strength, place.words):
        new = samples.at(pair, place.strength, place.words).signs
        old = samples.at(pair, 0.0, place.words).signs
        if new is not None and old is not None:
            both.append((new, old))
    numbers = {
        limit.name: change for limit in LIMITS if (change := _change(limit, both)) is not None
    }
    beyond = [limit for limit in LIMITS if numbers.get(limit.name, 0.0) > limit.most]
    return Burning(
        numbers,
        burns=len(beyond) >= AT_ONCE,
        why=" and ".join(f"they {limit.words}" for limit in beyond[:1]) + _more(beyond[1:]),
    )


def _more(limits: Sequence[Limit]) -> str:
    return "".join(f" and {limit.words}" for limit in limits)


def _change(limit: Limit, both: Sequence[tuple[Signs, Signs]]) -> float | None:
    """Return the mean change of a sign over pairs; None where it was not measured."""
    changes = []
    for new, old in both:
        after, before = getattr(new, limit.name), getattr(old, limit.name)
        if after is None or before is None:
            return None
        if limit.ratio:
            changes.append(log2((after + _LEAST) / (before + _LEAST)))
        else:
            changes.append(after - before)
    return sum(changes) / len(changes) if changes else None
