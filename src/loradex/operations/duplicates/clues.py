"""Evidence that models belong together, weighed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from loradex.catalog.duplicate_rows import Facts, Training

UNTOLD = Training()
"""Of a file whose header tells nothing of its training."""

ENOUGH = 0.75
"""Less than this proposes nothing. A name and a shape alone stay below, a folder in common or a
trainer's word lifts them above."""


class Clue(NamedTuple):
    """One thing that speaks for it, as a clause, and how likely it alone makes it."""

    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Found:
    """Contents that belong together, with a word for what tells each apart, and the clues."""

    members: tuple[Facts, ...]
    traits: tuple[str, ...]
    order: tuple[tuple[float, ...], ...]
    """For each member, how much its trait speaks for keeping it: the greater, the more."""
    clues: tuple[Clue, ...]


def sure(clues: Iterable[Clue]) -> float:
    """Return how likely independent clues make it together: 1 - Π(1 - weight)."""
    return 1 - math.prod(1 - clue.weight for clue in clues)


def folder_of(facts: Facts) -> str:
    """Return the folder of the place that lists show."""
    return facts.path.rpartition("/")[0]


def body(facts: Facts) -> int:
    """Return the bytes of the tensors, as far as the header's size tells."""
    return max(facts.size - facts.header_bytes, 0)


def folder_clue(members: Sequence[Facts], weight: float = 0.5) -> list[Clue]:
    """Return a clue when all lie in one folder."""
    one = len({folder_of(facts) for facts in members}) == 1
    return [Clue("they lie in one folder", weight)] if one else []


def training_clues(trainings: Sequence[Training]) -> list[Clue]:
    """Return what the trainers' own words say for one run, where all say the same."""
    clues: list[Clue] = []
    if UNTOLD in trainings:
        return clues
    for values, text, weight in (
        ({one.session for one in trainings}, "the same training session {}", 0.95),
        ({one.started for one in trainings}, "the training began at the same moment", 0.8),
        ({one.output_name for one in trainings}, "the trainer called it “{}”", 0.5),
    ):
        value = next(iter(values))
        if len(values) == 1 and value:
            clues.append(Clue(text.format(value[:80]), weight))
    return clues
