"""Collections and custom fields: what a person adds to find models by."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Collection:
    """A named set of models: picked by hand, or whatever its query finds."""

    id: int
    name: str
    query: str | None
    """None for one picked by hand."""
    picked: int
    """Models picked by hand; 0 for a saved query, whose number changes by itself."""
    created_at: float


class FieldType(StrEnum):
    """What a custom field holds."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    FLAG = "flag"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class CustomField:
    """A field that a person added."""

    id: int
    name: str
    type: FieldType
    choices: tuple[str, ...]
    """What a `choice` may be; empty for other types."""
    values: int = 0
    """Models that have a value."""


CustomValue = str | float | bool
"""A value: text, a choice or a date (`2026-01-31`) as text, a number, a flag."""
