"""What the program knows when it starts: how it was called, and in which terminal it stands."""

from __future__ import annotations

from dataclasses import dataclass, field

from loradex_tui.pictures.choice import Choice, PictureMode


@dataclass(frozen=True, slots=True)
class Launch:
    """How the terminal UI was started."""

    pictures: Choice = field(default_factory=lambda: Choice(PictureMode.HALF, ""))
    """How pictures are drawn, and why."""
    typed: str = ""
    """What was typed before the program could read it."""
    slow: bool = False
    """Send little: no pictures, few colours, no motion."""
    advise_slow: bool = False
    """The line may be slow; say once that there is a way to send less."""
    ascii: bool = False
    """Draw borders and marks in ASCII."""
    ansi: bool = False
    """Draw in the terminal's own sixteen colours, or none."""
    theme: str = ""
    """A theme for this time; empty is that of the settings."""
