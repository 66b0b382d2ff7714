"""Guess what the network would say at some steps from what it said before (`cache`).

In the middle of the way a prediction changes slowly, so every other one is a straight line through
the last two, over the timesteps. Which steps these are depends on their number alone and never on
the pictures: a picture stays the same in any company.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

_FIRST, _LAST = 0.3, 2
"""The share of the way at its beginning and the number of steps at its end that are not guessed."""
_LEAST = 2
"""Predictions that a line goes through."""


def guessed_steps(steps: int) -> frozenset[int]:
    """Return the numbers, from 0, of the steps of `steps` that are guessed; none of a few."""
    first = max(_LEAST, int(steps * _FIRST))
    return frozenset(range(first, steps - _LAST, 2))


class StepCache:
    """Keeps the last two predictions of a run. For one run down the noise levels."""

    def __init__(self, steps: int) -> None:
        self._guessed = guessed_steps(steps)
        self._known: list[tuple[float, Tensor]] = []

    def guess(self, number: int, timestep: Tensor) -> Tensor | None:
        """Return a prediction for the step `number`, None where the network has to be asked."""
        if number not in self._guessed:
            return None
        (before, older), (last, newer) = self._known
        way = (float(timestep) - last) / (last - before) if last != before else 0.0
        guessed: Tensor = newer + (newer - older) * way
        return guessed

    def keep(self, timestep: Tensor, predicted: Tensor) -> None:
        """Note what the network said."""
        self._known = [*self._known, (float(timestep), predicted)][-2:]
