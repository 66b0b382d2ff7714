"""Folders that a plan leaves empty, and that may go because of that."""

# ruff: noqa: PTH114 - names are bytes here, which pathlib does not take

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

from loradex.domain.plans import FILE_ACTIONS, OUTSIDE, Action, MovePlan, Place, Step


def with_emptied_folders(plan: MovePlan, stays: Callable[[Place], bool]) -> MovePlan:
    """Return the plan with steps that remove the folders it empties, innermost first.

    A folder that is empty already, a link to a folder, a library's root, one for which `stays`
    says so, and one that something goes into are left alone. When a file does not leave after all,
    its folder is not empty and stays.
    """
    leaving: dict[bytes, set[bytes]] = defaultdict(set)
    folders: dict[bytes, Place] = {}
    entered: set[bytes] = set()
    for step in plan.steps:
        if step.action in FILE_ACTIONS and step.source and step.source.library_id != OUTSIDE:
            leaving[step.source.folder].add(step.source.name)
            _note(folders, step.source)
        if step.action is not Action.TRASH:
            entered.update(_above(step.target))
    steps: list[Step] = []
    waiting = sorted(folders, key=lambda path: path.count(b"/"))
    while waiting:
        path = waiting.pop()
        place = folders[path]
        if path in entered or stays(place) or not _is_left_empty(path, leaving[path]):
            continue
        steps.append(Step(Action.REMOVE_FOLDER, len(plan.steps) + len(steps), place))
        leaving[place.folder].add(place.name)
        if b"/" in place.relative and place.folder not in folders:
            _note(folders, place)
            waiting.append(place.folder)
            waiting.sort(key=lambda path: path.count(b"/"))
    return replace(plan, steps=(*plan.steps, *steps))


def _note(folders: dict[bytes, Place], inside: Place) -> None:
    relative = inside.relative.rpartition(b"/")[0]
    if relative:
        folders.setdefault(inside.folder, replace(inside, relative=relative))


def _above(place: Place) -> list[bytes]:
    """Return the paths of all folders above a place, up to its library's root."""
    parts = place.relative.split(b"/")[:-1]
    return [place.root + b"/" + b"/".join(parts[:end]) for end in range(1, len(parts) + 1)]


def _is_left_empty(path: bytes, leaving: set[bytes]) -> bool:
    """Tell whether nothing but what leaves is in a folder; a link to one is no folder of ours."""
    try:
        return not os.path.islink(path) and set(os.listdir(path)) <= leaving
    except OSError:
        return False
