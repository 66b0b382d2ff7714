"""The response over strength: where it begins, where it is full, and where pictures break."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

from loradex.domain.probing import CurvePoint, Interval
from loradex.probe import limits
from loradex.probe.burnt import Burning, burning
from loradex.probe.effects import Place, along, common, diversity, moves, variety
from loradex.probe.state import State

_NOTHING = Interval(0.0, 0.0, 0.0, 0)


@dataclass(frozen=True, slots=True)
class Level:
    """What one strength comes to: how much of the full response it has, and what is wrong."""

    strength: float
    share: float
    burns: bool
    collapses: bool
    burning: Burning
    variety: float | None = None
    """How unlike the looks of prompts are, beside the base's."""


@dataclass(frozen=True, slots=True)
class Curve:
    """The levels of all strengths that were drawn with some words, the lowest first."""

    words: str
    points: tuple[CurvePoint, ...]
    levels: tuple[Level, ...]

    @property
    def full(self) -> float:
        """The largest share of what a seed changes that a sound strength reaches."""
        sound = [level.share for level in self.levels if not (level.burns or level.collapses)]
        return max(sound, default=max((level.share for level in self.levels), default=0.0))

    @property
    def bends(self) -> Iterator[tuple[float, float]]:
        """Yield the neighbouring strengths between which usable begins or ends."""
        before = Level(0.0, 0.0, burns=False, collapses=False, burning=Burning())
        for level in self.levels:
            spoilt = level.burns or level.collapses
            begins = before.share < limits.HALF * self.full <= level.share
            ends = spoilt and not (before.burns or before.collapses)
            if begins or ends:
                yield before.strength, level.strength
            before = level

    @property
    def upper_open(self) -> bool:
        """Whether the highest strength is still sound."""
        return bool(self.levels) and not (self.levels[-1].burns or self.levels[-1].collapses)

    @property
    def still_rising(self) -> bool:
        """Whether the highest strength does clearly more than the one below it."""
        if len(self.levels) < 2:
            return True
        return self.levels[-2].share < limits.FULL * self.levels[-1].share


def curve_of(state: State, words: str) -> Curve:
    """Return the response over the strengths that were drawn with these words."""
    strengths = [one for one in state.samples.strengths(words) if state.samples.pairs(one, words)]
    points, levels, height = [], [], 0.0
    for strength in strengths:
        place = Place(strength, words)
        response = _response(state, place)
        height = max(height, response.mean) if isfinite(response.mean) else height
        found = burning(state.samples, place, fallen=response.mean / height if height > 0 else 1.0)
        point = _point(state, place, response, found)
        looks = variety(state.samples, place)
        points.append(point)
        levels.append(
            Level(
                strength,
                point.share.mean,
                burns=found.burns,
                collapses=_collapses(point.diversity, looks),
                variety=looks,
                burning=found,
            )
        )
    return Curve(words, tuple(points), tuple(levels))


def _collapses(diversity: float | None, looks: float | None) -> bool:
    """Tell whether seeds of a prompt are alike, or all prompts have one look."""
    alike = diversity is not None and diversity < limits.COLLAPSE
    return alike or (looks is not None and looks < limits.ONE_LOOK)


def _response(state: State, place: Place) -> Interval:
    """Return how far pictures go in the direction of strength 1, whose own response is 1."""
    moved = moves(state.samples, place)
    reference = moves(state.samples, Place(1.0, place.words))
    return along(moved, reference, common(moved, reference))


def _point(state: State, place: Place, response: Interval, found: Burning) -> CurvePoint:
    samples = state.samples
    effect = state.effect(place) or _NOTHING
    floor = max(state.floor, limits.QUANTISATION)
    return CurvePoint(
        strength=place.strength,
        words=place.words,
        effect=Interval(effect.mean / floor, effect.low / floor, effect.high / floor, effect.pairs),
        share=state.share(place) or _NOTHING,
        response=response,
        diversity=diversity(samples, place),
        burn=found.numbers,
        broken=samples.broken(place.strength, place.words),
    )
