"""Everything a person can do, in one table: keys, hints, help and palette are made from it."""

from __future__ import annotations

from collections.abc import Mapping

from textual.binding import Binding

from loradex_tui.actions import (
    everywhere,
    grids,
    hub,
    inbox,
    jobs,
    library,
    pictures,
    plans,
    settings,
)
from loradex_tui.actions.action import Action, Around, Condition, Situation

__all__ = [
    "ACTIONS",
    "FAMILIES",
    "Action",
    "Around",
    "Condition",
    "Situation",
    "action",
    "bindings",
]

FAMILIES: Mapping[str, tuple[Action, ...]] = {
    "everywhere": everywhere.ACTIONS,
    "library": (
        *library.ACTIONS,
        *plans.LIBRARY_ACTIONS,
        *library.LATER_ACTIONS,
        *pictures.LIBRARY_ACTIONS,
    ),
    "pictures": pictures.ACTIONS,
    "inbox": inbox.ACTIONS,
    "hub": hub.ACTIONS,
    "grids": (*grids.ACTIONS, *pictures.STAGE_ACTIONS),
    "jobs": jobs.ACTIONS,
    "plans": plans.ACTIONS,
    "settings": settings.ACTIONS,
}
"""The actions of each screen; those of `everywhere` are on all of them."""

ACTIONS: tuple[Action, ...] = tuple(
    dict.fromkeys(each for family in FAMILIES.values() for each in family)
)


def action(id_: str, scope: str) -> Action:
    """Return an action of a scope; raise `KeyError` when there is none."""
    return _BY_ID[(scope, id_)]


_BY_ID = {(each.scope, each.id): each for each in ACTIONS}


def bindings(scope: str) -> list[Binding]:
    """Return the bindings of a scope, one for each key, with ids a keymap can name."""
    return [
        _binding(each, key)
        for each in ACTIONS
        if each.scope == scope
        for key in each.keys.split(",")
    ]


_FIRST = ("app", "library", "search")
"""Scopes whose keys are done before the focused widget sees them: a key may move the focus, and
what is typed right after it belongs to where the focus went."""


def _binding(each: Action, key: str) -> Binding:
    printable = len(key) == 1
    word = "do_unless_typing" if printable and each.scope in _FIRST else "do"
    return Binding(
        key,
        f"{word}('{each.id}', '{each.scope}')",
        each.title,
        show=False,
        id=f"{each.scope}.{each.id}",
        priority=each.scope in ("search", "narrow") or (printable and each.scope in _FIRST),
    )
