"""How the terminal UI was asked to start."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TuiOptions:
    """What the command line says of the terminal UI; all of it can be left out."""

    images: str = ""
    """How pictures are drawn, by name; empty leaves it to what the terminal can."""
    slow: bool = False
    """Send little: no pictures, few colours, no motion."""
    ascii: bool = False
    """Draw borders and marks in ASCII."""
    mouse: bool = True
    """Take the mouse from the terminal, which then marks text no more."""
    theme: str = ""
    """A theme by name, for this time; empty is that of the settings."""
