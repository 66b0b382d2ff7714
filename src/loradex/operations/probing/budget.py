"""How much time probes may take, and whether another one may begin."""

from __future__ import annotations

import math
import time
from collections.abc import Callable


class Budget:
    """Counts down from `seconds`; None is without end."""

    def __init__(
        self, seconds: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`clock` tells seconds that never go back."""
        self._clock = clock
        self._end = math.inf if seconds is None else clock() + seconds

    def left(self) -> float:
        """Return the seconds that are left, below 0 when it is overdrawn."""
        return self._end - self._clock()

    def allows(self, predicted: float) -> bool:
        """Tell whether something that takes `predicted` seconds may begin."""
        left = self.left()
        return left > 0 and predicted <= left
