"""Numbers and times as people read them."""

from __future__ import annotations

import time


def size_text(nbytes: float) -> str:
    """Return a size in decimal units: `151 MB`, `6.94 GB`."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if nbytes < 999.5 or unit == "TB":
            digits = 0 if unit in ("B", "kB") or nbytes >= 99.95 else 1 if nbytes >= 9.995 else 2
            return f"{nbytes:.{digits}f} {unit}"
        nbytes /= 1000
    raise AssertionError("unreachable")


def duration_text(seconds: float) -> str:
    """Return a duration: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def date_text(moment: float) -> str:
    """Return a local date and time to the minute."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))


def count_text(number: int, word: str, plural: str | None = None) -> str:
    """Return `1 file`, `2 files`, `12,345 files`."""
    return f"{number:,} {word if number == 1 else plural or word + 's'}"


def level_text(level: int | None) -> str:
    """Return the label of a content level: that of its highest bit."""
    if not level:
        return "unrated" if level == 0 else ""
    for bit, label in ((32, "Blocked"), (16, "XXX"), (8, "X"), (4, "R"), (2, "PG-13"), (1, "PG")):
        if level & bit:
            return label
    return "unrated"
