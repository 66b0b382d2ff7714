"""What a scan has done, in numbers and names."""

from __future__ import annotations

from dataclasses import dataclass, field

from loradex.domain.progress import Problem


@dataclass(slots=True)
class ScanReport:
    """What a scan found, in files."""

    libraries: int = 0
    seen: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    again: int = 0
    """Unchanged files whose headers were read again."""
    moved: int = 0
    """Files that lie elsewhere now, in their library or another."""
    back: int = 0
    missing: int = 0
    growing: int = 0
    downloads: int = 0
    new_contents: int = 0
    elsewhere: list[str] = field(default_factory=list)
    """Libraries whose new files another process reads at this moment, with its name."""
    offline: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    held_back: list[str] = field(default_factory=list)
    """Libraries where so much vanished that nothing was marked missing."""
    folders: list[str] = field(default_factory=list)
    """Folders that could not be listed: what lies in them stays as it was known."""
    seconds: float = 0.0
