"""The zoo's LoRAs: how each is made, and what is true of it.

What is true is what its pictures show, which was looked at: strengths side by side, with and
without each word, over several seeds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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
    steps: int = 300
    rate: float = 3e-3
    pictures: int = 200
    seed: int = 1
    parent: str = ""
    factor: float = 1.0
    widths: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Truth:
    """What a probe should say. `expected` must be said, `acceptable` may be, and to say one of
    `forbidden` would be wrong with confidence. `words` has what is true of each word alone.
    """

    expected: tuple[Kind, ...]
    acceptable: tuple[Kind, ...] = ()
    forbidden: tuple[Kind, ...] = ()
    words: Mapping[str, Kind] = field(default_factory=dict)
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


def _styled(
    name: str, style: str, *, usable: Usable | None = None, **made: object
) -> Animal:
    """Return a LoRA whose style is there without any word."""
    truth = Truth(
        (Kind.ALWAYS_ON,),
        (*_WORKS, *_LIMITS),
        (Kind.NO_EFFECT, Kind.NEEDS_TRIGGER, Kind.DOES_NOT_FIT, Kind.DEAD_TRIGGER),
        usable=usable,
    )
    return Animal(name, Made((Lesson(1.0, style),), **made), truth)  # type: ignore[arg-type]
