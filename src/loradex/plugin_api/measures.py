"""What a measure sees of a picture that a probe drew, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class MeasuredPicture:
    """One picture of a probe, and what it was drawn with."""

    path: Path
    """A PNG that loradex drew: RGB, 8 bits. Read it, and leave it as it is."""
    prompt: str
    """As it was drawn, with the words in front."""
    seed: int
    strength: float
    """Of the LoRA; 0 for the checkpoint alone."""
    words: str = ""
    """The trigger word or placebo in front of the prompt; empty without one."""


@runtime_checkable
class PictureMeasure(Protocol):
    """A number that every picture has.

    A probe compares it over pairs of pictures, without and with a LoRA, all else being equal.
    """

    id: str
    """Short, in lower case with hyphens, as JSON and exports name it: `mean-saturation`."""
    title: str
    """The name for people."""
    unit: str
    """`%`, `dB` …; empty for a plain number."""
    meaning: str
    """One sentence: what is counted, and what more of it means."""

    def measure(self, picture: MeasuredPicture) -> float | None:
        """Return the number; None for a picture that has none."""
