"""How a model is best used: strengths, sampler and the rest, each known or not.

A person's own preferences are kept apart from what hubs, sidecars and headers tell: that is
evidence, under the names in `TOLD_FIELDS`. For each field the person's word counts, then evidence
in its usual order.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace

from loradex.domain.text import storable

TEXT_LIMIT = 4_000
NAME_LIMIT = 64

TOLD_PREFIX = "preferred_"
"""What stands before a preference's name in the field of a piece of evidence."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What suits a model; None where nobody said anything.

    `strength` is the best one, `strength_min` to `strength_max` where it works at all;
    `clip_strength` is for the text encoders, which else take the same. `clip_skip` counts from 1,
    as A1111 does. `sampler` and `schedule` are A1111's names. Width and height are pixels.
    """

    strength: float | None = None
    strength_min: float | None = None
    strength_max: float | None = None
    clip_strength: float | None = None
    clip_skip: int | None = None
    sampler: str | None = None
    schedule: str | None = None
    steps: int | None = None
    guidance_scale: float | None = None
    width: int | None = None
    height: int | None = None
    negative_prompt: str | None = None

    @property
    def usual_strength(self) -> float | None:
        """The strength to begin with: the best one, else the middle of the range."""
        if self.strength is not None:
            return self.strength
        low, high = self.strength_min, self.strength_max
        if low is not None and high is not None:
            return round((low + high) / 2, 3)
        return low if low is not None else high

    def said(self) -> dict[str, float | int | str]:
        """Return what is known, by field, in the order of the fields."""
        return {name: value for name in FIELDS if (value := getattr(self, name)) is not None}

    def over(self, other: Preferences) -> Preferences:
        """Return this with the gaps filled from `other`.

        A range counts as one: of two sources only one gives it.
        """
        gaps = {name: value for name, value in other.said().items() if name not in self.said()}
        if self.strength_min is not None or self.strength_max is not None:
            gaps.pop("strength_min", None)
            gaps.pop("strength_max", None)
        filled: Preferences = replace(self, **gaps)  # type: ignore[arg-type]
        return filled


@dataclass(frozen=True, slots=True)
class KnownPreferences:
    """A person's preferences, and what others tell, the most trusted first, each with its source.

    `told` pairs the value of a `Source` with what it says.
    """

    own: Preferences = Preferences()
    told: tuple[tuple[str, Preferences], ...] = ()

    @property
    def effective(self) -> Preferences:
        """What counts: the person's word, and the others' where there is none."""
        result = self.own
        for _, preferences in self.told:
            result = result.over(preferences)
        return result

    @property
    def sources(self) -> dict[str, str]:
        """Who says each field of `effective`."""
        found: dict[str, str] = {}
        result = Preferences()
        for source, preferences in ((_PERSON, self.own), *self.told):
            result = result.over(preferences)
            for name in result.said():
                found.setdefault(name, source)
        return found


_PERSON = "person"

FIELDS = tuple(field.name for field in fields(Preferences))
TOLD_FIELDS = tuple(f"{TOLD_PREFIX}{name}" for name in FIELDS)

_BOUNDS: Mapping[str, tuple[float, float]] = {
    "strength": (-10, 10),
    "strength_min": (-10, 10),
    "strength_max": (-10, 10),
    "clip_strength": (-10, 10),
    "clip_skip": (1, 24),
    "steps": (1, 1_000),
    "guidance_scale": (0, 100),
    "width": (16, 16_384),
    "height": (16, 16_384),
}
"""Least and most of each number; what lies outside is no preference but a mistake."""

_WHOLE = frozenset({"clip_skip", "steps", "width", "height"})


def bounds(name: str) -> tuple[float, float] | None:
    """Return least and most of a number, None for a text."""
    return _BOUNDS.get(name)


def preference_value(name: str, value: object) -> float | int | str | None:
    """Return one preference in its type; None for what makes no sense, whoever says it.

    Numbers may be given as text. Raises KeyError for a name that is no preference.
    """
    if name not in FIELDS:
        raise KeyError(name)
    if value is None:
        return None
    if name not in _BOUNDS:
        text = storable(str(value), TEXT_LIMIT if name == "negative_prompt" else NAME_LIMIT)
        return " ".join(text.split()) or None
    number = _number(value)
    low, high = _BOUNDS[name]
    if number is None or not low <= number <= high:
        return None
    if name in _WHOLE:
        return int(number) if number.is_integer() else None
    return round(number, 4)


def _number(value: object) -> float | None:
    """Return a number or a text of one; None for what is none, or not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value[:40] if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def read_preferences(told: Mapping[str, object]) -> Preferences:
    """Return the preferences in a mapping of names to untrusted values; nonsense is left out.

    A range that is the wrong way round is turned.
    """
    values = {
        name: value
        for name in FIELDS
        if name in told and (value := preference_value(name, told[name])) is not None
    }
    made: Preferences = Preferences(**values)  # type: ignore[arg-type]
    low, high = made.strength_min, made.strength_max
    if low is not None and high is not None and low > high:
        return replace(made, strength_min=high, strength_max=low)
    return made


def told_values(preferences: Preferences) -> tuple[tuple[str, str], ...]:
    """Return preferences as fields and values of evidence, for what a hub or sidecar tells."""
    return tuple(
        (f"{TOLD_PREFIX}{name}", f"{value:g}" if isinstance(value, float) else str(value))
        for name, value in preferences.said().items()
    )


def told_preferences(facts: Iterable[tuple[str, str]]) -> Preferences:
    """Return the preferences among fields and values of evidence; others are passed over."""
    return read_preferences(
        {
            field.removeprefix(TOLD_PREFIX): value
            for field, value in facts
            if field.startswith(TOLD_PREFIX) and value
        }
    )
