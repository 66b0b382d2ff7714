"""What a probe knows so far: whether the LoRA acts, and which of its words are answered."""

from __future__ import annotations

from dataclasses import dataclass

from loradex.domain.probing import NO_WORDS, Interval
from loradex.probe import limits
from loradex.probe.answers import Answer, answer
from loradex.probe.effects import Place, effect, one_way, seed_distance
from loradex.probe.inquiry import Inquiry, TriedWord
from loradex.probe.limits import Decision, above
from loradex.probe.samples import Samples


@dataclass(frozen=True, slots=True)
class State:
    """The samples of a probe, and what they say by now. `floor` is the noise floor in 1/255."""

    inquiry: Inquiry
    samples: Samples
    floor: float

    @property
    def seed_distance(self) -> float:
        """How far pictures of the checkpoint alone are apart, in steps of 1/255."""
        return self.samples.once("apart", lambda: seed_distance(self.samples))

    def effect(self, place: Place) -> Interval | None:
        """Return the effect at a place in steps of 1/255; None where nothing was drawn whole."""

        def look() -> Interval | None:
            whole = self.samples.whole(place.strength, place.words)
            return effect(self.samples, place) if whole else None

        return self.samples.once(("effect", place), look)

    def share(self, place: Place) -> Interval | None:
        """Return the effect as a share of what another prompt or seed changes."""
        found = self.effect(place)
        apart = self.seed_distance
        if found is None or apart <= 0:
            return None
        return Interval(found.mean / apart, found.low / apart, found.high / apart, found.pairs)

    def acts(self, place: Place) -> Decision:
        """Tell whether the LoRA does anything at a place.

        Broken pictures are an effect, too.
        """
        if self.samples.broken(place.strength, place.words):
            return Decision.YES
        found, apart = self.effect(place), self.seed_distance
        if found is None:
            return Decision.OPEN
        return above(found, max(limits.FLOORS * self.floor, limits.ACTS * apart))

    def always(self, strength: float) -> Decision:
        """Tell whether the LoRA does without words what it does.

        Not when it merely moves each picture a little in its own way, as models do that wait for
        their word: then it is open what it learnt.
        """
        acts = self.acts(Place(strength))
        share = self.share(Place(strength))
        if acts is not Decision.YES or share is None:
            return acts
        if share.low > limits.LARGE or self._goes_one_way(strength):
            return Decision.YES
        return Decision.YES if self._waits_for_none(strength) else Decision.OPEN

    def _goes_one_way(self, strength: float) -> bool:
        found = self.one_way(strength)
        surely = limits.above(limits.early(found, limits.SURE_PAIRS), limits.ONE_WAY)
        return found.pairs >= limits.FEW_PAIRS and surely is Decision.YES

    def _waits_for_none(self, strength: float) -> bool:
        """Tell whether every word that its captions may call it by was tried, and none needed."""
        words = (*self.inquiry.words, *self.inquiry.mined)
        known = bool(words) and self.inquiry.every_word
        return known and all(self.needless(word, strength) for word in words)

    def needless(self, word: TriedWord, strength: float) -> bool:
        """Tell whether the LoRA surely does not wait for a word: that brings half of the change."""
        found = self.answer(word, strength)
        return (
            self.answered(word, strength) is Decision.NO
            or self.leaks(word, strength) is Decision.YES
            or (found is not None and found.brings_less(limits.MOST))
        )

    def one_way(self, strength: float) -> Interval:
        """Return which share of the change without words goes one way, whatever the prompt."""
        place = Place(strength)
        return self.samples.once(("one way", place), lambda: one_way(self.samples, place))

    def answer(self, word: TriedWord, strength: float) -> Answer | None:
        """Return how a word is answered; None where too little was drawn."""

        def ask() -> Answer | None:
            contexts = (NO_WORDS, word.text, word.placebo)
            drawn = [set(self.samples.whole(strength, words)) for words in contexts]
            if len(set.intersection(*drawn)) < 2:
                return None
            return answer(self.samples, strength, word.text, word.placebo)

        return self.samples.once(("answer", word, strength), ask)

    def answered(self, word: TriedWord, strength: float) -> Decision:
        """Tell whether a word is answered. One of a LoRA that never acts is not."""
        found = self.answer(word, strength)
        if found is None:
            return Decision.OPEN
        places = [Place(strength, words) for words in (word.text, NO_WORDS)]
        if all(self.acts(place) is Decision.NO for place in places):
            return Decision.NO
        share = self.share(Place(strength, word.text))
        least = limits.ANSWERS_OF_SEEDS / share.mean if share and share.mean > 0 else 0.0
        return found.answered(max(limits.ANSWERS, least))

    def leaks(self, word: TriedWord, strength: float) -> Decision:
        """Tell whether the LoRA does most of what it does without the word, too."""
        found = self.answer(word, strength)
        return Decision.OPEN if found is None else found.leaks(limits.MOST)
