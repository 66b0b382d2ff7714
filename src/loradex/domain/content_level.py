"""How mature a picture is, and how much of that a person wants to see.

Levels are the hub's bits (docs/civitai.md): a picture has one, a model the OR of its pictures'.
"""

from __future__ import annotations

from enum import StrEnum

PG, PG13, R, X, XXX, BLOCKED = 1, 2, 4, 8, 16, 32

_LABELS = {PG: "PG", PG13: "PG-13", R: "R", X: "X", XXX: "XXX", BLOCKED: "blocked"}


class ContentLimit(StrEnum):
    """The most that is shown."""

    PG = "pg"
    SAFE = "safe"
    R = "r"
    X = "x"
    ALL = "all"

    @property
    def mask(self) -> int:
        """The bits that may be shown. What the hub itself blocks is never one of them."""
        return _MASKS[self]

    def allows(self, level: int) -> bool:
        """Tell whether what has this level may be shown; what nobody rated only with `all`."""
        if level == 0:
            return self is ContentLimit.ALL
        return level & ~self.mask == 0


_MASKS = {
    ContentLimit.PG: PG,
    ContentLimit.SAFE: PG | PG13,
    ContentLimit.R: PG | PG13 | R,
    ContentLimit.X: PG | PG13 | R | X,
    ContentLimit.ALL: PG | PG13 | R | X | XXX,
}


def level_label(level: int) -> str:
    """Return the name of the highest bit: `PG`, `R` …, `not rated` for none."""
    for bit in sorted(_LABELS, reverse=True):
        if level & bit:
            return _LABELS[bit]
    return "not rated"
