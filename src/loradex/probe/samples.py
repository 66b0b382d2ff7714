"""The pictures of a probe, measured, by the point they were drawn at."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import TypeVar, cast

from loradex.domain.probing import NO_WORDS, ProbePoint
from loradex.probe.burning import Signs
from loradex.probe.features import Features


@dataclass(frozen=True, slots=True)
class Sample:
    """One measured picture. `features` and `signs` are None for one that could not be drawn
    because its numbers ran out of range.
    """

    features: Features | None
    signs: Signs | None

    @property
    def broken(self) -> bool:
        """Whether there is no picture, or one of a single colour."""
        return self.features is None or self.signs is None or self.signs.flat


T = TypeVar("T")

Pair = tuple[int, int]
"""Prompt and seed: what a picture with the LoRA shares with the one it is compared with."""


@dataclass(slots=True)
class Samples:
    """What has been drawn and measured so far."""

    known: dict[ProbePoint, Sample] = field(default_factory=dict)
    _said: dict[Hashable, object] = field(default_factory=dict, repr=False, compare=False)

    def add(self, point: ProbePoint, sample: Sample) -> None:
        """Take in one picture."""
        self.known[point] = sample
        self._said.clear()

    def once(self, key: Hashable, say: Callable[[], T]) -> T:
        """Return what `say` makes of the samples; it is asked anew only when there are more."""
        if key not in self._said:
            self._said[key] = say()
        return cast("T", self._said[key])

    def pairs(self, strength: float, words: str) -> list[Pair]:
        """Return the prompts and seeds that are there at a strength and without the LoRA."""
        return sorted(
            (point.prompt, point.seed)
            for point in self.known
            if point.strength == strength
            and point.words == words
            and replace(point, strength=0.0) in self.known
        )

    def at(self, pair: Pair, strength: float, words: str = NO_WORDS) -> Sample:
        """Return one sample; raise KeyError where it was not drawn."""
        return self.known[ProbePoint(pair[0], pair[1], strength, words)]

    def whole(self, strength: float, words: str) -> list[Pair]:
        """Return the pairs whose two pictures are there and not broken."""
        return [
            pair
            for pair in self.pairs(strength, words)
            if not self.at(pair, strength, words).broken and not self.at(pair, 0.0, words).broken
        ]

    def broken(self, strength: float, words: str) -> int:
        """Return how many pictures at a strength are broken although the base's are not."""
        return sum(
            self.at(pair, strength, words).broken
            for pair in self.pairs(strength, words)
            if not self.at(pair, 0.0, words).broken
        )

    def strengths(self, words: str) -> list[float]:
        """Return the strengths other than 0 that were drawn with these words, in order."""
        return sorted({p.strength for p in self.known if p.words == words and p.strength})

    def base_pairs(self, words: str = NO_WORDS) -> list[Pair]:
        """Return the whole pictures of the checkpoint alone."""
        return sorted(
            (point.prompt, point.seed)
            for point, sample in self.known.items()
            if not point.strength and point.words == words and not sample.broken
        )
