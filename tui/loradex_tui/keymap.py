"""A person's own keys: what the settings say, checked against the actions there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from textual.keys import _character_to_key

from loradex_tui.actions import ACTIONS, FAMILIES, Action

_SCREENS = ("app", "library", "hub")
"""Scopes that are live whatever has the focus on their screen."""

_FIELDS = {"search", "narrow"}
"""Scopes of text fields, whose keys go before those of their screen."""


@dataclass(frozen=True, slots=True)
class Keymap:
    """Keys by the ids of actions (`library.tags`), and what is wrong with what was asked for."""

    keys: Mapping[str, str]
    faults: tuple[str, ...] = ()


def own_id(action: Action) -> str:
    """Return what an action is called in the settings."""
    return f"{action.scope}.{action.id}"


def key_names(keys: str) -> list[str]:
    """Return keys by the names Textual gives them: `/` is `slash`."""
    named = (each.strip() for each in keys.split(","))
    return [_character_to_key(each) if len(each) == 1 else each.lower() for each in named if each]


def read_keymap(wanted: Iterable[tuple[str, str]]) -> Keymap:
    """Return the keys to use. What names no action or no key is a fault, and is left out.

    A key that two actions would have on one screen is a fault, too: the one that was asked for
    gets it.
    """
    known = {own_id(action): action for action in ACTIONS}
    keys: dict[str, str] = {}
    faults: list[str] = []
    for id_, text in wanted:
        if id_ not in known:
            near = get_close_matches(id_, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            faults.append(f"There is no action {id_!r} that could have the keys {text!r}.{hint}")
        elif not key_names(text):
            faults.append(f"{id_} was given no key; it has its own.")
        else:
            keys[id_] = ",".join(key_names(text))
    faults += clashes(keys)
    return Keymap(keys, tuple(faults))


def clashes(keys: Mapping[str, str]) -> list[str]:
    """Return a sentence for each pair of actions that would share a key because of these."""
    told = []
    everywhere = FAMILIES["everywhere"]
    for family in FAMILIES.values():
        live = list(dict.fromkeys((*everywhere, *family)))
        for changed in (each for each in live if own_id(each) in keys):
            if family is not everywhere and changed in everywhere:
                candidates: Iterable[Action] = family
            else:
                candidates = live
            for other in candidates:
                if other is not changed and _meet(changed, other):
                    told += _shared(changed, other, keys)
    return list(dict.fromkeys(told))


def _meet(one: Action, other: Action) -> bool:
    """Tell whether both can be possible at once: a widget's keys never meet another widget's.

    A text field is meant to take its screen's.
    """
    scopes = {one.scope, other.scope}
    return len(scopes) == 1 or (not scopes & _FIELDS and bool(scopes & set(_SCREENS)))


def _shared(one: Action, other: Action, keys: Mapping[str, str]) -> list[str]:
    def names(action: Action) -> set[str]:
        changed = keys.get(own_id(action))
        return set(changed.split(",")) if changed else set(action.key_names)

    first, second = sorted((one, other), key=own_id)
    return [
        f"{key} is the key of both {own_id(first)} and {own_id(second)}."
        for key in sorted(names(one) & names(other))
    ]
