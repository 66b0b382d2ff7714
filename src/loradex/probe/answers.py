"""Whether a LoRA answers to a word: beyond what the word does by itself, and beyond a placebo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loradex.domain.probing import NO_WORDS, Interval
from loradex.probe.effects import Place, change_sizes, over_pairs
from loradex.probe.features import distance
from loradex.probe.samples import Pair, Samples


@dataclass(frozen=True, slots=True)
class Answer:
    """What a word does to the LoRA's pictures at one strength, as shares of the whole change.

    `gain`: how much larger the LoRA's change is with the word than with the placebo. `turn`: how
    much further apart word and placebo are with the LoRA than on the checkpoint alone. `leak`: how
    large the change is without any word. All are ratios of means over the same pairs, with the
    jackknife's interval.
    """

    word: str
    placebo: str
    strength: float
    gain: Interval
    turn: Interval
    leak: Interval

    @property
    def score(self) -> Interval:
        """The larger of gain and turn: a word may add to the change, or make it another."""
        return max(self.gain, self.turn, key=lambda interval: interval.mean)


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
        leak=share(lambda pair: silent[pair]),
    )


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
