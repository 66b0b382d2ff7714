"""From what is known of a LoRA to findings: each a sentence with its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

from loradex.domain.probing import NO_WORDS, CurvePoint, Interval, WordScore
from loradex.domain.verdicts import Finding, VerdictKind
from loradex.probe import limits, sentences
from loradex.probe.answers import Answer
from loradex.probe.course import best_words, tested_strength
from loradex.probe.curve import curve_of
from loradex.probe.effects import Place
from loradex.probe.inquiry import TriedWord
from loradex.probe.limits import Decision
from loradex.probe.ranges import range_findings
from loradex.probe.state import State

_KINDS = VerdictKind


@dataclass(frozen=True, slots=True)
class Judged:
    """What a probe comes to. `words` are those in front of the curve's pictures."""

    findings: tuple[Finding, ...]
    curve: tuple[CurvePoint, ...]
    scores: tuple[WordScore, ...]
    words: str = NO_WORDS


def judge(state: State, *, stopped: bool = False) -> Judged:
    """Return the findings, the weightiest first; `stopped` probes say what was left open."""
    strength = tested_strength(state)
    words = best_words(state, strength)
    curve = curve_of(state, words)
    findings = list(_on_effect(state, strength))
    if not any(one.kind is _KINDS.NO_EFFECT for one in findings):
        findings += [*_on_words(state, strength), *range_findings(state, curve)]
    if stopped and not any(one.kind is _KINDS.UNDECIDED for one in findings):
        findings.append(Finding(_KINDS.UNDECIDED, sentences.out_of_time()))
    return Judged(tuple(findings), curve.points, tuple(_scores(state, strength)), words)


def _on_effect(state: State, strength: float) -> Iterator[Finding]:
    """Say whether the LoRA does anything, and whether it does it without a word."""
    silent = state.acts(Place(strength))
    called = [state.acts(Place(strength, word.text)) for word in _drawn(state, strength)]
    numbers = _effect_numbers(state, Place(strength))
    if silent is Decision.NO and all(one is Decision.NO for one in called):
        yield Finding(_KINDS.NO_EFFECT, sentences.no_effect(strength, numbers), numbers=numbers)
        return
    # While a word is open it may still turn out that nothing acts without it.
    if any(_may_need(state, word, strength) for word in _drawn(state, strength)):
        return
    always = state.always(strength)
    if always is Decision.YES:
        yield Finding(_KINDS.ALWAYS_ON, sentences.always_on(strength, numbers), numbers=numbers)
    elif silent is Decision.YES:
        sentence = sentences.waits_for_a_word(strength, numbers)
        yield Finding(_KINDS.UNDECIDED, sentence, numbers=numbers)
    elif not any(one is Decision.YES for one in called):
        yield Finding(_KINDS.UNDECIDED, sentences.effect_open(strength, numbers), numbers=numbers)


def _on_words(state: State, strength: float) -> Iterator[Finding]:
    """Say what each word does. Captions that nobody claims are only told when they are needed."""
    for word in _drawn(state, strength):
        found = state.answer(word, strength)
        if found is None:
            continue
        claimed = word.source != "header"
        numbers = _word_numbers(found)
        answered, leaks = state.answered(word, strength), state.leaks(word, strength)
        if answered is Decision.NO:
            kind = _KINDS.DEAD_TRIGGER
        elif answered is Decision.OPEN or leaks is Decision.OPEN:
            kind = _KINDS.UNDECIDED
        elif leaks is Decision.YES:
            kind = _KINDS.REDUNDANT_TRIGGER
        else:
            kind = _KINDS.NEEDS_TRIGGER
        if claimed or kind is _KINDS.NEEDS_TRIGGER:
            said = sentences.on_word(kind, word, numbers)
            if kind is _KINDS.UNDECIDED and answered is Decision.YES:
                said = sentences.partly_needed(word, numbers)
            yield Finding(kind, said, word=word.text, numbers=numbers)


def _may_need(state: State, word: TriedWord, strength: float) -> bool:
    """Tell whether the LoRA needs a word, or that is open; captions nobody claims need proof."""
    answered, leaks = state.answered(word, strength), state.leaks(word, strength)
    if word.source == "header":
        return answered is Decision.YES and leaks is Decision.NO
    return answered is not Decision.NO and leaks is not Decision.YES


def _drawn(state: State, strength: float) -> list[TriedWord]:
    """Return the words that were tried at a strength."""
    every = (*state.inquiry.words, *state.inquiry.mined)
    return [word for word in every if state.samples.pairs(strength, word.text)]


def _scores(state: State, strength: float) -> Iterator[WordScore]:
    for word in _drawn(state, strength):
        found = state.answer(word, strength)
        if found is not None:
            yield WordScore(
                word=word.text,
                source=word.source,
                tokens=word.tokens,
                placebo=word.placebo,
                strength=strength,
                score=found.score,
                leak=found.leak,
            )


def _effect_numbers(state: State, place: Place) -> dict[str, float]:
    effect, share = state.effect(place), state.share(place)
    numbers = {"floor": state.floor, "limit_floors": limits.FLOORS, "limit_share": limits.ACTS}
    if effect is not None:
        numbers |= {"pairs": effect.pairs, "effect_floors": effect.mean / state.floor}
    if share is not None:
        numbers |= _spelt("share", share)
        numbers |= _known("one_way", state.one_way(place.strength))
    return {name: round(value, 4) for name, value in numbers.items()}


def _word_numbers(found: Answer) -> dict[str, float]:
    numbers = {
        **_spelt("score", found.score),
        **_spelt("leak", found.leak),
        "pairs": found.score.pairs,
        "limit_score": limits.ANSWERS,
        "limit_leak": limits.MOST,
    }
    return {name: round(value, 4) for name, value in numbers.items()}


def _known(name: str, interval: Interval) -> dict[str, float]:
    return _spelt(name, interval) if isfinite(interval.low) else {}


def _spelt(name: str, interval: Interval) -> dict[str, float]:
    return {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}
