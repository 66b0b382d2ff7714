"""How a person prefers to use models: read from what they type, checked, written in bulk."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches

from loradex.catalog.catalog import Catalog
from loradex.domain.preferences import FIELDS, bounds, preference_value
from loradex.errors import UsageError

Value = float | int | str | None

_ALIASES: Mapping[str, str] = {
    "best": "strength",
    "weight": "strength",
    "clip": "clip_strength",
    "strength_clip": "clip_strength",
    "scheduler": "schedule",
    "cfg": "guidance_scale",
    "guidance": "guidance_scale",
    "negative": "negative_prompt",
    "min": "strength_min",
    "max": "strength_max",
}
_PAIRS = ("size",)
KEYS = (*FIELDS, *_PAIRS)
"""What can be set."""

_RANGE = re.compile(r"\s*(-?[0-9.]+)\s*\.\.\s*(-?[0-9.]+)\s*")
_SIZE = re.compile(r"\s*([0-9]+)\s*[x×*]\s*([0-9]+)\s*", re.IGNORECASE)
EXAMPLE = "For example: strength=0.6..0.9 sampler='Euler a' steps=28 size=832x1216"


def read_changes(texts: Sequence[str]) -> dict[str, Value]:
    """Return the changes that texts such as `strength=0.6..0.9` ask for; None takes one back.

    Raises `UsageError` that says what is wrong with which, and proposes.
    """
    changes: dict[str, Value] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        name = _name(key)
        if not equals:
            raise UsageError(f"{text!r} sets nothing.", hint=EXAMPLE)
        changes |= _READERS.get(name, _plain(name))(value.strip())
    _check_range(changes)
    return changes


def cleared(names: Sequence[str]) -> dict[str, Value]:
    """Return the changes that take preferences back; no names mean all of them."""
    changes: dict[str, Value] = {}
    for name in map(_name, names) if names else FIELDS:
        if name == "size":
            changes |= {"width": None, "height": None}
        elif name == "strength" and names:
            changes |= dict.fromkeys(("strength", "strength_min", "strength_max"))
        else:
            changes[name] = None
    return changes


def prefer(catalog: Catalog, ids: Sequence[int], changes: Mapping[str, Value]) -> None:
    """Write preferences for models."""
    catalog.preferences.set(ids, changes)


def _name(key: str) -> str:
    folded = key.strip().casefold().replace("-", "_").replace(" ", "_")
    name = _ALIASES.get(folded, folded)
    if name not in KEYS:
        near = get_close_matches(folded, (*KEYS, *_ALIASES), n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(KEYS)}."
        raise UsageError(f"{key.strip()!r} cannot be set.", hint=hint)
    return name


def _plain(name: str) -> Callable[[str], dict[str, Value]]:
    def read(text: str) -> dict[str, Value]:
        if not text:
            return {name: None}
        value = preference_value(name, text)
        if value is None:
            low, high = bounds(name) or (0, 0)
            raise UsageError(f"{name} is {text!r}; it has to be a number from {low:g} to {high:g}.")
        return {name: value}

    return read


def _strength(text: str) -> dict[str, Value]:
    """Read one strength, which is the best one, or a range."""
    match = _RANGE.fullmatch(text)
    if match is None:
        if not text:
            return dict.fromkeys(("strength", "strength_min", "strength_max"))
        return _plain("strength")(text)
    low, high = (_plain("strength")(part)["strength"] for part in match.groups())
    return {"strength_min": low, "strength_max": high}


def _size(text: str) -> dict[str, Value]:
    if not text:
        return {"width": None, "height": None}
    match = _SIZE.fullmatch(text)
    if match is None:
        raise UsageError(f"size is {text!r}; it has to be as in size=832x1216.")
    if any(int(side[-6:]) % 8 for side in match.groups()):
        raise UsageError(
            f"size is {text!r}: models draw sizes whose sides can be divided by 8.",
            hint="For example size=832x1216.",
        )
    return _plain("width")(match[1]) | _plain("height")(match[2])


def _sampler(text: str) -> dict[str, Value]:
    """Read a sampler, which may have its schedule behind it: `DPM++ 2M Karras`."""
    from loradex.render.samplers import read_sampler  # noqa: PLC0415 - the table is only here

    if not text:
        return {"sampler": None}
    choice = read_sampler(text)
    found: dict[str, Value] = {"sampler": choice.name}
    return found if choice.schedule == "Automatic" else {**found, "schedule": choice.schedule}


def _schedule(text: str) -> dict[str, Value]:
    from loradex.render.samplers import read_schedule  # noqa: PLC0415 - the table is only here

    return {"schedule": read_schedule(text) if text else None}


_READERS: Mapping[str, Callable[[str], dict[str, Value]]] = {
    "strength": _strength,
    "size": _size,
    "sampler": _sampler,
    "schedule": _schedule,
}


def _check_range(changes: Mapping[str, Value]) -> None:
    low, best, high = (changes.get(f"strength{end}") for end in ("_min", "", "_max"))
    if isinstance(low, float) and isinstance(high, float) and low > high:
        raise UsageError(
            f"A range goes upwards: {low:g}..{high:g} does not.", hint=f"{high:g}..{low:g}?"
        )
    if isinstance(best, float) and (
        (isinstance(low, float) and best < low) or (isinstance(high, float) and best > high)
    ):
        raise UsageError(f"The best strength {best:g} lies outside of the range.")
