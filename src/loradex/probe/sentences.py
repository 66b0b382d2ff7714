"""Findings in words. They say that pictures change, respond, collapse or clip: never that they are
good, or what they look like.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from loradex.domain.verdicts import VerdictKind
from loradex.probe.inquiry import TriedWord

Numbers = Mapping[str, float]


def no_effect(strength: float, numbers: Numbers) -> str:
    """Say that pictures do not change."""
    return (
        f"At strength {strength:g} pictures change by {_share(numbers, 'share')} of what another"
        f" picture changes ({numbers.get('effect_floors', 0):.1f} times the noise floor), with and"
        " without its words: no effect."
    )


def always_on(strength: float, numbers: Numbers) -> str:
    """Say that pictures change without a trigger word."""
    return (
        f"Pictures change without any trigger word: by {_share(numbers, 'share')} of what another"
        f" picture changes at strength {strength:g}."
    )


def waits_for_a_word(strength: float, numbers: Numbers) -> str:
    """Say that pictures change, each in its own way, and what would tell why."""
    return (
        f"Without a word that works pictures change at strength {strength:g} by"
        f" {_share(numbers, 'share')} of what another prompt or seed changes, each in its"
        " own way: it may wait for a word that is not known. Words to try (--word) or more seeds"
        " would tell."
    )


def effect_open(strength: float, numbers: Numbers) -> str:
    """Say that it is open whether pictures change, and what would tell."""
    return (
        f"Whether pictures change at strength {strength:g} is open"
        f" ({_span(numbers, 'share')} of what another prompt or seed changes); more seeds would"
        " tell."
    )


def on_word(kind: VerdictKind, word: TriedWord, numbers: Numbers) -> str:
    """Say what a word does."""
    name = f"‘{word.text}’"
    beyond = f"{_part(numbers, 'score')} of the change"
    without = f"{_part(numbers, 'leak')} of the change"
    if kind is VerdictKind.DEAD_TRIGGER:
        return (
            f"{name} does no more than the meaningless ‘{word.placebo}’"
            f" ({_span(numbers, 'score')} of the change)."
        )
    if kind is VerdictKind.REDUNDANT_TRIGGER:
        return f"{name} is answered ({beyond}), but {without} is there without it."
    if kind is VerdictKind.NEEDS_TRIGGER:
        found = " from the training captions" if word.source == "header" else ""
        return f"{name}{found} is answered: {beyond} is due to it; {without} is there without it."
    return (
        f"Whether {name} is answered or needed is open (due to it: {_span(numbers, 'score')};"
        f" without it: {_span(numbers, 'leak')}); more seeds would tell."
    )


def partly_needed(word: TriedWord, numbers: Numbers) -> str:
    """Say that a word is answered, and that it is open whether it is needed."""
    return (
        f"‘{word.text}’ is answered ({_part(numbers, 'score')} of the change), but"
        f" {_span(numbers, 'leak')} of the change is there without it: neither needed nor"
        " superfluous for sure; more seeds would tell."
    )


def out_of_time() -> str:
    """Say that the time was up."""
    return "The time was up before everything was measured; probe again to go on."


def _share(numbers: Numbers, name: str) -> str:
    return f"{100 * max(numbers.get(name, 0.0), 0.0):.0f} %"


def _part(numbers: Numbers, name: str) -> str:
    """Return a part of the whole: as measured it may come to a little more than all."""
    return f"{100 * min(max(numbers.get(name, 0.0), 0.0), 1.0):.0f} %"


def _span(numbers: Numbers, name: str) -> str:
    low, high = numbers.get(f"{name}_low", 0.0), numbers.get(f"{name}_high", 0.0)
    if not (isfinite(low) and isfinite(high)):
        return "too few pictures to tell"
    return f"{100 * low:.0f} to {100 * high:.0f} %"
