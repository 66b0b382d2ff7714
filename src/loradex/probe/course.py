"""The order in which a probe looks: little at first, more only where that leaves something open.

A course yields the points to draw next, and goes on when they are in the samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loradex.domain.probing import NO_WORDS, Depth, ProbePoint
from loradex.probe.curve import Curve, curve_of
from loradex.probe.effects import Place
from loradex.probe.inquiry import FIRST_PAIRS, TriedWord, contexts
from loradex.probe.limits import Decision
from loradex.probe.state import State

Points = Iterator[list[ProbePoint]]

STRONGEST = 2.0
_CURVE = (0.5, 1.5)
_STEP = 0.25
"""Strengths are narrowed down to this."""
_LEAST = 0.15
"""Below this nobody uses a LoRA: what burns already here burns."""
_MORE = 4
"""Pairs that are added at a time."""
_MINED_PAIRS = 8
"""Of a word of the captions: what a model waits for shows soon."""


def course(state: State) -> Points:
    """Yield points until the verdict is as sure as the inquiry's depth allows."""
    inquiry = state.inquiry
    yield from _first_look(state, 1.0, inquiry.words)
    if not _acts_somewhere(state, 1.0, inquiry.words):
        yield from _first_look(state, STRONGEST, inquiry.words)
    strength = tested_strength(state)
    if not _explained(state, strength):
        yield from _one_way(state, strength)
    if inquiry.mined and not _explained(state, strength):
        yield from _mined(state, strength)
    if not _acts_somewhere(state, strength, (*inquiry.words, *inquiry.mined)):
        return
    yield from _strengths(state, best_words(state, strength))
    # What was clear by few pairs may not be by those that strengths were drawn with.
    if not _explained(state, strength):
        yield from _one_way(state, strength)


def tested_strength(state: State) -> float:
    """Return the strength at which words are compared: 1, or the strongest where 1 does nothing."""
    return (
        STRONGEST
        if _drawn(state, Place(STRONGEST)) and not _acts_somewhere(state, 1.0, state.inquiry.words)
        else 1.0
    )


def _first_look(
    state: State, strength: float, words: Sequence[TriedWord], most: int | None = None
) -> Points:
    """Draw without words, with each and with its placebo; add seeds while something is open."""
    count = FIRST_PAIRS
    most = state.inquiry.most_pairs if most is None else min(most, state.inquiry.most_pairs)
    open_words = contexts(words)
    while open_words and count <= most:
        yield state.inquiry.points(count, (strength,), open_words)
        open_words = open_contexts(state, strength, words)
        count += _MORE


def _explained(state: State, strength: float) -> bool:
    """Tell whether it is known what makes the LoRA act: nothing, or one of its words."""
    return state.always(strength) is Decision.YES or any(
        state.answered(word, strength) is Decision.YES for word in state.inquiry.words
    )


def _one_way(state: State, strength: float) -> Points:
    """Look more often at what is there without words: that costs less than trying words."""
    count = FIRST_PAIRS + _MORE
    while state.always(strength) is Decision.OPEN and count <= state.inquiry.most_alone:
        yield state.inquiry.points(count, (strength,), (NO_WORDS,))
        count += _MORE


def open_contexts(state: State, strength: float, words: Sequence[TriedWord]) -> list[str]:
    """Return the words of the pictures of which more would decide something."""
    found: dict[str, None] = {}
    if state.acts(Place(strength)) is Decision.OPEN:
        found[NO_WORDS] = None
    for word in words:
        if word.source == "header" and state.needless(word, strength):
            continue
        answered, leaks = state.answered(word, strength), state.leaks(word, strength)
        if answered is Decision.OPEN or (answered is Decision.YES and leaks is Decision.OPEN):
            found |= dict.fromkeys((NO_WORDS, word.text, word.placebo))
    return list(found)


def _acts_somewhere(state: State, strength: float, words: Sequence[TriedWord]) -> bool:
    places = [Place(strength), *(Place(strength, word.text) for word in words)]
    return any(state.acts(place) is not Decision.NO for place in places if _drawn(state, place))


def _drawn(state: State, place: Place) -> bool:
    return bool(state.samples.pairs(place.strength, place.words))


def _mined(state: State, strength: float) -> Points:
    """Try words of the training captions, one after another, until one is answered."""
    most = 1 if state.inquiry.depth is Depth.QUICK else None
    for word in state.inquiry.mined[:most]:
        yield from _first_look(state, strength, (word,), _MINED_PAIRS)
        if state.answered(word, strength) is Decision.YES:
            return


def best_words(state: State, strength: float) -> str:
    """Return the word that is answered most, nothing where none is."""
    answers = [
        (found.score.mean, word.text)
        for word in (*state.inquiry.words, *state.inquiry.mined)
        if state.answered(word, strength) is Decision.YES
        and (found := state.answer(word, strength)) is not None
    ]
    return max(answers, default=(0.0, NO_WORDS))[1]


def _strengths(state: State, words: str) -> Points:
    """Draw the response over strength: two more strengths, then what lies at its bends."""
    yield state.inquiry.points(FIRST_PAIRS, (*_CURVE, 1.0), (words,))
    if state.inquiry.depth is Depth.QUICK:
        return
    tried: set[float] = set()
    while True:
        wanted = [one for one in _wanted(state, curve_of(state, words)) if one not in tried]
        if not wanted:
            break
        tried |= set(wanted)
        yield state.inquiry.points(FIRST_PAIRS, wanted, (words,))
    yield from _confirmed(state, words)


def _confirmed(state: State, words: str) -> Points:
    """Draw more seeds where the first few seem to collapse: two of one prompt may be alike."""
    count = FIRST_PAIRS + _MORE
    while count <= state.inquiry.most_pairs:
        levels = curve_of(state, words).levels
        level = next((one for one in levels if one.collapses), None)
        if level is None or len(state.samples.pairs(level.strength, words)) >= count:
            return
        yield state.inquiry.points(count, (level.strength,), (words,))


def _wanted(state: State, curve: Curve) -> list[float]:
    """Return the strengths that would tell where usable begins and ends."""
    wanted = []
    thorough = state.inquiry.depth is Depth.THOROUGH
    known = [point.strength for point in curve.points]
    if curve.upper_open and known[-1] < STRONGEST and (thorough or curve.still_rising):
        wanted.append(min(known[-1] + 0.5, STRONGEST))
    if curve.levels[0].burns and known[0] > _LEAST:
        wanted.append(known[0] / 2)
    for low, high in curve.bends:
        if high - low > (_STEP if thorough else 2 * _STEP) + 1e-9:
            wanted.append(round((low + high) / 2, 3))
    return wanted
