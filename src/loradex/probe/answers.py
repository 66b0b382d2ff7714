"""Whether a LoRA answers to a word: beyond what the word does by itself, and beyond a placebo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

from loradex.domain.probing import NO_WORDS, Interval
from loradex.probe.effects import Place, along, coherence, moves, over_pairs
from loradex.probe.limits import COHERENT, MOST, SURE_PAIRS, Decision, above, early
from loradex.probe.samples import Pair, Samples

if TYPE_CHECKING:
    from loradex.probe.pictures import Pixels


@dataclass(frozen=True, slots=True)
class Answer:
    """What a word does to the LoRA's pictures at one strength, as shares of the whole change.

    `news`: how much of the change with the word is not there with the placebo, pixel for pixel.
    `beyond`: the same, less what the placebo's change has that is not there without any word: each
    word moves pictures a little. `gain`: how much larger the change is than with the placebo.
    `turn`: how much further apart word and placebo are with the LoRA than on the checkpoint alone:
    a word that means something moves things there, too. `repeats`: how much of the change with the
    word is there without it, pixel for pixel. `way`: how far the change without the word goes in
    the direction of that with it, by the look of the pictures, wherever things are; None where the
    change with the word has no direction that pictures have in common. All are ratios of means
    over the same pairs, with the jackknife's interval.
    """

    word: str
    placebo: str
    strength: float
    news: Interval
    beyond: Interval
    gain: Interval
    turn: Interval
    repeats: Interval
    way: Interval | None = None

    @property
    def score(self) -> Interval:
        """How much of the change is due to the word: the smaller of news and beyond."""
        return min(self.news, self.beyond, key=lambda interval: interval.high)

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
        """Tell whether the news are above the limit, and more than any word brings, and more than
        the word does to the checkpoint alone.

        Not when the news, or what is beyond any word's, are surely too little, and the change is
        surely not half as large again, or half as much another.
        """
        no_more = above(early(self.beyond, SURE_PAIRS), limit / 2) is Decision.NO
        too_little = no_more or above(self.news, limit) is Decision.NO
        if too_little and self.brings_less(MOST):
            return Decision.NO
        more = self.beyond.low > 0 and max(self.gain.low, self.turn.low) > 0
        return Decision.YES if more and self.news.low > limit else Decision.OPEN

    def brings_less(self, limit: float) -> bool:
        """Tell whether the word surely neither enlarges the change nor turns it by so much."""
        return max(self.gain.high, self.turn.high) < limit

    def leaks(self, limit: float) -> Decision:
        """Tell whether most of the change is there without the word; not when both are below.

        Either of two numbers may say so, so that first looks have to be surer of it.
        """
        known = [self.repeats, *([self.way] if self.way else [])]
        if any(above(early(one, SURE_PAIRS), limit) is Decision.YES for one in known):
            return Decision.YES
        below = all(above(one, limit) is Decision.NO for one in known)
        return Decision.NO if below else Decision.OPEN


def answer(samples: Samples, strength: float, word: str, placebo: str) -> Answer:
    """Return how the LoRA answers to a word.

    Needs whole pictures with the word, the placebo and nothing, each with and without the LoRA,
    of two prompts or seeds at least; without them every interval is open.
    """
    contexts = (word, placebo, NO_WORDS)
    pairs = sorted(set.intersection(*(set(samples.whole(strength, one)) for one in contexts)))
    products = {pair: _products(samples, pair, strength, contexts) for pair in pairs}

    def share(part: Callable[[Products], float]) -> Interval:
        def ratio(chosen: Sequence[Pair]) -> float:
            whole = sum(products[pair].called for pair in chosen)
            some = sum(part(products[pair]) for pair in chosen)
            return some / whole if whole > 0 else float("nan")

        return over_pairs(ratio, pairs)

    def share_of_size(part: Callable[[Products], float]) -> Interval:
        def ratio(chosen: Sequence[Pair]) -> float:
            whole = sum(products[pair].called ** 0.5 for pair in chosen)
            some = sum(part(products[pair]) for pair in chosen)
            return some / whole if whole > 0 else float("nan")

        return over_pairs(ratio, pairs)

    return Answer(
        word=word,
        placebo=placebo,
        strength=strength,
        news=share(lambda of: of.called - of.called_mocked),
        beyond=share(lambda of: of.called - of.called_mocked - of.mocked + of.mocked_silent),
        gain=share_of_size(lambda of: of.called**0.5 - of.mocked**0.5),
        turn=share_of_size(lambda of: of.turned),
        repeats=share(lambda of: of.called_silent),
        way=_way(samples, strength, word, NO_WORDS, pairs),
    )


@dataclass(frozen=True, slots=True)
class Products:
    """Inner products of one pair's changes: with the word, with the placebo, without any.

    `turned` is how much further the pictures with word and placebo are apart with the LoRA than
    without it, as the root of a sum like the others.
    """

    called: float
    mocked: float
    called_mocked: float
    called_silent: float
    mocked_silent: float
    turned: float


def _products(samples: Samples, pair: Pair, strength: float, contexts: Sequence[str]) -> Products:
    called, mocked, silent = (_change(samples, pair, strength, one) for one in contexts)
    return Products(
        called=float((called**2).sum()),
        mocked=float((mocked**2).sum()),
        called_mocked=float((called * mocked).sum()),
        called_silent=float((called * silent).sum()),
        mocked_silent=float((mocked * silent).sum()),
        turned=_apart(samples, pair, strength, contexts) - _apart(samples, pair, 0.0, contexts),
    )


def _apart(samples: Samples, pair: Pair, strength: float, contexts: Sequence[str]) -> float:
    first = samples.at(pair, strength, contexts[0]).features
    second = samples.at(pair, strength, contexts[1]).features
    assert first is not None and second is not None  # noqa: S101 - whole pairs have both
    return sqrt(float(((first.pixels - second.pixels) ** 2).sum()))


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
