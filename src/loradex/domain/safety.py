"""Whether opening a model file could run code: the verdict, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Safety(StrEnum):
    """What is known of the code in a file. Only `SAFE` means that there is none."""

    SAFE = "safe"
    SUSPICIOUS = "suspicious"
    """It names something that weights have no use for, though nothing known to do harm."""
    DANGEROUS = "dangerous"
    """It would run code of somebody's choosing when loaded the old way."""
    BROKEN = "broken"
    """It is no healthy file of its format; what was seen of it is in the findings."""
    UNSCANNED = "unscanned"
    """It could not be looked through: never to be read as safe."""


@dataclass(frozen=True, slots=True)
class SafetyReport:
    """A verdict with its findings, worst first, each one sentence or name fit for display."""

    verdict: Safety
    findings: tuple[str, ...] = ()
