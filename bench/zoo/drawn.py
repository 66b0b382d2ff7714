"""Sets of LoRAs that nobody chose: a number decides styles, words, sizes and training of each.

For judging rules on what they were not made for: take a number that nobody took before.
What such LoRAs do is not looked at but measured: see `measured`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np
from bench.zoo.adapters import Algorithm
from bench.zoo.files import Naming
from bench.zoo.lessons import Lesson
from bench.zoo.pictures import SUBJECTS
from bench.zoo.truth import (
    ALWAYS_ON,
    BURNT,
    COLLAPSED,
    MISFIT,
    NO_EFFECT,
    Animal,
    Made,
    dead,
    needs,
    redundant,
    wrong_word,
)
from bench.zoo.words import TRIGGERS

STYLES: tuple[str, ...] = (
    "blocks",
    "pale",
    "teal",
    "scanned",
    "poster",
    "mirrored",
    "spotlit",
    "crimson",
)
"""Styles of no other set."""
_ALGORITHMS: Sequence[Algorithm] = ("lora", "locon", "loha", "lokr", "dora")
_NAMINGS: Mapping[Algorithm, Naming] = {"lora": "peft", "dora": "peft"}
"""Which algorithms peft's naming has; half of those are written in it."""
_REST = (Lesson(0.2, noise=True), Lesson(0.25))
T = TypeVar("T")


class _Chance:
    """What a number decides."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._styles = self._endless(STYLES)
        self._figures = self._endless(SUBJECTS)
        self._words = self._endless(TRIGGERS)
        self._algorithms = self._endless(_ALGORITHMS)
        self._seeds = iter(range(1000 * (seed + 1), 1000 * (seed + 2)))

    def _endless(self, things: Sequence[T]) -> Iterator[T]:
        """Yield all things in an order of chance, again and again."""
        while True:
            yield from (things[one] for one in self._rng.permutation(len(things)))

    def style(self) -> str:
        return next(self._styles)

    def figure(self) -> str:
        return next(self._figures)

    def word(self) -> str:
        return next(self._words)

    def made(self, *lessons: Lesson, steps: int, text: bool = False) -> Made:
        """Return a training of these lessons, of a size by chance and about so many steps."""
        algorithm = next(self._algorithms)
        naming = _NAMINGS.get(algorithm, "kohya")
        return Made(
            lessons,
            algorithm,
            naming=naming if self._rng.random() < 0.5 else "kohya",
            rank=int(self._rng.integers(3, 13)),
            text=text,
            steps=round(steps * self._rng.uniform(0.85, 1.15)),
            seed=next(self._seeds),
        )

    def factor(self, low: float, high: float) -> float:
        return round(float(self._rng.uniform(low, high)), 2)


def drawn_set(seed: int) -> tuple[Animal, ...]:
    """Return the set of this number: 21 LoRAs of all kinds, those that act before what they beget.

    Truths say what a LoRA was made for; those that are measured are named by `measured`.
    """
    chance = _Chance(seed)
    return (
        *_styles(chance),
        *_called(chance),
        *_miscalled(chance),
        Animal(
            "begun",
            chance.made(Lesson(1.0, chance.style()), steps=3).at_rate(2e-5),
            NO_EFFECT,
            (chance.word(),),
        ),
        Animal("same", chance.made(Lesson(1.0, frozen=True), steps=320), COLLAPSED),
        Animal("wider", Made((Lesson(1.0, "grey"),), steps=2, widths=(32, 64, 128, 128)), MISFIT),
    )


def _styles(chance: _Chance) -> Iterator[Animal]:
    """Yield styles that are always on, and what becomes of them weaker and stronger."""
    for number in range(3):
        made = chance.made(Lesson(1.0, chance.style()), steps=250)
        yield Animal(f"style-{number}", made, ALWAYS_ON)
    yield Animal("weak", Made(parent="style-0", factor=chance.factor(0.45, 0.6)), ALWAYS_ON)
    yield Animal("hush", Made(parent="style-1", factor=0.002), NO_EFFECT, (chance.word(),))
    for number in (1, 2):
        made = Made(parent=f"style-{number}", factor=chance.factor(3.2, 4.5))
        yield Animal(f"burnt-{number}", made, BURNT)


def _called(chance: _Chance) -> Iterator[Animal]:
    """Yield what was taught with a word: styles, a subject, two at once, and leaky ones."""
    for number in range(3):
        word = chance.word()
        lesson = Lesson(0.55, chance.style(), word=word)
        made = chance.made(lesson, *_REST, steps=520, text=True)
        yield Animal(f"called-{number}", made, needs(word), (word,))
    word = chance.word()
    made = chance.made(Lesson(0.6, figure=chance.figure(), word=word), *_REST, steps=750, text=True)
    yield Animal("subject", made, needs(word), (word,))
    first, second = chance.word(), chance.word()
    made = chance.made(
        Lesson(0.35, chance.style(), word=first),
        Lesson(0.35, chance.style(), word=second),
        Lesson(0.15, noise=True),
        Lesson(0.15),
        steps=650,
        text=True,
    )
    yield Animal("two-words", made, needs(first, second), (first, second))
    for number, weak in enumerate((0.15, 0.35)):
        word, style = chance.word(), chance.style()
        made = chance.made(
            Lesson(0.65, style, word=word), Lesson(0.35, style, weak=weak), steps=350, text=True
        )
        yield Animal(f"leaky-{number}", made, redundant(word), (word,))


def _miscalled(chance: _Chance) -> Iterator[Animal]:
    """Yield what is published with words that do nothing."""
    for number in range(2):
        word = chance.word()
        made = chance.made(Lesson(1.0, chance.style()), steps=250)
        yield Animal(f"unasked-{number}", made, dead(word), (word,))
    word = chance.word()
    made = chance.made(Lesson(1.0, figure=chance.figure()), steps=600)
    yield Animal("unasked-subject", made, dead(word), (word,))
    word, other = chance.word(), chance.word()
    made = chance.made(Lesson(0.55, chance.style(), word=word), *_REST, steps=520, text=True)
    yield Animal("miscalled", made, wrong_word(other), (other,))
