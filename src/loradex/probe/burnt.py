"""Whether pictures burn: what the LoRA's pictures show beside those of the base."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite, log2

from loradex.probe import limits
from loradex.probe.burning import Signs
from loradex.probe.effects import Place
from loradex.probe.samples import Samples

Changes = Mapping[str, float]
"""By how much signs differ from the base's: shares by difference, the rest in doublings."""
_LEAST = 1e-4
"""Added to what is compared as ratios: next to nothing is nothing."""


@dataclass(frozen=True, slots=True)
class Burning:
    """The changes of the signs at a strength, whether that is burning, and why."""

    numbers: Changes = field(default_factory=dict)
    burns: bool = False
    why: str = ""


def burning(samples: Samples, place: Place, *, fallen: float = 1.0) -> Burning:
    """Return what the pictures of a place show of burning.

    `fallen` is the response there as a share of its height at lower strengths. They burn when
    half of them are broken; when their latents spread far wider than the base's; when they do so
    somewhat while the response falls; or, for pictures whose latents nobody wrote down, when they
    clip and over-saturate or break up at once.
    """
    pairs = samples.pairs(place.strength, place.words)
    broken = samples.broken(place.strength, place.words)
    if broken and 2 * broken >= len(pairs):
        return Burning(
            {"broken": broken, "pairs": len(pairs)},
            burns=True,
            why=f"{broken} of {len(pairs)} pictures are one flat colour or out of range",
        )
    numbers = sign_changes(samples, place)
    for applies, words in _RULES:
        if applies(numbers, fallen):
            return Burning(numbers, burns=True, why=words(numbers, fallen))
    return Burning(numbers)


def sign_changes(samples: Samples, place: Place) -> dict[str, float]:
    """Return the mean change of each sign over pairs; those that were not measured are left out."""
    both = []
    for pair in samples.whole(place.strength, place.words):
        new = samples.at(pair, place.strength, place.words).signs
        old = samples.at(pair, 0.0, place.words).signs
        if new is not None and old is not None:
            both.append((new, old))
    found = {
        "clipped": _mean(both, "clipped", _difference),
        "saturation": _mean(both, "saturation", _difference),
        "fine": _mean(both, "fine", _doublings),
        "rough": _mean(both, "rough", _doublings),
        "contrast": _mean(both, "contrast", _doublings),
        "latent_spread": _mean(both, "latent_std", _doublings),
        "latent_peak": _mean(both, "latent_max", _doublings),
    }
    return {name: round(value, 4) for name, value in found.items() if value is not None}


def _mean(
    both: Sequence[tuple[Signs, Signs]], name: str, change: Callable[[float, float], float]
) -> float | None:
    changes = []
    for new, old in both:
        after, before = getattr(new, name), getattr(old, name)
        if after is None or before is None:
            return None
        changes.append(change(after, before))
    return sum(changes) / len(changes) if changes else None


def _difference(after: float, before: float) -> float:
    return after - before


def _doublings(after: float, before: float) -> float:
    return log2((after + _LEAST) / (before + _LEAST))


def _off_range(numbers: Changes, _fallen: float) -> bool:
    return numbers.get("latent_spread", 0.0) > limits.OFF_RANGE


def _drifting(numbers: Changes, fallen: float) -> bool:
    drifts = numbers.get("latent_spread", 0.0) > limits.DRIFTS
    return drifts and isfinite(fallen) and fallen < limits.FALLS


def _harsh(numbers: Changes, _fallen: float) -> bool:
    if "latent_spread" in numbers:
        return False
    signs = (
        numbers.get("clipped", 0.0) > limits.CLIPS,
        numbers.get("saturation", 0.0) > limits.SATURATES,
        max(numbers.get("rough", 0.0), numbers.get("fine", 0.0)) > limits.BREAKS,
    )
    return sum(signs) >= 2


def _spread_words(numbers: Changes, _fallen: float) -> str:
    times = 2 ** numbers["latent_spread"]
    clips = numbers.get("clipped", 0.0)
    more = ""
    if clips > limits.CLIPS / 2:
        more = f", and {100 * clips:.0f} % more of their pixels clip"
    return f"their latents spread {times:.1f} times as wide as the base's{more}"


def _drift_words(numbers: Changes, fallen: float) -> str:
    times = 2 ** numbers["latent_spread"]
    return (
        f"the response falls to {100 * max(fallen, 0):.0f} % of its height while latents spread"
        f" {times:.1f} times as wide as the base's"
    )


def _harsh_words(numbers: Changes, _fallen: float) -> str:
    return (
        f"{100 * numbers.get('clipped', 0.0):+.0f} % of the pixels clip, saturation changes by"
        f" {numbers.get('saturation', 0.0):+.2f}, and edges are"
        f" {2 ** numbers.get('rough', 0.0):.1f} times as harsh"
    )


_RULES: tuple[tuple[Callable[[Changes, float], bool], Callable[[Changes, float], str]], ...] = (
    (_off_range, _spread_words),
    (_drifting, _drift_words),
    (_harsh, _harsh_words),
)
