"""The zoo's LoRAs: how each is made, and what is true of it.

What is true is what its pictures show, which was looked at: strengths side by side, with and
without each word, over several seeds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bench.zoo.adapters import Algorithm
from bench.zoo.files import Naming
from bench.zoo.lessons import Lesson

from loradex.domain.verdicts import VerdictKind as Kind

Usable = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Made:
    """How a LoRA is trained. `parent` names one of the same set whose change is taken over, times
    `factor`, instead of training. `widths` are those of the U-Net it is for, if not the base's.
    """

    lessons: tuple[Lesson, ...] = ()
    algorithm: Algorithm = "lora"
    naming: Naming = "kohya"
    rank: int = 8
    text: bool = False
    steps: int = 250
    rate: float = 3e-3
    pictures: int = 160
    seed: int = 1
    parent: str = ""
    factor: float = 1.0
    widths: tuple[int, ...] = ()

    def at_rate(self, rate: float) -> Made:
        """Return the same training, as fast as this."""
        return replace(self, rate=rate)


@dataclass(frozen=True, slots=True)
class Truth:
    """What a probe should say. `expected` must be said, `acceptable` may be, and to say one of
    `forbidden` would be wrong with confidence. `words` has what is true of each word
    alone, or all that may be said of it.
    """

    expected: tuple[Kind, ...]
    acceptable: tuple[Kind, ...] = ()
    forbidden: tuple[Kind, ...] = ()
    words: Mapping[str, Kind | tuple[Kind, ...]] = field(default_factory=dict)
    usable: Usable | None = None


@dataclass(frozen=True, slots=True)
class Animal:
    """A LoRA of the zoo. `claimed` are the trigger words it is published with."""

    name: str
    made: Made
    truth: Truth
    claimed: tuple[str, ...] = ()


_WORKS = (Kind.USABLE, Kind.BEST)
_LIMITS = (Kind.BURNS, Kind.COLLAPSES)
_OPEN = (*_WORKS, *_LIMITS)

ALWAYS_ON = Truth(
    (Kind.ALWAYS_ON,),
    _OPEN,
    (Kind.NO_EFFECT, Kind.NEEDS_TRIGGER, Kind.DEAD_TRIGGER, Kind.DOES_NOT_FIT),
)
NO_EFFECT = Truth((Kind.NO_EFFECT,), (Kind.DEAD_TRIGGER,), (*_OPEN, Kind.ALWAYS_ON))
BURNT = Truth(
    (Kind.BURNS,), (*_WORKS, Kind.ALWAYS_ON, Kind.COLLAPSES), (Kind.NO_EFFECT, Kind.NEEDS_TRIGGER)
)
COLLAPSED = Truth((Kind.COLLAPSES,), (*_OPEN, Kind.ALWAYS_ON), (Kind.NO_EFFECT,))
MISFIT = Truth((Kind.DOES_NOT_FIT,), (), (*_OPEN, Kind.NO_EFFECT, Kind.ALWAYS_ON))


def needs(*words: str) -> Truth:
    """Return the truth of a LoRA that acts with each of these words, and hardly without one."""
    return Truth(
        (Kind.NEEDS_TRIGGER,),
        _OPEN,
        (Kind.NO_EFFECT, Kind.ALWAYS_ON, Kind.DEAD_TRIGGER, Kind.DOES_NOT_FIT),
        dict.fromkeys(words, Kind.NEEDS_TRIGGER),
    )


def dead(*words: str) -> Truth:
    """Return the truth of a LoRA that always acts, and whose words do nothing."""
    return Truth(
        (Kind.ALWAYS_ON, Kind.DEAD_TRIGGER),
        _OPEN,
        (Kind.NO_EFFECT, Kind.NEEDS_TRIGGER, Kind.REDUNDANT_TRIGGER, Kind.DOES_NOT_FIT),
        dict.fromkeys(words, Kind.DEAD_TRIGGER),
    )


def wrong_word(word: str) -> Truth:
    """Return the truth of a LoRA that answers to another word than the one claimed."""
    return Truth(
        (Kind.DEAD_TRIGGER,),
        (*_OPEN, Kind.NEEDS_TRIGGER, Kind.ALWAYS_ON),
        (Kind.NO_EFFECT, Kind.REDUNDANT_TRIGGER, Kind.DOES_NOT_FIT),
        {word: Kind.DEAD_TRIGGER},
    )


def redundant(word: str) -> Truth:
    """Return the truth of a style that comes without its word almost as much as with it."""
    return Truth(
        (Kind.REDUNDANT_TRIGGER,),
        (*_OPEN, Kind.ALWAYS_ON),
        (Kind.NO_EFFECT, Kind.NEEDS_TRIGGER, Kind.DOES_NOT_FIT),
        {word: Kind.REDUNDANT_TRIGGER},
    )


def answers(lifeless: str = "") -> Truth:
    """Return the truth of a subject that comes with its word and partly without.

    Which of the two prevails is left open. `lifeless` is a second claimed word that does nothing.
    """
    return Truth(
        (Kind.DEAD_TRIGGER,) if lifeless else (),
        (*_OPEN, Kind.NEEDS_TRIGGER, Kind.REDUNDANT_TRIGGER, Kind.ALWAYS_ON),
        (Kind.NO_EFFECT, Kind.DOES_NOT_FIT, *(() if lifeless else (Kind.DEAD_TRIGGER,))),
        {lifeless: Kind.DEAD_TRIGGER} if lifeless else {},
    )
