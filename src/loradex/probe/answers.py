"""Whether a LoRA answers to a word: beyond what the word does by itself, and beyond a placebo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loradex.domain.probing import NO_WORDS, Interval
from loradex.probe.effects import Place, along, change_sizes, coherence, moves, over_pairs
from loradex.probe.features import distance
from loradex.probe.limits import COHERENT, Decision, above
from loradex.probe.samples import Pair, Samples


@dataclass(frozen=True, slots=True)
class Answer:
    """What a word does to the LoRA's pictures at one strength, as shares of the whole change.

    `gain`: how much larger the LoRA's change is with the word than with the placebo. `turn`: how
    much further apart word and placebo are with the LoRA than on the checkpoint alone.
    `silent_size`: how large the change is without any word. `silent_way`: how far it goes in the
    direction of the change with the word, by the look of the pictures; None where the change with
    the word has no direction that pictures have in common. All are ratios of means over the same
    pairs, with the jackknife's interval.
    """

    word: str
    placebo: str
    strength: float
    gain: Interval
    turn: Interval
    silent_size: Interval
    silent_way: Interval | None = None

    @property
    def score(self) -> Interval:
        """The surer of gain and turn: a word may add to the change, or make it another."""
        return max(self.gain, self.turn, key=lambda interval: (interval.low, interval.mean))

    @property
    def leak(self) -> Interval:
        """How much of the change is there without the word.

        Pictures that change another way without the word do not show what the word calls: a LoRA
        moves things a little at every prompt. So the smaller of size and way counts.
        """
        if self.silent_way is None or self.silent_way.mean > self.silent_size.mean:
            return self.silent_size
        return self.silent_way

    def answered(self, limit: float) -> Decision:
        """Tell whether gain or turn is above the limit; not when both are surely below."""
        decisions = {above(one, limit) for one in (self.gain, self.turn)}
        if Decision.YES in decisions:
            return Decision.YES
        return Decision.NO if decisions == {Decision.NO} else Decision.OPEN

    def leaks(self, limit: float) -> Decision:
        """Tell whether the change without the word is above the limit, in size and in its way."""
        known = [self.silent_size, *([self.silent_way] if self.silent_way else [])]
        decisions = {above(one, limit) for one in known}
        if Decision.NO in decisions:
            return Decision.NO
        return Decision.YES if decisions == {Decision.YES} else Decision.OPEN


def answer(samples: Samples, strength: float, word: str, placebo: str) -> Answer:
    """Return how the LoRA answers to a word.

    Needs whole pictures with the word, the placebo and nothing, each with and without the LoRA,
    of two prompts or seeds at least; without them every interval is open.
    """
    called = change_sizes(samples, Place(strength, word))
    mocked = change_sizes(samples, Place(strength, placebo))
    silent = change_sizes(samples, Place(strength, NO_WORDS))
    turned = _turns(samples, strength, word, placebo)
    pairs = sorted(called.keys() & mocked.keys() & silent.keys() & turned.keys())

    def share(of: Callable[[Pair], float]) -> Interval:
        def ratio(chosen: Sequence[Pair]) -> float:
            whole = sum(called[pair] for pair in chosen)
            return sum(of(pair) for pair in chosen) / whole if whole > 0 else float("nan")

        return over_pairs(ratio, pairs)

    return Answer(
        word=word,
        placebo=placebo,
        strength=strength,
        gain=share(lambda pair: called[pair] - mocked[pair]),
        turn=share(lambda pair: turned[pair]),
        silent_size=share(lambda pair: silent[pair]),
        silent_way=_way(samples, strength, word, pairs),
    )


def _way(samples: Samples, strength: float, word: str, pairs: Sequence[Pair]) -> Interval | None:
    """Return how far the change without words goes along the change with the word."""
    called = moves(samples, Place(strength, word))
    if coherence(called, pairs) < COHERENT:
        return None
    return along(moves(samples, Place(strength, NO_WORDS)), called, pairs)


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
