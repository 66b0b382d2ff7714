"""What a probe wants to know of a LoRA, and the points that stand for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from loradex.domain.probing import NO_WORDS, Depth, ProbePoint
from loradex.probe.samples import Pair

FIRST_PAIRS = 4
"""Pairs of the first look: each with a seed of its own, over three prompts."""
FEW_PROMPTS = 3


@dataclass(frozen=True, slots=True)
class TriedWord:
    """A word to try, and the meaningless one of as many tokens that it is compared with.

    `source` is `claimed`, `asked` (by the person) or `header` (of the training captions).
    """

    text: str
    source: str
    placebo: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Inquiry:
    """The prompts, counted, the seeds and the words of a probe. `mined` words are the last to be
    tried: only where the others leave open what the LoRA does. `every_word` says that these are all
    that its training captions may call it by.
    """

    prompts: int
    seeds: tuple[int, ...]
    words: tuple[TriedWord, ...]
    mined: tuple[TriedWord, ...]
    depth: Depth
    every_word: bool = False

    @property
    def most_pairs(self) -> int:
        """How many pairs may be spent on what stays open."""
        every = self.prompts * len(self.seeds)
        most = {Depth.QUICK: FIRST_PAIRS, Depth.NORMAL: 16, Depth.THOROUGH: 24}
        return min(most[self.depth], every)

    @property
    def most_alone(self) -> int:
        """How many pairs may be spent on what is there without words: that is one picture each."""
        every = self.prompts * len(self.seeds)
        return min(FIRST_PAIRS if self.depth is Depth.QUICK else 24, every)

    def pairs(self, count: int) -> list[Pair]:
        """Return the first pairs of prompt and seed, seeds and prompts spread evenly.

        Among the first few one prompt comes with two seeds, so that these can be compared.
        """
        return [
            ((number % FEW_PROMPTS + start) % self.prompts, seed)
            for start in range(self.prompts)
            for number, seed in enumerate(self.seeds)
        ][:count]

    def points(
        self, count: int, strengths: Iterable[float], words: Iterable[str]
    ) -> list[ProbePoint]:
        """Return the first pairs at these strengths and words, and the base's beside each."""
        strengths, words = tuple(strengths), tuple(words)
        return list(dict.fromkeys(self._points(count, (0.0, *strengths), words)))

    def _points(
        self, count: int, strengths: tuple[float, ...], words: tuple[str, ...]
    ) -> Iterator[ProbePoint]:
        for word in words:
            for strength in strengths:
                for prompt, seed in self.pairs(count):
                    yield ProbePoint(prompt, seed, strength, word)


def contexts(words: Iterable[TriedWord]) -> list[str]:
    """Return what stands in front of prompts: nothing, each word, each placebo."""
    words = tuple(words)
    found = (NO_WORDS, *(word.text for word in words), *(word.placebo for word in words))
    return list(dict.fromkeys(found))
