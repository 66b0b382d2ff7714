"""Whether a LoRA answers to a word: beyond what the word does by itself, and beyond a placebo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.domain.probing import NO_WORDS, Interval
from loradex.probe.effects import Place, along, change_sizes, coherence, moves, over_pairs
from loradex.probe.features import distance
from loradex.probe.limits import COHERENT, Decision, above
from loradex.probe.samples import Pair, Samples

if TYPE_CHECKING:
    from loradex.probe.pictures import Pixels


@dataclass(frozen=True, slots=True)
class Answer:
    """What a word does to the LoRA's pictures at one strength, as shares of the whole change.

    `gain`: how much larger the LoRA's change is with the word than with the placebo. `turn`: how
    much further apart word and placebo are with the LoRA than on the checkpoint alone. `pull`: how
    much further pictures go with the word than with the placebo, in the direction of their look.
    `repeats`: how much of the change with the word is there without it, pixel for pixel. `way`: how
    far the change without the word goes in the direction of that with it, by the look of the
    pictures, wherever things are; None where the change with the word has no direction that
    pictures have in common, as for `pull`. All are ratios of means over the same pairs, with the
    jackknife's interval.
    """

    word: str
    placebo: str
    strength: float
    gain: Interval
    turn: Interval
    repeats: Interval
    way: Interval | None = None
    pull: Interval | None = None

    @property
    def score(self) -> Interval:
        """The surest of gain, turn and pull: a word may add to the change, or make it another."""
        return max(self._signs, key=lambda interval: (interval.low, interval.mean))

    @property
    def _signs(self) -> tuple[Interval, ...]:
        return (self.gain, self.turn, *([self.pull] if self.pull else []))

    @property
    def leak(self) -> Interval:
        """How much of the change is there without the word.

        The larger of both counts: a word may move things about, so that pixels do not repeat while
        the look does, and a change may have no look in common, but repeat picture by picture.
        """
        if self.way is None or self.way.mean < self.repeats.mean:
            return self.repeats
        return self.way

    def answered(self, limit: float) -> Decision:
        """Tell whether one of the signs is above the limit; not when all are surely below."""
        decisions = {above(one, limit) for one in self._signs}
        if Decision.YES in decisions:
            return Decision.YES
        return Decision.NO if decisions == {Decision.NO} else Decision.OPEN

    def leaks(self, limit: float) -> Decision:
        """Tell whether most of the change is there without the word; not when both are below."""
        known = [self.repeats, *([self.way] if self.way else [])]
        decisions = {above(one, limit) for one in known}
        if Decision.YES in decisions:
            return Decision.YES
        return Decision.NO if decisions == {Decision.NO} else Decision.OPEN


def answer(samples: Samples, strength: float, word: str, placebo: str) -> Answer:
    """Return how the LoRA answers to a word.

    Needs whole pictures with the word, the placebo and nothing, each with and without the LoRA,
    of two prompts or seeds at least; without them every interval is open.
    """
    called = change_sizes(samples, Place(strength, word))
    mocked = change_sizes(samples, Place(strength, placebo))
    silent = set(samples.whole(strength, NO_WORDS))
    turned = _turns(samples, strength, word, placebo)
    pairs = sorted(called.keys() & mocked.keys() & silent & turned.keys())

    def share(of: Callable[[Pair], float]) -> Interval:
        def ratio(chosen: Sequence[Pair]) -> float:
            whole = sum(called[pair] for pair in chosen)
            return sum(of(pair) for pair in chosen) / whole if whole > 0 else float("nan")

        return over_pairs(ratio, pairs)

    mocking = _way(samples, strength, word, placebo, pairs)
    return Answer(
        word=word,
        placebo=placebo,
        strength=strength,
        gain=share(lambda pair: called[pair] - mocked[pair]),
        turn=share(lambda pair: turned[pair]),
        repeats=_repeats(samples, strength, word, pairs),
        way=_way(samples, strength, word, NO_WORDS, pairs),
        pull=None if mocking is None else _rest(mocking),
    )


def _rest(share: Interval) -> Interval:
    """Return what is missing to the whole."""
    return Interval(1 - share.mean, 1 - share.high, 1 - share.low, share.pairs)


def _repeats(samples: Samples, strength: float, word: str, pairs: Sequence[Pair]) -> Interval:
    """Return how much of the change with a word the change without it repeats in the same pixels.

    The projection of the one on the other: 1 for the same change, 0 for one of no relation.
    """
    called = {pair: _change(samples, pair, strength, word) for pair in pairs}
    silent = {pair: _change(samples, pair, strength, NO_WORDS) for pair in pairs}
    products = {pair: float((silent[pair] * called[pair]).sum()) for pair in pairs}
    wholes = {pair: float((called[pair] ** 2).sum()) for pair in pairs}

    def projection(chosen: Sequence[Pair]) -> float:
        whole = sum(wholes[pair] for pair in chosen)
        return sum(products[pair] for pair in chosen) / whole if whole > 0 else float("nan")

    return over_pairs(projection, pairs)


def _change(samples: Samples, pair: Pair, strength: float, words: str) -> Pixels:
    new = samples.at(pair, strength, words).features
    old = samples.at(pair, 0.0, words).features
    assert new is not None and old is not None  # noqa: S101 - whole pairs have both
    return new.pixels - old.pixels


def _way(
    samples: Samples, strength: float, word: str, other: str, pairs: Sequence[Pair]
) -> Interval | None:
    """Return how far the change with other words goes along the change with the word."""
    called = moves(samples, Place(strength, word))
    if coherence(called, pairs) < COHERENT:
        return None
    return along(moves(samples, Place(strength, other)), called, pairs)


def _turns(samples: Samples, strength: float, word: str, placebo: str) -> dict[Pair, float]:
    """Return how much further the word is from the placebo with the LoRA than without it."""
    pairs = set(samples.whole(strength, word)) & set(samples.whole(strength, placebo))
    found = {}
    for pair in pairs:
        with_lora = _apart(samples, pair, strength, word, placebo)
        without = _apart(samples, pair, 0.0, word, placebo)
        found[pair] = with_lora - without
    return found


def _apart(samples: Samples, pair: Pair, strength: float, one: str, other: str) -> float:
    first = samples.at(pair, strength, one).features
    second = samples.at(pair, strength, other).features
    assert first is not None and second is not None  # noqa: S101 - whole pairs have both
    return distance(first.pixels, second.pixels)
