"""How strongly a picture steers, and when."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Steering:
    """How strongly to steer, and from which share of the steps to which (0 to 1)."""

    strength: float = 1.0
    start: float = 0.0
    end: float = 1.0

    def at(self, step: int, steps: int) -> float:
        """Return the strength in a step counted from 0; none outside start and end."""
        outside = step / steps < self.start or (step + 1) / steps > self.end
        return 0.0 if outside else self.strength
