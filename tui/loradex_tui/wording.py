"""Numbers, sizes, dates and ids in the words a person reads."""

from __future__ import annotations

from datetime import datetime

from loradex.domain.kinds import BaseModel, ModelKind
from loradex.domain.models import ModelRow
from loradex_tui.cells import cell_text

_KINDS = {kind.value: kind.label for kind in ModelKind}
_BASES = {base.value: base.label for base in BaseModel}
_DERIVATIVES = {"noobai": "NoobAI"}
_CONTENT_LEVELS = ((1, "PG"), (2, "PG-13"), (4, "R"), (8, "X"), (16, "XXX"))
_STATES = {
    "missing": ("?", "missing"),
    "offline": ("~", "offline"),
    "unreadable": ("!", "unreadable"),
    "growing": ("+", "still being written"),
}


def size_text(size: int) -> str:
    """Return a size in three digits or so: `144 MB`, `6.9 GB`. Units are powers of 1000."""
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.5:
            return (
                f"{value:.1f} {unit}" if unit == "GB" and value < 99.95 else f"{value:.0f} {unit}"
            )
        value /= 1000
    return f"{value:.1f} TB"


def count_text(number: int, one: str, many: str | None = None) -> str:
    """Return `1 model`, `20,000 models`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def short_count(number: int | None, mark: str = "") -> str:
    """Return a large number in a few characters: `831`, `12.4k`, `3.1M`; empty for None."""
    if number is None:
        return ""
    if number < 1_000:
        return f"{mark}{number}"
    value, unit = (number / 1_000, "k") if number < 999_500 else (number / 1_000_000, "M")
    return f"{mark}{value:.1f}{unit}" if value < 99.95 else f"{mark}{value:.0f}{unit}"


def kind_label(kind: str) -> str:
    """Return the word for a kind's id; an id that is not known stays as it is."""
    return _KINDS.get(kind) or cell_text(kind)


def base_label(base: str | None, derivative: str | None = None) -> str:
    """Return the word for a base model; its derivative says more and goes first."""
    if derivative:
        return _DERIVATIVES.get(derivative, cell_text(derivative).capitalize())
    if not base:
        return ""
    return _BASES.get(base) or cell_text(base)


def row_base(row: ModelRow) -> str:
    """Return the base model of a row in words; empty when unknown."""
    return base_label(row.base, row.derivative)


def stars(rating: int | None) -> str:
    """Return a rating as filled stars; empty when there is none."""
    return "★" * (rating or 0)


def state_mark(state: str) -> str:
    """Return one character that tells a place is not simply present."""
    return _STATES.get(state, (" ", ""))[0]


def state_text(state: str) -> str:
    """Return the state in words; empty for a present file."""
    return _STATES.get(state, (" ", "" if state == "present" else cell_text(state)))[1]


def content_level_text(level: int | None) -> str:
    """Return the strongest of the hub's content levels in its word; empty when unknown."""
    names = [name for bit, name in _CONTENT_LEVELS if level and level & bit]
    return names[-1] if names else ""


def when_text(moment: float) -> str:
    """Return a Unix time as local date and time; empty when it cannot be one."""
    try:
        return datetime.fromtimestamp(moment).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return ""


def clock_text(moment: float) -> str:
    """Return a Unix time as local time of day: `14:05`; empty when it cannot be one."""
    return when_text(moment)[-5:]


def number_text(number: float) -> str:
    """Return a number without needless zeros: `0.8`, `1`."""
    return f"{number:g}"
